"""Features of the music: chords, tuplets, slurs, bars, parts, octaves."""

from collections.abc import Callable

import numpy as np

from charrnn.music.features.tokenized import NOTES, RESTS, TokenizedTune, on
from charrnn.music.notation.bars import divides
from charrnn.music.notation.lexer import State


def chord_name(tune: TokenizedTune) -> np.ndarray:
    return on(tune, ((start, end - 1) for kind, start, end in tune.music if kind == State.QUOTE_END))


def between(opening: State, closing: State) -> Callable[[TokenizedTune], np.ndarray]:
    """Inside these signs, the opening one counted and the closing one not; a line's end closes all."""

    def measure(tune: TokenizedTune) -> np.ndarray:
        depth, values = 0, np.zeros(len(tune.text), np.float32)
        for kind, start, end in tune.music:
            if kind == opening:
                depth += tune.text[start + 2 : start + 3] != ":"  # as in [K:G], which is no chord
            elif kind == closing:
                depth = max(0, depth - 1)
            elif kind == State.NEWLINE:
                depth = 0
            values[start:end] = depth > 0
        return values

    return measure


def tuplet(tune: TokenizedTune) -> np.ndarray:
    """From the sign to the last of its notes; a chord counts as one note, grace notes as none."""
    spans, left, bracket = [], 0, ""
    for kind, start, end in tune.music:
        if State.TUPLET <= kind <= State.TUPLET_NOTES:
            first, _, rest = tune.text[start:end].lstrip(".(").partition(":")
            left = int(rest.partition(":")[2] or first)
        if left > 0:
            spans.append((start, end))
        if kind in (State.BRACKET, State.GRACE, State.GRACE_SLASH):
            bracket = tune.text[start]
        elif kind in NOTES + RESTS and not bracket:
            left -= 1
        elif kind in (State.CHORD_END, State.GRACE_END):
            left -= bracket == "["
            bracket = ""
        elif kind in (State.BAR, State.NEWLINE):
            left, bracket = 0, ""
    return on(tune, spans)


def bar_line_next(tune: TokenizedTune) -> np.ndarray:
    """What comes next, blanks apart, is a bar line."""
    spans, since = [], tune.reading.header.end
    for kind, start, end in tune.music:
        if kind == State.BAR:
            spans.append((max(since - 1, 0), start))
        if kind != State.SPACE:
            since = end
    return on(tune, spans)


def bar_position(tune: TokenizedTune) -> np.ndarray:
    """When the note that is being read begins, as a share of its bar's expected length; 0 from a bar line to a note."""
    values = np.zeros(len(tune.text), np.float32)
    marks = {0: 0.0} | {start: 0.0 for kind, start, _ in tune.music if kind == State.BAR}
    for note in tune.reading.notes:
        bar = tune.reading.bars[note.bar]
        marks[note.position] = float((note.onset - bar.onset) / (bar.expected or bar.length or 1))
    places = sorted(marks)
    for start, end in zip(places, [*places[1:], len(values)], strict=True):
        values[start:end] = marks[start]
    return values


def part_end(tune: TokenizedTune) -> np.ndarray:
    """In the last bar of a part: the next bar line is a repeat or a double one."""
    spans, since, sounds = [], tune.reading.header.end, False
    for kind, start, end in tune.music:
        sounds |= kind in NOTES
        if kind == State.BAR:
            if sounds and divides(tune.text[start:end]):
                spans.append((since, start))
            since, sounds = end, False
    return on(tune, spans)


def octave(tune: TokenizedTune) -> np.ndarray:
    values = np.full(len(tune.text), np.nan, np.float32)
    ends = {start: end for _, start, end in tune.music}
    for note in tune.reading.notes:
        values[note.position : ends[note.position]] = note.octave
    return values
