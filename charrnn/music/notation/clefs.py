"""Clefs and what transposes a voice: the properties that K: and V: name behind a key or a name."""

import re
from functools import lru_cache
from typing import NamedTuple

_PROPERTY = re.compile(r'(?:(?P<name>[A-Za-z]+)=)?(?P<value>"[^"]*"|[^ \t"]+)')
_CLEF = re.compile(r"(?i)(treble|bass|alto|tenor|perc|none)([1-5])?(?:([+-])(8|15))?(?:v[ab])?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,2}")


class Clef(NamedTuple):
    """What one field names (ABC 2.1, section 4.6); None where it does not.

    `name` is treble, bass, alto, tenor, perc or none, `line` that of the staff. `eight` are the octaves that an 8 or 15
    above or below the clef stands for, `octave` is octave=; both count in the pitch. `transpose` is in semitones.
    """

    name: str | None
    line: int | None
    eight: int | None
    octave: int | None
    transpose: int | None


@lru_cache(1024)
def read_clef(properties: str) -> Clef:
    """The properties of K:, or of V: behind the voice's name; what is not legal says nothing."""
    name: str | None = None
    line = eight = octave = transpose = None
    for match in _PROPERTY.finditer(properties):
        value = match["value"].strip('"')
        if match["name"] in (None, "clef") and (clef := _CLEF.fullmatch(value)):
            name, line = clef[1].lower(), int(clef[2]) if clef[2] else None
            eight = 0 if clef[3] is None else (1 if clef[3] == "+" else -1) * (2 if clef[4] == "15" else 1)
        elif match["name"] == "octave" and _NUMBER.fullmatch(value):
            octave = int(value)
        elif match["name"] == "transpose" and _NUMBER.fullmatch(value):
            transpose = int(value)
    return Clef(name, line, eight, octave, transpose)
