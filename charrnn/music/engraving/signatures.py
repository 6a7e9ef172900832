"""Clef, key and meter of a voice as MusicXML has them, and where they change."""

import re
from typing import NamedTuple

from charrnn.music.notation import Field, Reading
from charrnn.music.notation.fields import CLEF_ONLY, NO_KEY, Key, read_key, read_meter

_CLEF = re.compile(r"(?i)(?:^|[ \t=])(treble|bass|alto|tenor)([+-]8)?")
_CLEFS = {"treble": ("G", 2), "bass": ("F", 4), "alto": ("C", 3), "tenor": ("C", 4)}


class Change(NamedTuple):
    """Elements that take effect behind `position` of the text; empty where nothing changes, `alters` then None."""

    position: int
    key: str
    time: str
    clef: str
    alters: dict[str, int] | None

    def followed_by(self, later: "Change") -> "Change":
        """Both at once, where no music stands between them."""
        alters = self.alters if later.alters is None else later.alters
        return Change(self.position, later.key or self.key, later.time or self.time, later.clef or self.clef, alters)


def changes(reading: Reading, voice: str) -> list[Change]:
    """Clef, key and meter of one voice in the order of the text, first those it begins with.

    What is not legal changes nothing; a voice begins with a treble clef and in C where the header says nothing else.
    """
    header = len(reading.header.fields)
    begin = Change(-1, _key(NO_KEY), "", _clef("treble"), {})
    for field in reading.header.fields:
        if field.letter in "KM" or (field.letter == "V" and field.value.split()[:1] == [voice]):
            begin = begin.followed_by(_change(field))
    found = [begin]
    current = ""
    for field in reading.fields[header:]:
        if field.letter == "V" and field.value:
            current = field.value.split()[0]
        if current == voice and any((change := _change(field))[1:4]):
            found.append(change)
    return found


def _change(field: Field) -> Change:
    key = read_key(field.value) if field.letter == "K" else None
    if key is None or key == CLEF_ONLY:
        key = None
    return Change(
        field.position,
        _key(key) if key else "",
        _time(field.value) if field.letter == "M" else "",
        _clef(field.value) if field.letter in "KV" else "",
        key.alters if key else None,
    )


def _key(key: Key) -> str:
    alters = {step: alter for step, alter in key.alters.items() if alter}
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


def _clef(value: str) -> str:
    match = _CLEF.search(value)
    if match is None:
        return ""
    sign, line = _CLEFS[match[1].lower()]
    octave = f"<clef-octave-change>{int(match[2]) // 8}</clef-octave-change>" if match[2] else ""
    return f"<clef><sign>{sign}</sign><line>{line}</line>{octave}</clef>"
