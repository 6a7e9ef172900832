"""What stands above and below the notes of a voice: part labels, segno, coda and their kin, dynamics, text."""

import re
from collections import defaultdict
from collections.abc import Iterable
from xml.sax.saxutils import escape

from charrnn.music.engraving.voices import bar_numbers
from charrnn.music.notation import Reading

LONGEST_WORDS = 40  # characters: what is longer would run off the page
# By what they are called in the text (ABC 2.1, section 4.14), without dots and in small letters.
_SIGNS = {
    "segno": "<segno/>",
    "s": "<segno/>",
    "coda": "<coda/>",
    "o": "<coda/>",
}
_JUMPS = {
    "fine": ("Fine", 'fine="yes"'),
    "dc": ("D.C.", 'dacapo="yes"'),
    "dacapo": ("D.C.", 'dacapo="yes"'),
    "dcalfine": ("D.C. al Fine", 'dacapo="yes"'),
    "dcalcoda": ("D.C. al Coda", 'dacapo="yes"'),
    "ds": ("D.S.", 'dalsegno="segno"'),
    "dsalfine": ("D.S. al Fine", 'dalsegno="segno"'),
    "dsalcoda": ("D.S. al Coda", 'dalsegno="segno"'),
    "dacoda": ("To Coda", 'tocoda="coda"'),
}
_DYNAMICS = ("pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz")
_WEDGES = {
    **dict.fromkeys(("<(", "crescendo("), "crescendo"),
    **dict.fromkeys((">(", "diminuendo("), "diminuendo"),
    **dict.fromkeys(("<)", "crescendo)", ">)", "diminuendo)"), "stop"),
}


def plain_text(text: str) -> str:
    """Text without the characters that XML 1.0 does not allow."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text).strip()


def words(text: str, style: str = "normal") -> str:
    text = escape(plain_text(text))
    return _direction(f'<words font-style="{style}">{text}</words>') if text else ""


def dynamics(decorations: Iterable[str]) -> str:
    signs = [f"<dynamics><{name}/></dynamics>" for name in decorations if name in _DYNAMICS]
    signs += [f'<wedge type="{_WEDGES[name]}"/>' for name in decorations if name in _WEDGES]
    return "".join(_direction(sign, "below") for sign in signs)


class Directions:
    """Part labels, above the first voice that is drawn, and signs of where to go on.

    `before` has, for each bar by its index in the reading, (position in the text, element) of what stands above its
    notes, `behind` the elements at its end.
    """

    def __init__(self, reading: Reading, voice: str, *, is_first: bool):
        self.before: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self.behind: dict[int, list[str]] = defaultdict(list)
        for bar, position, label in _labels(reading, voice) if is_first else ():
            self.before[bar].append((position, _direction(f"<rehearsal>{escape(label)}</rehearsal>")))
        for sign in reading.navigation:
            if sign.voice == voice and (element := _navigation(sign.sign)):
                if sign.is_end:
                    self.behind[sign.bar].append(element)
                else:
                    self.before[sign.bar].append((sign.position, element))


def _labels(reading: Reading, voice: str) -> dict[tuple[int, int, str], None]:
    """(bar, position, label) of P:, whichever voice it stands in, over the bar of `voice` that is played then."""
    numbers = bar_numbers(reading)
    bars = [i for i, bar in enumerate(reading.bars) if bar.voice == voice]
    labels: dict[tuple[int, int, str], None] = {}
    for part in reading.parts:
        label = plain_text(part.label)[:LONGEST_WORDS]
        if label and part.bar < len(numbers) and numbers[part.bar] < len(bars):
            bar = bars[numbers[part.bar]]
            labels[bar, part.position if bar == part.bar else -1, label] = None
    return labels


def _navigation(sign: str) -> str:
    name = re.sub("[. ]", "", sign).lower()
    if name in _SIGNS:
        return _direction(_SIGNS[name])
    if name in _JUMPS:
        text, sound = _JUMPS[name]
        return _direction(f"<words>{text}</words>", sound=sound)
    return ""


def _direction(element: str, placement: str = "above", sound: str = "") -> str:
    sound = f"<sound {sound}/>" if sound else ""
    return f'<direction placement="{placement}"><direction-type>{element}</direction-type>{sound}</direction>'
