"""What canonical notation keeps of a tune: the melody of its first voice, its bars, repeats, keys and meters.

Of a chord the highest note stands for all. Grace notes, decorations, slurs, chord names, words, tempo, the names of
parts and the layout are not kept; a rest is what lies between two notes, however it was written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TypeVar

from charrnn.music.notation import Bar, Note, Reading, read
from charrnn.music.notation.bars import divides, repeats
from charrnn.music.notation.fields import CLEF_ONLY, FREE, Key, read_key, read_meter
from charrnn.music.notation.notes import SEMITONES

# Dances and songs that R: may name.
RHYTHMS = (
    "air", "barndance", "clog", "double jig", "fling", "gavotte", "highland fling", "hop jig", "hornpipe", "jig",
    "march", "mazurka", "minuet", "polka", "polska", "quickstep", "reel", "schottische", "set dance", "single jig",
    "slide", "slip jig", "song", "strathspey", "three-two", "walkaround", "waltz",
)  # fmt: skip
_SPELLED = {"slipjig": "slip jig", "fling": "highland fling"}


T = TypeVar("T")


class LeftOut(Exception):
    """The tune has something that canonical notation cannot say; the message is the reason, in a few words."""


@dataclass(frozen=True)
class Event:
    """A note as step, semitones above it and octave (as in `Note`) or, where `pitch` is None, a rest.

    `duration` is in whole notes; `key` is the one in force.
    """

    pitch: tuple[str, int, int] | None
    duration: Fraction
    tied: bool
    key: Key


@dataclass(frozen=True)
class Measure:
    """A bar; `ends` and `starts` say how many more times the line before it has played what is before and behind it.

    `divides`: that line ends a part; `barred`: there is such a line. `meter` is the value of the M: in force.
    """

    ends: int
    starts: int
    divides: bool
    barred: bool
    ending: tuple[int, ...]
    meter: str
    events: tuple[Event, ...]

    @property
    def length(self) -> Fraction:
        return sum((event.duration for event in self.events), Fraction(0))

    @property
    def expected(self) -> Fraction | None:
        """As long as the meter; None in free meter."""
        return (read_meter(self.meter) or FREE).bar

    @property
    def begins_part(self) -> bool:
        return self.divides and not self.ending


@dataclass(frozen=True)
class Melody:
    """`ends`: how many more times the last bar line has its part played."""

    title: str
    rhythm: str
    measures: tuple[Measure, ...]
    ends: int

    @property
    def key(self) -> Key:
        """The key that the tune begins with."""
        return self.measures[0].events[0].key


def melody(text: str) -> Melody:
    """The melody of a well-formed tune; any other raises LeftOut."""
    reading = read(text)
    if reading.faults:
        raise LeftOut(f"not well-formed ({reading.faults[0]})")
    voice = reading.bars[0].voice
    keys, meters = _in_force(reading, voice)
    of_bar = {number: list(notes) for number, notes in groupby(_highest(reading, voice), key=lambda note: note.bar)}
    measures: list[Measure] = []
    last = reading.bars[0]
    for number, bar in enumerate(reading.bars):
        if bar.voice == voice:
            meter = _latest(meters, bar.position)
            if bar.expected != (read_meter(meter) or FREE).bar:
                raise LeftOut("rest of many bars")
            events = tuple(_events(bar, of_bar.get(number, []), keys))
            # A full bar that the end of a line closes gets a bar line; a bar that a line divides stays one.
            closed = bool(bar.opening) or (bool(measures) and last.ends_line and last.kind == "full" and not bar.ending)
            measures.append(_measure(bar, events, meter, is_first=not measures, is_closed=closed))
            last = bar
    rhythm = next((f.value for f in reading.fields if f.letter == "R" and f.value), "")
    title = " ".join(reading.header.title.split())
    return Melody(title, _rhythm(rhythm), tuple(_with_paired_ties(measures)), repeats(last.closing)[0])


def _in_force(reading: Reading, voice: str) -> tuple[list[tuple[int, Key]], list[tuple[int, str]]]:
    """Keys and meters of one voice, each with the position in the text from which it is in force."""
    header, current = reading.header, ""
    keys: list[tuple[int, Key]] = []
    meters = [(-1, "none")]
    for field in reading.fields:
        in_header = field.position < header.end
        if field.letter == "V" and not in_header and field.value:
            current = field.value.split()[0]
        if (in_header or current == voice) and field.letter == "K":
            key = read_key(field.value)
            if key is not None and key != CLEF_ONLY:
                keys.append((-1 if in_header else field.position, _plain(key)))
        if (in_header or current == voice) and field.letter == "M" and read_meter(field.value) is not None:
            meters.append((-1 if in_header else field.position, _meter(field.value)))
    return keys, meters


def _plain(key: Key) -> Key:
    """The key of the same tonic and mode that has no accidentals of its own, which notes then carry."""
    mode = {"maj": "", "ion": "", "min": "m", "aeo": "m"}.get(key.mode, key.mode)
    plain = read_key(key.tonic + mode) if key.tonic not in ("", "HP") else None
    if plain is None:
        raise LeftOut("no tonic")
    return plain


def _latest(changes: list[tuple[int, T]], position: int) -> T:
    return [value for at, value in changes if at <= position][-1]


def _meter(value: str) -> str:
    """M: in one of its spellings: C| for 2/2, 4/4 for C, 5/8 for (2+3)/8, none for free meter."""
    value = {"C": "4/4", "2/2": "C|", "": "none"}.get(value.strip(), value.strip())
    if match := re.fullmatch(r"\(?([0-9+]+)\)?/([0-9]+)", value):
        value = f"{sum(map(int, match[1].split('+')))}/{int(match[2])}"
    return value


def _rhythm(value: str) -> str:
    """The rhythm that R: names, or nothing."""
    words = " ".join(value.lower().split())
    words = _SPELLED.get(words, words)
    return words if words in RHYTHMS else ""


def _highest(reading: Reading, voice: str) -> Iterator[Note]:
    """The notes of a voice without grace notes, of a chord the highest, as long as the first."""
    notes = (note for note in reading.notes if note.voice == voice and not note.grace)
    for _, some in groupby(notes, key=lambda note: note.position if note.chord is None else note.chord):
        chord = list(some)
        highest = max(chord, key=lambda note: note.pitch)
        yield replace(highest, duration=chord[0].duration)


def _events(bar: Bar, notes: list[Note], keys: list[tuple[int, Key]]) -> Iterator[Event]:
    now = bar.onset
    for note in notes:
        if note.onset < now:
            raise LeftOut("voice overlay")
        if note.pitch != 12 * (note.octave + 1) + SEMITONES[note.step] + note.alter:
            raise LeftOut("transposing voice")
        key = _latest(keys, note.position)
        if note.onset > now:
            yield Event(None, note.onset - now, False, key)
        yield Event((note.step, note.alter, note.octave), note.duration, note.tied, key)
        now = note.onset + note.duration
    end = bar.onset + bar.length
    if now < end:
        yield Event(None, end - now, False, _latest(keys, notes[-1].position if notes else bar.position))
    elif not notes:
        raise LeftOut("empty bar")


def _measure(bar: Bar, events: tuple[Event, ...], meter: str, *, is_first: bool, is_closed: bool) -> Measure:
    ends, starts = repeats(bar.opening)
    if is_first:
        return Measure(0, starts, starts > 0, starts > 0, bar.ending, meter, events)
    return Measure(ends, starts, divides(bar.opening), is_closed, bar.ending, meter, events)


def _with_paired_ties(measures: list[Measure]) -> Iterator[Measure]:
    """Without the ties that no note of the same pitch follows, which nothing can play."""
    events = [event for measure in measures for event in measure.events]
    following = iter([*(b.pitch for _, b in pairwise(events)), None])
    for measure in measures:
        ties = [event.tied and pitch == event.pitch for event, pitch in zip(measure.events, following, strict=False)]
        yield replace(measure, events=tuple(map(_with_tie, measure.events, ties)))


def _with_tie(event: Event, tied: bool) -> Event:
    return event if event.tied == tied else replace(event, tied=tied)
