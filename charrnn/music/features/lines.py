"""Features of the text: the header, its fields and words, lines and blanks."""

import re
from collections.abc import Callable

import numpy as np

from charrnn.music.features.tokenized import TokenizedTune, on

LONG_WORD = re.compile(r"[^\W\d_]{6,}")
NEAR = 3  # characters to the end of a line, the line feed the last of them


def header(tune: TokenizedTune) -> np.ndarray:
    return np.arange(len(tune.text)) < tune.reading.header.end


def colon(tune: TokenizedTune) -> np.ndarray:
    return on(tune, ((i, i + 1) for i, c in enumerate(tune.text) if c == ":"))


def field_colon(tune: TokenizedTune) -> np.ndarray:
    return on(tune, ((field.position + 1, field.position + 2) for field in tune.reading.header.fields))


def long_word(tune: TokenizedTune) -> np.ndarray:
    return on(tune, (match.span() for match in LONG_WORD.finditer(tune.text)))


def field(letter: str) -> Callable[[TokenizedTune], np.ndarray]:
    """The value of a header's field, from its colon to the end of its line."""

    def measure(tune: TokenizedTune) -> np.ndarray:
        starts = (field.position + 1 for field in tune.reading.header.fields if field.letter == letter)
        return on(tune, ((start, _line_end(tune.text, start)) for start in starts))

    return measure


def near_line_end(tune: TokenizedTune) -> np.ndarray:
    ends = (i for i, c in enumerate(tune.text + "\n") if c == "\n")
    return on(tune, ((max(0, end - NEAR), end) for end in ends))


def since_blank(tune: TokenizedTune) -> np.ndarray:
    places = np.arange(len(tune.text))
    blanks = np.where([c.isspace() for c in tune.text], places, -1)
    return places - np.maximum.accumulate(blanks)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
