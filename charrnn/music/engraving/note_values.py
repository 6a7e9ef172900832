"""Durations as note values: which events a bar consists of, tuplets among them, and what no single note can express."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby, pairwise
from math import lcm
from typing import NamedTuple

from charrnn.music.notation import Bar, Note

# MusicXML's names of note values, longest first, in whole notes.
NAMES = ("maxima", "long", "breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")
VALUES = {name: Fraction(8, 2**i) for i, name in enumerate(NAMES)}
SHORTEST = VALUES["256th"]
_MOST_PIECES = 8  # of a note: eight of the longest value last longer than any tune
_LARGEST_TUPLET = 15


@dataclass(slots=True)
class ScoreEvent:
    """A note, a chord or, without notes, a rest; `graces` lead to it. Without a duration it is nothing but graces."""

    onset: Fraction
    duration: Fraction
    notes: list[Note] = field(default_factory=list)
    graces: list[list[Note]] = field(default_factory=list)

    @property
    def position(self) -> int:
        """Of the note or the chord in the text; -1 for a rest."""
        if not self.notes:
            return -1
        return self.notes[0].position if self.notes[0].chord is None else self.notes[0].chord


def layers(bar: Bar, notes: Iterable[Note]) -> list[list[ScoreEvent]]:
    """The events of a bar, each layer from its beginning; rests stand where nothing else does.

    A note that would last into the next one of its layer ends there: of chords whose notes differ in length, and where
    broken rhythm meets unequal notes, the next onset decides.
    """
    layers: list[list[ScoreEvent]] = [[]]
    graces: list[list[Note]] = []
    for _, group in groupby(notes, key=lambda n: (n.grace, n.position if n.chord is None else n.chord)):
        chord = list(group)
        if chord[0].grace:
            graces.append(chord)
            continue
        event = ScoreEvent(chord[0].onset, chord[0].duration, chord, graces)
        graces = []
        if layers[-1] and event.onset <= layers[-1][-1].onset:
            layers.append([])
        layers[-1].append(event)
    end = bar.onset + bar.length
    layers = [_with_rests(layer, bar.onset, end) for layer in layers]
    if graces:
        layers[-1].append(ScoreEvent(end, Fraction(0), graces=graces))
    return layers


def _with_rests(layer: list[ScoreEvent], time: Fraction, end: Fraction) -> list[ScoreEvent]:
    for event, following in pairwise(layer):
        event.duration = min(event.duration, following.onset - event.onset)
    filled = []
    for event in layer:
        if event.onset > time:
            filled.append(ScoreEvent(time, event.onset - time))
        filled.append(event)
        time = event.onset + event.duration
    if end > time:
        filled.append(ScoreEvent(time, end - time))
    return filled


class Bracket(NamedTuple):
    """A tuplet in a layer: its events `first` to `last` last `time`/`notes` of what is written."""

    first: int
    last: int
    notes: int
    time: int


def brackets(layer: list[ScoreEvent], signs: Mapping[int, tuple[int, int, int | None]]) -> list[Bracket]:
    """The tuplets of a layer.

    `signs` has, by the position of the note that a tuplet begins with, its notes, the time that they take, and the
    position of its last note. Where that is None (as with rests), and where no sign stands but a denominator is no
    power of two, a tuplet goes on until its events together last a binary fraction or, where they never do, until one
    alone does. What is twice or half as long as it is written needs no bracket.
    """
    positions = {event.position: i for i, event in enumerate(layer) if event.notes}
    brackets: list[Bracket] = []
    i = 0
    while i < len(layer):
        notes, time, end = signs.get(layer[i].position, (0, 0, None))
        last = positions.get(end, -1) if end is not None else -1
        if any(_odd(event.duration * notes / time) > 1 for event in layer[i : last + 1]):
            notes, last = 0, -1  # the sign was not carried out, as where another voice comes between
        bracket = None
        if last >= i and not _is_power_of_two(Fraction(notes, time)):
            bracket = Bracket(i, last, notes, time)
        elif (notes and last < i) or _odd(layer[i].duration) > 1:
            bracket = _until_even(layer, i)
        if bracket:
            brackets.append(bracket)
            i = bracket.last
        i += 1
    return brackets


def _until_even(layer: list[ScoreEvent], first: int) -> Bracket | None:
    """The tuplet that begins at `first`; None if there is no writing it."""
    total, p, binary = Fraction(0), 1, 0
    broken: Bracket | None = None
    for last in range(first, len(layer)):
        duration = layer[last].duration
        p = lcm(p, _odd(duration))
        # Two binary ones in a row are the notes behind a tuplet that lacks some.
        binary = binary + 1 if _odd(duration) == 1 else 0
        if p > _LARGEST_TUPLET or binary > 1:
            break
        total += duration
        bracket = Bracket(first, last, p, 2 ** (p.bit_length() - 1))
        if p > 1 and _odd(total) == 1:
            return bracket
        if p > 1 and not binary and (broken is None or broken.last == last - 1):
            broken = bracket
    return broken


def _odd(duration: Fraction) -> int:
    denominator = duration.denominator
    return denominator // (denominator & -denominator)


def _is_power_of_two(ratio: Fraction) -> bool:
    return all(number & (number - 1) == 0 for number in ratio.as_integer_ratio())


def pieces(duration: Fraction) -> list[tuple[str, int]]:
    """(name, dots) of the note values, longest first, that make up a duration in whole notes, tied together.

    What is left below the shortest value, or behind too many pieces, is dropped; there is always one.
    """
    values: list[tuple[str, int]] = []
    while duration >= SHORTEST and len(values) < _MOST_PIECES:
        name = next(name for name in NAMES if VALUES[name] <= duration)
        dots = next((d for d in (2, 1) if dotted(name, d) <= duration and VALUES[name] / 2**d >= SHORTEST), 0)
        duration -= dotted(name, dots)
        values.append((name, dots))
    return values or [(NAMES[-1], 0)]


def dotted(name: str, dots: int) -> Fraction:
    return VALUES[name] * (2 - Fraction(1, 2**dots))
