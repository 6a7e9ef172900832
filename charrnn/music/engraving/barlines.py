"""Bar lines, repeats and endings of a voice as MusicXML has them."""

from collections.abc import Sequence
from typing import NamedTuple

from charrnn.music.notation import Bar
from charrnn.music.notation.bars import divides, repeats

# Of bar lines that repeat nothing, by what stands in them; verovio draws no heavy-light.
_STYLES = (
    ("|]", "light-heavy"),
    ("[|", "light-light"),
    ("||", "light-light"),
    (".|", "dotted"),
    ("|", ""),
    ("", "none"),
)


class Lines(NamedTuple):
    """The elements at both sides of a bar."""

    left: str
    right: str


def lines(bars: Sequence[Bar]) -> list[Lines]:
    """The bar lines around every bar of one voice; an ending lasts until the next, or until its part is over."""
    result = []
    ending = ""
    for i, bar in enumerate(bars):
        following = bars[i + 1] if i + 1 < len(bars) else None
        left = right = ""
        if bar.ending:
            ending = ",".join(map(str, bar.ending))
            left = f'<ending number="{ending}" type="start"/>'
        back = repeats(bar.closing)[0]
        if ending and (following is None or following.ending or divides(bar.closing)):
            closed = back or following is None or divides(bar.closing)
            right = f'<ending number="{ending}" type="{"stop" if closed else "discontinue"}"/>'
            ending = ""
        if back:
            right += f'<repeat direction="backward" times="{back + 1}"/>'
        if repeats(bar.opening)[1]:
            left += '<repeat direction="forward"/>'
        style = "light-heavy" if back else _style(bar)
        result.append(Lines(_bar_line("left", "", left), _bar_line("right", style, right)))
    return result


def _style(bar: Bar) -> str:
    if bar.ends_line and not bar.closing:
        return "none" if bar.kind == "split" else ""  # a line of the text ends a bar, or divides one
    return next(style for signs, style in _STYLES if signs in bar.closing)


def _bar_line(side: str, style: str, content: str) -> str:
    if not style and not content:
        return ""
    style = f"<bar-style>{style}</bar-style>" if style else ""
    return f'<barline location="{side}">{style}{content}</barline>'
