"""A tune with its tokens, from which every feature is computed."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from charrnn.music.notation import Reading
from charrnn.music.notation.lexer import State

NOTES = (State.NOTE, State.LINE_NOTE, State.INLINE_NOTE)
RESTS = (State.REST, State.LINE_REST, State.INLINE_REST)


class TokenizedTune(NamedTuple):
    """A tune, its reading, and the tokens of its music: kind, start, end."""

    text: str
    reading: Reading
    music: list[tuple[int, int, int]]


def on(tune: TokenizedTune, spans: Iterable[tuple[int, int]]) -> np.ndarray:
    """1 in these spans of the text, 0 elsewhere, (n,) float32."""
    values = np.zeros(len(tune.text), np.float32)
    for start, end in spans:
        values[start:end] = 1
    return values
