"""Durations as they are written: lengths, tuplets, broken rhythm, and where beams end."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple

from charrnn.music.canonical.melody import Event, LeftOut
from charrnn.music.notation.fields import FREE, read_meter
from charrnn.music.notation.notes import MOST_UNITS, SHORTEST

# So many notes in the time of how many: by the odd part of a duration's denominator.
TUPLETS = {3: 2, 5: 4, 7: 4, 9: 8}
MOST_NOTES = 99  # of a tuplet, which has two digits
LONG, SHORT = Fraction(3, 2), Fraction(1, 2)


class Figure(NamedTuple):
    """What is written as one: `sign` before it, then event, length in units and the sign behind it of every note."""

    sign: str
    notes: tuple[tuple[Event, Fraction, str], ...]


def length(units: Fraction) -> str:
    """What stands behind a note of so many unit note lengths: nothing, 2, /, 3/2, /4."""
    if not (units.numerator <= MOST_UNITS and units.denominator <= SHORTEST):
        raise LeftOut("length")
    numerator = "" if units.numerator == 1 else str(units.numerator)
    return numerator + {1: "", 2: "/" + "2" * bool(numerator)}.get(units.denominator, f"/{units.denominator}")


def beam(meter: str) -> Fraction:
    """How far a beam goes, in whole notes: half a bar of C and C|, three eighths of 6/8, a beat of others."""
    value = read_meter(meter) or FREE
    if value.bar == 1 and not _is_compound(value.beat):
        return Fraction(1, 2)
    if value.bar == Fraction(3, 8):
        return value.bar
    return max(value.beat or Fraction(1, 4), Fraction(1, 4))


def _is_compound(beat: Fraction | None) -> bool:
    return beat is not None and beat.numerator == 3


def figures(events: Sequence[Event], unit: Fraction) -> Iterator[Figure]:
    """The events of one bar, grouped: tuplets as few notes long as can be, > and < between two of two units."""
    at, i = Fraction(0), 0
    while i < len(events):
        units = events[i].duration / unit
        odd = _odd_part(units)
        if odd > 1:
            figure = _tuplet(events[i:], unit, odd)
        elif at.denominator == 1 and (sign := _broken(events[i : i + 2], unit)):
            figure = Figure("", ((events[i], Fraction(1), sign), (events[i + 1], Fraction(1), "")))
        else:
            figure = Figure("", ((events[i], units, ""),))
        yield figure
        i += len(figure.notes)
        at += sum(event.duration for event, _, _ in figure.notes) / unit


def _tuplet(events: Sequence[Event], unit: Fraction, odd: int) -> Figure:
    """From the first event on until the time it takes is even again."""
    totals = list(accumulate(event.duration / unit for event in events))
    number = next((n for n, total in enumerate(totals, 1) if _odd_part(total) == 1), None)
    if number is None:
        raise LeftOut("tuplet without an end")
    if odd not in TUPLETS or number > MOST_NOTES:
        raise LeftOut("tuplet")
    notes = tuple((event, event.duration / unit * odd / TUPLETS[odd], "") for event in events[:number])
    if any(_odd_part(units) > 1 for _, units, _ in notes):
        raise LeftOut("tuplet")
    return Figure(f"({odd}" if number == odd == 3 else f"({odd}:{TUPLETS[odd]}:{number}", notes)


def _broken(events: Sequence[Event], unit: Fraction) -> str:
    """> or < where these are two notes, one three times as long as the other, in the time of two units."""
    if len(events) < 2 or any(event.pitch is None for event in events) or events[0].tied:
        return ""
    one, other = (event.duration / unit for event in events)
    if events[0].key != events[1].key:
        return ""
    return {(LONG, SHORT): ">", (SHORT, LONG): "<"}.get((one, other), "")


def _odd_part(number: Fraction) -> int:
    """Of its denominator: 3 for 5/12."""
    denominator = number.denominator
    return denominator // (denominator & -denominator)
