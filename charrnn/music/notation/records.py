"""What reading a tune gives: fields, notes, bars, parts, problems."""

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

    `onset` and `duration` are in whole notes, the onset from the beginning of its voice with nothing repeated. `alter`
    counts semitones above the plain `step`, whether its accidental stands there, earlier in the bar or in the key;
    middle C has the `octave` 4, in which an 8 at the clef and octave= count. `pitch` is the MIDI number that sounds (60
    for middle C): transpose= counts in it alone. Grace notes take no time: their onset is that of the note they lead
    to. `chord` is the position of the chord's bracket; `bar` an index into the reading's bars.
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
    holds the passes it is played in, if it begins an ending; `ends_line` says that a line of the text ends with it, as
    one may without a bar line: `closing` is then empty. `kind`: full, free, wrong, or short where a bar may be: pick-up
    (the first), last, repeat (at a repeat or double bar line), ending, split (a line end divides a full bar into two).
    """

    position: int
    voice: str
    onset: Fraction
    expected: Fraction | None
    opening: str
    ending: tuple[int, ...] = ()
    length: Fraction = Fraction(0)
    closing: str = ""
    ends_line: bool = False
    kind: str = "free"


class Part(NamedTuple):
    """P: between the notes: `bar`, an index into the reading's bars, is the first behind it in its voice."""

    label: str
    position: int
    voice: str
    bar: int

    @property
    def letter(self) -> str:
        """What the P: of the header calls it: the label, if that is one letter, else nothing."""
        first = self.label.split()[0].rstrip(".:") if self.label.split() else ""
        return first if len(first) == 1 else ""


class Navigation(NamedTuple):
    """A sign such as segno, coda, fine or D.C.: at the end of `bar`, an index into the reading's bars, or within it."""

    sign: str
    position: int
    voice: str
    bar: int
    is_end: bool
