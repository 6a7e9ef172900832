"""Features of every character of a tune, with which the activations of a network's units are compared.

Each describes the moment after a character was read; those that look ahead describe what comes next. A feature is nan
where it is not defined: whether a unit is off in long words of the header is decided within headers, or the answer
would be that it is off in headers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from charrnn.music.features import lines, music
from charrnn.music.features.tokenized import TokenizedTune
from charrnn.music.notation import read
from charrnn.music.notation.lexer import State, tokens
from charrnn.music.notation.reading import LONGEST


def features(text: str) -> dict[str, np.ndarray]:
    """For every name of NAMES the feature at each of the n characters of one tune, (n,) float32.

    Binary ones are 0 or 1; all are nan where they are not defined, as behind LONGEST characters.
    """
    beginning = text[:LONGEST]
    reading = read(beginning)
    tune = TokenizedTune(beginning, reading, [token for token in tokens(beginning) if token[1] >= reading.header.end])
    by_name = {}
    for name, (_, measure, where) in _FEATURES.items():
        values = np.full(len(text), np.nan, np.float32)
        values[: len(beginning)] = np.where(where(tune), measure(tune), np.nan)
        by_name[name] = values
    return by_name


def features_of(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """The features of tunes behind each other."""
    of_tunes = [features(text) for text in texts]
    return {name: np.concatenate([one[name] for one in of_tunes]) for name in NAMES}


def _everywhere(tune: TokenizedTune) -> np.ndarray:
    return np.ones(len(tune.text), bool)


def _in_header(tune: TokenizedTune) -> np.ndarray:
    return lines.header(tune) > 0


def _in_music(tune: TokenizedTune) -> np.ndarray:
    return lines.header(tune) == 0


# Name: its words, its values, where they are defined.
_FEATURES: dict[str, tuple[str, Callable[[TokenizedTune], np.ndarray], Callable[[TokenizedTune], np.ndarray]]] = {
    "header": ("in the header", lines.header, _everywhere),
    "colon": ("after a colon", lines.colon, _everywhere),
    "field_colon": ("after the colon of a header's field", lines.field_colon, _in_header),
    "long_word": ("in a long word of the header", lines.long_word, _in_header),
    "title": ("in the title", lines.field("T"), _in_header),
    "key": ("in the key field", lines.field("K"), _in_header),
    "line_end": (f"at most {lines.NEAR} characters before the line's end", lines.near_line_end, _everywhere),
    "since_blank": ("characters since the last blank", lines.since_blank, _everywhere),
    "chord_name": ("in a quoted chord name", music.chord_name, _in_music),
    "chord": ("in a chord", music.between(State.BRACKET, State.CHORD_END), _in_music),
    "tuplet": ("in a tuplet", music.tuplet, _in_music),
    "slur": ("in a slur", music.between(State.SLUR, State.SLUR_END), _in_music),
    "bar_line": ("a bar line next", music.bar_line_next, _in_music),
    "bar_position": ("position in the bar", music.bar_position, _in_music),
    "part_end": ("in the last bar of a part", music.part_end, _in_music),
    "octave": ("octave of the note", music.octave, _in_music),
}
NAMES = tuple(_FEATURES)
WORDS = {name: words for name, (words, _, _) in _FEATURES.items()}
GRADED = frozenset({"since_blank", "bar_position", "octave"})
"""Features with more than two values."""
