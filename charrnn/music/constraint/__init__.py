"""Tunes that parse: which character may come next, as integer tables and counters over many tunes at once."""

from charrnn.music.constraint.constraint import LEVELS, Constraint

__all__ = ["LEVELS", "Constraint"]
