"""What a tune that is being written remembers beside its place in the automaton, and what that allows.

A grain is a quarter of the unit note length, the shortest duration there is. A token counts once it is complete: when
the character behind it begins another.
"""

from enum import IntEnum, auto
from math import gcd
from types import SimpleNamespace

import numpy as np

from charrnn.music.constraint import automaton
from charrnn.music.notation.figures import TUPLETS

UNIT = 4  # grains
WHOLE = 64  # what meter and unit length are counted in, of a whole note
MOST_SLUR_LINES = 1  # bar lines in a slur: nearly all that people write stand in one bar, the others in two
MOST_INSIDE = 4  # notes of a chord, on a fiddle's four strings, and grace notes
LONG = 1 << 20  # a bar in free meter


class Counter(IntEnum):
    """The rows of a state (K, B) int64."""

    NODE = 0
    LEFT = auto()  # characters until the tune has to be over
    METER = auto()  # of M:, in 64ths of a whole note; 0 in free meter
    EVEN = auto()  # 1 if that is 2/4, 4/4 or C
    HORNPIPE = auto()  # 1 if R: says so: other programs swing it, in those meters, unbroken and without held notes
    LENGTH = auto()  # of L:, in 64ths; 0 if it is missing
    BAR = auto()  # grains; 0 in free meter
    ELAPSED = auto()  # grains since the bar line
    NOTES = auto()
    FULL = auto()  # bars as long as the meter
    PART = auto()  # bars since the last repeat sign
    SLURS = auto()  # open: at most one, and two behind a ( that has to become a tuplet's
    SLUR_NOTES = auto()  # notes and chords in the slur
    SLUR_LINES = auto()  # bar lines in the slur
    TUPLET = auto()  # how many notes it has
    TUPLET_LEFT = auto()
    TUPLET_SUM = auto()  # grains of those that are complete, as written
    LAST = auto()  # grains of the sound before; 0 if it binds to none
    EXACT = auto()  # grains the next sound has to have: in broken rhythm, within a chord
    BROKEN = auto()  # 1 behind < or >
    HELD = auto()  # 1 if the note is staccato, held or rolled, which other programs neither tie nor break
    INSIDE = auto()  # notes of the chord, or grace notes, so far
    CHORD = auto()  # of an open chord 1, and a bit for each of its letters
    LETTER = auto()  # id of the last note's
    BARE = auto()  # 1 if that note can be tied: one letter, not of a chord
    TIE = auto()  # id and 1 of the letter that has to come next; -1 while it is read
    OPEN = auto()  # 1 for |: without its :|
    REPEATABLE = auto()  # 1 if there is a |:, or the beginning, since the last :|
    ENDING = auto()
    OWED = auto()  # 1 if the number of the second ending has to follow
    PICK_UP = auto()  # grains of the last one
    SHORT = auto()  # whether this bar may be shorter than the meter; 2 if it begins an ending


class Condition(IntEnum):
    NEVER = automaton.NEVER
    ALWAYS = automaton.ALWAYS
    MORE = auto()  # something that can as well end here
    FEW = auto()  # the same, of notes in a chord or of grace notes
    NO_LENGTH = auto()
    HORNPIPE = auto()
    NO_HORNPIPE = auto()
    NOTE = auto()
    OTHER = auto()  # whatever else leads to or is a sound
    REST = auto()
    HELD = auto()
    GROUP = auto()  # (, of a slur or tuplet
    SLUR_END = auto()
    TIE = auto()
    BROKEN = auto()
    BROKEN_TWICE = auto()
    OCTAVE = auto()  # marks behind a letter
    BRACKET = auto()  # [, of a chord or an ending
    ENDING = auto()  # of an ending only
    FIRST = auto()  # the first ending
    FIRST_BEGUN = auto()  # behind its [
    SECOND = auto()
    SPACE = auto()
    SPACES = auto()  # one more
    NEWLINE = auto()
    FIELD = auto()
    END = auto()
    TUPLETS = auto()  # and those behind it: one for each of SIZES


# Notes of a tuplet; how long 5, 7 or 9 take depends on the meter, and on the program that reads them.
SIZES = tuple(notes for notes, time in TUPLETS.items() if time)
DYNAMIC = Condition.TUPLETS + len(SIZES)
"""The first of the conditions that one of some durations, or of some bar lines, may come."""


class Effect(IntEnum):
    NONE = 0
    NOTE = auto()
    UNTIED = auto()
    CHORD = auto()
    CHORD_END = auto()
    GRACE = auto()
    HELD = auto()
    SLUR = auto()
    SLUR_END = auto()
    TIE = auto()
    BROKEN = auto()
    FIRST = auto()
    SECOND = auto()
    HORNPIPE = auto()
    METER = auto()
    LENGTH = auto()
    BODY = auto()
    TUPLETS = auto()


class Kind(IntEnum):
    """Of a node: what is complete with it. `value` is then a duration in grains, or which bar line."""

    NOTHING = 0
    HEADER = auto()
    SOUND = auto()
    OF_CHORD = auto()
    CHORD = auto()
    GROUP = auto()  # a mere (
    LINE = auto()
    LINE_BEGUN = auto()
    LINE_START = auto()  # of a line of text, that is


class Line(IntEnum):
    PLAIN = 0
    DOUBLE = auto()
    ENDS = auto()
    STARTS = auto()
    BOTH = auto()


# By the number of notes: those that they take the time of.
TIMES = np.array([TUPLETS.get(notes, 0) for notes in range(10)])
# A tuplet's notes as they are written, in grains, are a multiple of this: its time is then one of grains.
STEP = np.array([notes // gcd(notes, int(time)) if time else 1 for notes, time in enumerate(TIMES)])


def _plain(kind: type[IntEnum]) -> SimpleNamespace:
    """As plain attributes: one of an enumeration costs 0.4 µs in Python 3.11, and a step asks for two hundred."""
    return SimpleNamespace(**{member.name: member.value for member in kind})


C, E, K, L, IF = map(_plain, (Counter, Effect, Kind, Line, Condition))
# An effect multiplies every counter by a column of the one and adds one of the other.
KEEP, ADD = (np.full((len(Counter), len(Effect) + len(SIZES)), fill, dtype=np.int64) for fill in (1, 0))


def _sets(effect: int, **values: int) -> None:
    for name, value in values.items():
        KEEP[Counter[name], effect], ADD[Counter[name], effect] = 0, value


def _adds(effect: int, **values: int) -> None:
    for name, value in values.items():
        ADD[Counter[name], effect] = value


_adds(E.NOTE, NOTES=1, INSIDE=1)
_sets(E.CHORD, INSIDE=0, CHORD=1)
_sets(E.CHORD_END, CHORD=0, BARE=0)
_sets(E.GRACE, INSIDE=0)
_sets(E.NOTE, BARE=1)
_sets(E.HORNPIPE, HORNPIPE=1)
_sets(E.HELD, HELD=1)
_sets(E.UNTIED, BARE=0)
_adds(E.SLUR, SLURS=1)
_sets(E.SLUR_END, SLURS=0, SLUR_NOTES=0, SLUR_LINES=0)
_sets(E.BROKEN, BROKEN=1)
_sets(E.FIRST, ENDING=1, OWED=0, SHORT=2, CHORD=0)
_sets(E.SECOND, ENDING=2, OWED=0, SHORT=2, CHORD=0)
for _i, _notes in enumerate(SIZES):
    _adds(E.TUPLETS + _i, SLURS=-1)  # the ( was counted as one
    _sets(E.TUPLETS + _i, TUPLET=_notes, TUPLET_LEFT=_notes, TUPLET_SUM=0)
