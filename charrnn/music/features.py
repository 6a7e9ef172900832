"""What can be said of every character of a tune: the features that a unit of a network may follow.

All of them are of the moment after a character was read; those that look ahead say what comes next. A feature is nan
where it has nothing to say: to ask whether a unit is off in long words of the header, only the header counts, or the
answer would be that it is off in headers.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.music.notation import Reading, read
from charrnn.music.notation.bars import divides
from charrnn.music.notation.lexer import State, tokens
from charrnn.music.notation.reading import LONGEST

Token = tuple[int, int, int]
NOTES = (State.NOTE, State.LINE_NOTE, State.INLINE_NOTE)
RESTS = (State.REST, State.LINE_REST, State.INLINE_REST)
LONG_WORD = re.compile(r"[^\W\d_]{6,}")
NEAR = 3  # characters to the end of a line, the line feed the last of them


class Tune(NamedTuple):
    """A tune, its reading, and the tokens of its music; every feature is found from these."""

    text: str
    reading: Reading
    music: list[Token]


def features(text: str) -> dict[str, np.ndarray]:
    """For every name of NAMES the feature at each of the n characters of one tune: (n,) float32, nan where it says
    nothing. Binary ones are 0 or 1. Behind LONGEST characters all are nan."""
    read_part = text[:LONGEST]
    reading = read(read_part)
    tune = Tune(read_part, reading, [token for token in tokens(read_part) if token[1] >= reading.header.end])
    found = {}
    for name, (_, measure, where) in _FEATURES.items():
        values = np.full(len(text), np.nan, np.float32)
        values[: len(read_part)] = np.where(where(tune), measure(tune), np.nan)
        found[name] = values
    return found


def features_of(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """The features of tunes behind each other."""
    found = [features(text) for text in texts]
    return {name: np.concatenate([one[name] for one in found]) for name in NAMES}


def _on(tune: Tune, spans: Iterable[tuple[int, int]]) -> np.ndarray:
    values = np.zeros(len(tune.text), np.float32)
    for start, end in spans:
        values[start:end] = 1
    return values


def _everywhere(tune: Tune) -> np.ndarray:
    return np.ones(len(tune.text), bool)


def _header(tune: Tune) -> np.ndarray:
    return np.arange(len(tune.text)) < tune.reading.header.end


def _music(tune: Tune) -> np.ndarray:
    return ~_header(tune)


def _colon(tune: Tune) -> np.ndarray:
    return _on(tune, ((i, i + 1) for i, c in enumerate(tune.text) if c == ":"))


def _field_colon(tune: Tune) -> np.ndarray:
    return _on(tune, ((field.position + 1, field.position + 2) for field in tune.reading.header.fields))


def _long_word(tune: Tune) -> np.ndarray:
    return _on(tune, (match.span() for match in LONG_WORD.finditer(tune.text)))


def _field(letter: str) -> Callable[[Tune], np.ndarray]:
    """The value of a header's field, from its colon to the end of its line."""

    def measure(tune: Tune) -> np.ndarray:
        starts = (field.position + 1 for field in tune.reading.header.fields if field.letter == letter)
        return _on(tune, ((start, _line_end(tune.text, start)) for start in starts))

    return measure


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _near_line_end(tune: Tune) -> np.ndarray:
    ends = (i for i, c in enumerate(tune.text + "\n") if c == "\n")
    return _on(tune, ((max(0, end - NEAR), end) for end in ends))


def _since_blank(tune: Tune) -> np.ndarray:
    places = np.arange(len(tune.text))
    blanks = np.where([c.isspace() for c in tune.text], places, -1)
    return places - np.maximum.accumulate(blanks)


def _chord_name(tune: Tune) -> np.ndarray:
    return _on(tune, ((start, end - 1) for kind, start, end in tune.music if kind == State.QUOTE_END))


def _between(opening: State, closing: State) -> Callable[[Tune], np.ndarray]:
    """Inside these signs, the opening one counted and the closing one not; a line's end closes all."""

    def measure(tune: Tune) -> np.ndarray:
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


def _tuplet(tune: Tune) -> np.ndarray:
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
    return _on(tune, spans)


def _bar_line_next(tune: Tune) -> np.ndarray:
    """What comes next, blanks apart, is a bar line."""
    spans, since = [], tune.reading.header.end
    for kind, start, end in tune.music:
        if kind == State.BAR:
            spans.append((max(since - 1, 0), start))
        if kind != State.SPACE:
            since = end
    return _on(tune, spans)


def _bar_position(tune: Tune) -> np.ndarray:
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


def _part_end(tune: Tune) -> np.ndarray:
    """In the last bar of a part: the next bar line is a repeat or a double one."""
    spans, since, sounds = [], tune.reading.header.end, False
    for kind, start, end in tune.music:
        sounds |= kind in NOTES
        if kind == State.BAR:
            if sounds and divides(tune.text[start:end]):
                spans.append((since, start))
            since, sounds = end, False
    return _on(tune, spans)


def _octave(tune: Tune) -> np.ndarray:
    values = np.full(len(tune.text), np.nan, np.float32)
    ends = {start: end for _, start, end in tune.music}
    for note in tune.reading.notes:
        values[note.position : ends[note.position]] = note.octave
    return values


# Name: how it is said, the values, where they mean something.
_FEATURES: dict[str, tuple[str, Callable[[Tune], np.ndarray], Callable[[Tune], np.ndarray]]] = {
    "header": ("in the header", _header, _everywhere),
    "colon": ("after a colon", _colon, _everywhere),
    "field_colon": ("after the colon of a header's field", _field_colon, _header),
    "long_word": ("in a long word of the header", _long_word, _header),
    "title": ("in the title", _field("T"), _header),
    "key": ("in the key field", _field("K"), _header),
    "line_end": (f"at most {NEAR} characters before the line's end", _near_line_end, _everywhere),
    "since_blank": ("characters since the last blank", _since_blank, _everywhere),
    "chord_name": ("in a quoted chord name", _chord_name, _music),
    "chord": ("in a chord", _between(State.BRACKET, State.CHORD_END), _music),
    "tuplet": ("in a tuplet", _tuplet, _music),
    "slur": ("in a slur", _between(State.SLUR, State.SLUR_END), _music),
    "bar_line": ("a bar line next", _bar_line_next, _music),
    "bar_position": ("position in the bar", _bar_position, _music),
    "part_end": ("in the last bar of a part", _part_end, _music),
    "octave": ("octave of the note", _octave, _music),
}
NAMES = tuple(_FEATURES)
WORDS = {name: words for name, (words, _, _) in _FEATURES.items()}
GRADED = frozenset({"since_blank", "bar_position", "octave"})
"""Features with more than two values."""
