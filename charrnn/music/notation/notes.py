"""Notes, rests, chords and grace notes: pitches and durations from what is written."""

import re
from fractions import Fraction
from functools import lru_cache

from charrnn.music.notation.fields import ALTERS
from charrnn.music.notation.lexer import State
from charrnn.music.notation.reader import Handler, Reader
from charrnn.music.notation.records import Note

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# Larger numbers belong to no music, and sums of fractions of any denominator would grow without bound.
MOST_UNITS, SHORTEST = 999, 256
_LENGTH = re.compile(r"([0-9]*)(/*)([0-9]*)")


@lru_cache(4096)
def spelled(text: str) -> tuple[str, int | None, int]:
    """Step, alter (None without an accidental) and octave of a note as it is written: c' is ("C", None, 6)."""
    name = text.lstrip("^_=")
    octave = 4 + name[0].islower() + name.count("'") - name.count(",")
    return name[0].upper(), ALTERS[text[: len(text) - len(name)]], octave


@lru_cache(4096)
def multiple(text: str) -> Fraction | None:
    """The length behind a note in unit note lengths, 3/2 or // (ABC 2.1, section 4.3); None where there is no such."""
    units, slashes, parts = _LENGTH.fullmatch(text).groups()  # type: ignore[union-attr]  # the lexer lets no other by
    if max(len(units), len(slashes), len(parts)) > 8 or (parts and len(slashes) > 1):
        return None
    upper, lower = int(units or 1), int(parts or 2 ** len(slashes))
    return Fraction(upper, lower) if 0 < upper <= MOST_UNITS and 0 < lower <= SHORTEST else None


def note(reader: Reader, start: int, end: int) -> None:
    voice, text = reader.voice, reader.text[start:end]
    step, alter, octave = spelled(text)
    octave += voice.octave
    bar = voice.open_bar(start)
    if alter is None:
        alter = voice.alter(step, octave)
    else:
        voice.accidentals[step] = alter
    pitch = 12 * (octave + 1) + SEMITONES[step] + alter + voice.transpose
    if not 0 <= pitch <= 127:
        reader.problem("pitch", start, text[:20], "a note that MIDI knows, C,,,,, to g'''''")
    grace = reader.grace is not None
    duration = length(reader)
    written = Note(start, voice.name, bar, voice.time, duration, pitch, step, alter, octave, grace, reader.chord)
    reader.notes.append(written)
    if grace:
        voice.graces.append(written)
    elif reader.chord is None:
        voice.sound([written], duration)
    else:
        reader.chord_notes.append(written)
        reader.chord_duration = reader.chord_duration or duration


def rest(reader: Reader, start: int, end: int) -> None:
    voice = reader.voice
    first = voice.bar is None
    voice.open_bar(start)
    duration = length(reader)
    if reader.text[start] in "ZX":
        # These count in bars (ABC 2.1, section 4.5), in free meter bars of one whole note.
        duration *= (voice.meter.bar or 1) / voice.unit
        if first and voice.bar and voice.bar.expected:
            voice.bar.expected = duration
    if reader.grace is None and reader.chord is None:
        voice.sound([], duration)
    elif reader.grace is None:
        reader.chord_duration = reader.chord_duration or duration


def length(reader: Reader) -> Fraction:
    """The duration, in whole notes, that the token to come gives; a token that is a length is taken."""
    written, durations, unit = "", reader.voice.durations, reader.voice.unit
    if reader.at < len(reader.tokens):
        kind, start, end = reader.tokens[reader.at]
        if State.NUMERATOR <= kind <= State.DENOMINATOR:
            reader.at += 1
            written = reader.text[start:end]
    if written in durations:
        return durations[written]
    factor = multiple(written)
    if factor is None:
        reader.problem("length", start, written[:20], f"up to {MOST_UNITS} units, or down to 1/{SHORTEST} of one")
        return unit
    durations[written] = factor * unit
    return durations[written]


def spacer(reader: Reader, start: int, end: int) -> None:
    length(reader)


def chord(reader: Reader, start: int, end: int) -> None:
    _close_chord(reader)
    reader.chord, reader.chord_notes, reader.chord_duration = start, [], None


def chord_end(reader: Reader, start: int, end: int) -> None:
    voice, opened = reader.voice, reader.chord
    duration = length(reader)
    reader.chord = None
    if opened is None:
        reader.problem("unopened chord", start, "]", "[ before it")
    elif reader.grace is not None:
        return
    elif reader.chord_duration is None:
        reader.problem("empty chord", opened, "[", "notes in the chord")
    else:
        factor = duration / voice.unit
        for inside in reader.chord_notes:
            inside.duration *= factor
        # As long as its first note (ABC 2.1, section 4.17).
        voice.sound(reader.chord_notes, reader.chord_duration * factor)


def grace(reader: Reader, start: int, end: int) -> None:
    _close_grace(reader)
    reader.grace = start


def grace_end(reader: Reader, start: int, end: int) -> None:
    if reader.grace is None:
        reader.problem("unopened grace", start, "}", "{ before it")
    reader.grace = None


def close(reader: Reader) -> None:
    """End the chord and the grace notes that a line or bar leaves open."""
    _close_grace(reader)
    _close_chord(reader)


def _close_chord(reader: Reader) -> None:
    if reader.chord is not None:
        reader.problem("unclosed chord", reader.chord, "[", "] before the bar or line ends")
        reader.chord = None
        if reader.chord_duration is not None:
            reader.voice.sound(reader.chord_notes, reader.chord_duration)


def _close_grace(reader: Reader) -> None:
    if reader.grace is not None:
        reader.problem("unclosed grace", reader.grace, "{", "} before the bar or line ends")
        reader.grace = None


HANDLERS: dict[int, Handler] = {
    State.NOTE: note,
    State.REST: rest,
    State.SPACER: spacer,
    State.CHORD_END: chord_end,
    State.GRACE: grace,
    State.GRACE_SLASH: grace,
    State.GRACE_END: grace_end,
}
