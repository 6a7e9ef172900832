"""Canonical notation: of every tune its melody, written in one way, so that a network learns music and not spelling.

`canonical` writes a tune so, `transposed` moves a tune to another tonic, `whitened` to the one without signature.
"""

from charrnn.music.canonical.keys import transposed, white_tonic, whitened
from charrnn.music.canonical.melody import RHYTHMS, Event, LeftOut, Measure, Melody, melody
from charrnn.music.canonical.spelling import Spelling, Tonics, with_drawn_key, with_tonic
from charrnn.music.canonical.writing import canonical, key_name, written

__all__ = [
    "RHYTHMS", "Event", "LeftOut", "Measure", "Melody", "Spelling", "Tonics", "canonical", "key_name", "melody",
    "transposed", "white_tonic", "whitened", "with_drawn_key", "with_tonic", "written",
]  # fmt: skip
