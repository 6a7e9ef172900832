"""Clef, key, meter and transposition of a voice as MusicXML has them, and where they change."""

import re
from typing import NamedTuple

from charrnn.music.notation import Field, Reading
from charrnn.music.notation.clefs import Clef, read_clef
from charrnn.music.notation.fields import CLEF_ONLY, NO_KEY, Key, read_beginning, read_meter

_CLEFS = {
    "treble": ("G", 2), "bass": ("F", 4), "alto": ("C", 3), "tenor": ("C", 4), "perc": ("percussion", 0),
    "none": ("none", 0),
}  # fmt: skip
_TREBLE = Clef("treble", None, 0, 0, 0)


class Change(NamedTuple):
    """Elements that take effect behind `position` of the text; empty where nothing changes.

    `alters` are semitones by steps, and `long_beat` is how many of a tuplet's notes a beat of three or two takes the
    time of; both are None where nothing changes.
    """

    position: int
    key: str = ""
    time: str = ""
    clef: str = ""
    transpose: str = ""
    alters: dict[str, int] | None = None
    long_beat: int | None = None

    def followed_by(self, later: "Change") -> "Change":
        """Both at once, where no music stands between them."""
        new = {name: value for name, value in later._asdict().items() if value not in ("", None)}
        return self._replace(**new | {"position": self.position})


def changes(reading: Reading, voice: str) -> list[Change]:
    """Clef, key and meter of one voice in the order of the text, first those it begins with.

    What is not legal changes nothing; a voice begins with a treble clef and in C where the header says nothing else.
    """
    header = len(reading.header.fields)
    begin = Change(-1, _key(NO_KEY), clef=_clef(_TREBLE), alters={}, long_beat=2)
    for field in reading.header.fields:
        if field.letter in "KM" or (field.letter == "V" and field.value.split()[:1] == [voice]):
            begin = begin.followed_by(_change(field))
    result = [begin]
    current = None  # before the first V: of the body, its fields are for all voices
    for field in reading.fields[header:]:
        if field.letter == "V" and field.value:
            current = field.value.split()[0]
        if current in (voice, None) and any((change := _change(field))[1:5]):
            result.append(change)
    return result


def _change(field: Field) -> Change:
    change = Change(field.position)
    if field.letter == "K" and (key := read_beginning(field.value)[0]) not in (None, CLEF_ONLY):
        change = change._replace(key=_key(key), alters=key.alters)
    if field.letter == "M" and (meter := read_meter(field.value)):
        long_beat = 3 if meter.beat and meter.beat.numerator == 3 else 2
        change = change._replace(time=_time(field.value), long_beat=long_beat)
    if field.letter in "KV" and field.value:
        name = "none" if field.letter == "K" else field.value.split()[0]  # of a key or a voice, not of a clef
        clef = read_clef(field.value.strip().removeprefix(name))
        change = change._replace(clef=_clef(clef), transpose=_transpose(clef))
    return change


def _key(key: Key) -> str:
    alters = {step: alter for step, alter in key.signature.items() if alter}
    for fifths in range(-7, 8):
        if alters == dict.fromkeys("FCGDAEB"[:fifths] if fifths >= 0 else "BEADGCF"[:-fifths], 1 if fifths > 0 else -1):
            return f"<key><fifths>{fifths}</fifths></key>"
    steps = "".join(f"<key-step>{step}</key-step><key-alter>{alter}</key-alter>" for step, alter in alters.items())
    return f"<key>{steps}</key>"


def _time(value: str) -> str:
    meter, value = read_meter(value), value.strip()
    if meter is None:
        return ""
    if meter.bar is None:
        return "<time><senza-misura/></time>"
    symbol = {"C": ("4/4", ' symbol="common"'), "C|": ("2/2", ' symbol="cut"')}
    value, attribute = symbol.get(value, (re.sub("[()]", "", value), ""))
    beats, _, unit = value.partition("/")
    return f"<time{attribute}><beats>{beats}</beats><beat-type>{int(unit)}</beat-type></time>"


def _clef(clef: Clef) -> str:
    if clef.name not in _CLEFS:
        return ""
    sign, default = _CLEFS[clef.name]
    line = f"<line>{clef.line or default}</line>" if default else ""
    octave = f"<clef-octave-change>{clef.eight}</clef-octave-change>" if clef.eight else ""
    return f"<clef><sign>{sign}</sign>{line}{octave}</clef>"


def _transpose(clef: Clef) -> str:
    """How far above what is written a voice sounds."""
    if clef.transpose is None:
        return ""
    return f"<transpose><chromatic>{clef.transpose}</chromatic></transpose>"
