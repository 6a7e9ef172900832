"""Tunes that are one melody, in whatever key, unit length or spelling: they share runs of intervals."""

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from charrnn.music.corpus import body

RUN = 10  # intervals, three bars or so
SHARE = 0.3  # of the runs of the tune that has fewer
LEAST = 10  # runs: below, two tunes share no more than a phrase
# Runs that so many tunes have are scales and repeated notes; of the bundled collections together none has 60.
STOCK = 200
_ROWS_AT_ONCE = 4000
_WIDEST = 15  # steps; wider ones count as that

# Letters that are no notes of the melody: grace notes, text, decorations, fields, all but the last note of a chord.
_NO_MELODY = re.compile(
    r"""\{[^}\n]*\} | "[^"\n]*" | ![^!\n]*! | \[[A-Za-z]:[^]\n]*\]
    | \[(?=[^]\n|:]*\])[^]\n]*?(?=[\^_=]*[A-Ga-g][,']*[0-9/]*\])""",
    re.VERBOSE,
)
_NOTE = re.compile(r"([A-Ga-g])([,']*)")
_STEPS = {letter: step for step, letter in enumerate("CDEFGABcdefgab")}


def interval_runs(tune: str) -> np.ndarray:
    """The sorted distinct runs of RUN intervals in the tune's melody, uint64; intervals in steps of the scale."""
    notes = _NOTE.findall(_NO_MELODY.sub("", body(tune)))
    heights = np.array([_STEPS[letter] + 7 * (marks.count("'") - marks.count(",")) for letter, marks in notes])
    intervals = np.diff(heights).clip(-_WIDEST, _WIDEST) + _WIDEST + 1
    if len(intervals) < RUN:
        return np.empty(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(intervals.astype(np.uint64), RUN)
    return np.unique((windows << (np.uint64(5) * np.arange(RUN, dtype=np.uint64))).sum(1, dtype=np.uint64))


def twins(tunes: Sequence[str]) -> np.ndarray:
    """The pairs of numbers (P, 2) of tunes that share SHARE of their runs, and at least LEAST."""
    of_tune = [interval_runs(tune) for tune in tunes]
    sizes = np.array([len(some) for some in of_tune], dtype=np.int64)
    distinct, column, count = np.unique(
        np.concatenate([np.empty(0, np.uint64), *of_tune]), return_inverse=True, return_counts=True
    )
    row = np.repeat(np.arange(len(tunes)), sizes)
    telling = count[column] <= STOCK
    shape = (len(tunes), max(len(distinct), 1))
    has = csr_array((np.ones(int(telling.sum()), dtype=np.int32), (row[telling], column[telling])), shape=shape)
    transposed = has.T.tocsr()
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for first in range(0, len(tunes), _ROWS_AT_ONCE):
        common = (has[first : first + _ROWS_AT_ONCE] @ transposed).tocoo()
        one, other = common.row + first, common.col
        alike = (one < other) & (common.data >= LEAST)
        alike &= common.data >= SHARE * np.minimum(sizes[one], sizes[other])
        pairs.append(np.stack([one[alike], other[alike]], 1))
    return np.concatenate(pairs)
