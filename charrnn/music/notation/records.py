"""What reading a tune gives: fields, notes, bars, problems."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Field(NamedTuple):
    """One information field; `position` is that of its letter in the text."""

    letter: str
    value: str
    position: int


class Problem(NamedTuple):
    """Something the standard does not allow: what stands at `position` of the text, and what could have."""

    kind: str
    position: int
    found: str
    expected: str


@dataclass(slots=True)
class Note:
    """One written note.

    `onset` and `duration` are in whole notes, the onset from the beginning of its voice with nothing repeated. `pitch`
    is the MIDI number (60 is middle C, `octave` 4) and `alter` counts semitones above the plain `step`, whether its
    accidental stands there, earlier in the bar or in the key. Grace notes take no time: their onset is that of the note
    they lead to. `chord` is the position of the chord's bracket; `bar` an index into the reading's bars.
    """

    position: int
    voice: str
    bar: int
    onset: Fraction
    duration: Fraction
    pitch: int
    step: str
    alter: int
    octave: int
    grace: bool
    chord: int | None
    tied: bool = False


@dataclass(slots=True)
class Bar:
    """What stands between two bar lines of one voice; of bar lines with nothing between them, `opening` holds all.

    `length` and `expected`, the meter in force, are in whole notes; there is nothing to expect in free meter. `ending`
    holds the passes it is played in, if it begins an ending. `kind`: full, free, wrong, or short where a bar may be:
    pick-up (the first), last, repeat (at a repeat or double bar line), ending.
    """

    position: int
    voice: str
    onset: Fraction
    expected: Fraction | None
    opening: str
    ending: tuple[int, ...] = ()
    length: Fraction = Fraction(0)
    closing: str = ""
    kind: str = "free"
