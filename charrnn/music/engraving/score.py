"""MusicXML to a picture: verovio engraves, resvg draws the pixels.

Neither may run in a process that matters: verovio has killed its own on input it did not expect.
"""

import re
from importlib.util import find_spec
from pathlib import Path

_OPTIONS = {
    "inputFrom": "xml",
    "pageWidth": 2100,
    "pageHeight": 60_000,  # verovio's limit; the page is then cut to what stands on it
    "adjustPageHeight": True,
    "scale": 40,
    "staffLineWidth": 0.2,  # or every second line fades where the picture is shown smaller
    "header": "auto",
    "footer": "none",
    "breaks": "auto",
}


class NoScore(Exception):
    """Verovio made nothing of a document."""


def svg(document: str) -> str:
    """The score of a MusicXML document as one SVG; NoScore if it cannot be engraved on one page."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(document):
        raise NoScore("verovio reads no score")
    if toolkit.getPageCount() != 1:
        raise NoScore(f"the score takes {toolkit.getPageCount()} pages")
    # The title of the header carries a tooltip, which resvg takes for text.
    return re.sub(r"<title[^>]*>.*?</title>", "", toolkit.renderToSVG(1))


def png(picture: str) -> bytes:
    """An SVG's pixels on white, its text in the fonts that come with matplotlib."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=picture,
            background="white",
            zoom=2,
            skip_system_fonts=True,  # the same picture everywhere
            font_files=[str(_fonts() / f"{name}.ttf") for name in _FONTS],
            font_family="STIXGeneral",
            serif_family="STIXGeneral",
            sans_serif_family="STIXGeneral",
            monospace_family="DejaVu Sans Mono",
        )
    )


# STIX is as wide as Times, for which verovio leaves room; what it lacks comes from DejaVu.
_FONTS = (
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "DejaVuSerif", "DejaVuSansMono", "DejaVuSansMono-Bold"
)  # fmt: skip


def _fonts() -> Path:
    """Where matplotlib keeps its fonts; without importing it, which takes longer than drawing."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'matplotlib'")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
