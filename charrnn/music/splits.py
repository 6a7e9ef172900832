"""Which tunes train, which validate, which test: whole tunes, near-duplicates never on two sides."""

import hashlib
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from charrnn.errors import UserError
from charrnn.music.corpus import body
from charrnn.music.twins import twins

KINDS = ("tunes", "contiguous", "contiguous_first")
SHINGLE = 8
SIMILAR = 0.5
# The k of near_duplicates: 1 left millions of pairs of a book of 60,000 tunes to compare, 8 hardly any other.
SHARED = 8
ROWS_AT_ONCE = 4000

# Chord names and annotations, !decorations! and the one-letter ones of ABC 2.1, section 4.14, and blanks: two settings
# of one melody differ in these first.
_ORNAMENT = re.compile(r'"[^"\n]*"|![^!\n]*!|[\s.~HLMOPSTuv\\]')


@dataclass(frozen=True)
class Split:
    """Tunes of each part; `test` is empty where the kind has no test part."""

    train: list[str]
    val: list[str]
    test: list[str]
    groups: int | None = None  # sets of near-duplicates, counting single tunes; None where nothing was compared


def split(tunes: Sequence[str], kind: str, seed: int) -> Split:
    """Divide tunes by characters.

    "tunes" keeps near-duplicates together, 80/10/10, in an order that depends on `seed` and the tunes' text alone;
    "contiguous" holds out the last 20 % of the characters for validation, "contiguous_first" the first 20 %, both in
    file order and cut at the tune boundary nearest to that point.
    """
    sizes = np.array([len(tune) for tune in tunes], dtype=np.int64)
    if not len(tunes):
        raise UserError("data: too few tunes to split: expected about 10 that differ, found 0 tunes; add tunes")
    if kind == "tunes":
        labels = near_duplicates(tunes)
        parts = _by_groups(sizes, labels, _order(tunes, seed))
        groups = int(labels.max(initial=-1)) + 1
    else:
        parts = _contiguous(sizes, first=kind == "contiguous_first")
        groups = None
    if not all(len(part) for part in parts[: 3 if kind == "tunes" else 2]):
        different = f"{len(tunes)} tunes" + (f" ({groups} that differ)" if groups not in (None, len(tunes)) else "")
        raise UserError(
            f"data: too few tunes to split: expected enough for training, validation and test (about 10 that differ), "
            f"found {different}; add tunes"
        )
    train, val, test = ([tunes[i] for i in part] for part in parts)
    return Split(train, val, test, groups)


def near_duplicates(tunes: Sequence[str]) -> np.ndarray:
    """A group number (N,) a tune, one for all that are linked: by their characters, or as one melody (twins.py)."""
    return _linked(np.concatenate([similar_texts(tunes), twins(tunes)]), len(tunes))


def similar_texts(tunes: Sequence[str]) -> np.ndarray:
    """The pairs of numbers (P, 2) of tunes with a Jaccard similarity >= 0.5 of their 8-character shingles.

    Exact, not sketched. Two sets that similar share at least half of the larger one, so they share k of the rarest
    n - ⌈n/2⌉ + k shingles of each (prefix filter: Bayardo, Ma, Srikant, "Scaling up all pairs similarity search", 2007;
    for k > 1 Wang, Li, Feng, "Can we beat the prefix filtering?", 2012). Pairs that do are compared in full.
    """
    shingles, starts = shingle_sets(tunes)
    return np.array(list(_similar_pairs(shingles, starts)), dtype=np.int64).reshape(-1, 2)


def _linked(pairs: np.ndarray, n: int) -> np.ndarray:
    """The group number (n,) of each, one for all that pairs link."""
    graph = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    return labels


def shingle_sets(tunes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The sorted distinct shingles of every tune behind each other, and where each tune's begin, (N + 1,).

    A shingle is a uint64: eight one-byte characters are exactly one such number.
    """
    # Room for the most there can be; what is not written never becomes memory.
    shingles = np.empty(sum(map(len, tunes)) + len(tunes), dtype=np.uint64)
    starts = np.zeros(len(tunes) + 1, dtype=np.int64)
    for i, tune in enumerate(tunes):
        # A tune that is all header is compared by its header.
        music = _ORNAMENT.sub("", body(tune) or tune).encode("latin-1", errors="replace")
        windows = np.lib.stride_tricks.sliding_window_view(
            np.frombuffer(music.ljust(SHINGLE, b"\0"), dtype=np.uint8), SHINGLE
        )
        distinct = np.unique(np.ascontiguousarray(windows).view(np.uint64).ravel()) if music else shingles[:0]
        starts[i + 1] = starts[i] + len(distinct)
        shingles[starts[i] : starts[i + 1]] = distinct
    return shingles[: starts[-1]], starts


def _frequencies(shingles: np.ndarray) -> np.ndarray:
    """In how many tunes each shingle occurs, bucket by bucket: sorting all at once would take four times the memory."""
    mixed = shingles * np.uint64(0x9E3779B97F4A7C15)
    mixed >>= np.uint64(60)
    bucket = mixed.astype(np.uint8)
    del mixed
    frequency = np.empty(len(shingles), dtype=np.int32)
    for b in range(16):
        at = np.flatnonzero(bucket == b)
        _, place, count = np.unique(shingles[at], return_inverse=True, return_counts=True)
        frequency[at] = count[place]
    return frequency


def _similar_pairs(shingles: np.ndarray, starts: np.ndarray) -> Iterator[tuple[int, int]]:
    frequency = _frequencies(shingles)
    rows, kept = [], []
    needed = np.empty(len(starts) - 1, dtype=np.int32)
    for i, (begin, end) in enumerate(itertools.pairwise(starts)):
        overlap = math.ceil(SIMILAR * (end - begin))
        needed[i] = min(SHARED, overlap)
        # The rarest first, equally rare ones in one order for all. What one tune alone has is never shared, but it does
        # fill the prefix.
        prefix = np.argsort(frequency[begin:end], kind="stable")[: end - begin - overlap + needed[i]]
        shared = begin + prefix[frequency[begin:end][prefix] > 1]
        rows.append(np.full(len(shared), i, dtype=np.int32))
        kept.append(shingles[shared])
    distinct, columns = np.unique(np.concatenate([shingles[:0], *kept]), return_inverse=True)
    row = np.concatenate([np.empty(0, np.int32), *rows])
    shape = (len(needed), max(len(distinct), 1))
    prefixes = csr_array((np.ones(len(row), dtype=np.int32), (row, columns.astype(np.int32))), shape=shape)
    transposed = prefixes.T.tocsr()
    for first in range(0, len(needed), ROWS_AT_ONCE):
        meet = (prefixes[first : first + ROWS_AT_ONCE] @ transposed).tocoo()
        one, other = meet.row + first, meet.col
        likely = (one < other) & (meet.data >= np.minimum(needed[one], needed[other]))
        for i, j in zip(one[likely].tolist(), other[likely].tolist(), strict=True):
            a, b = shingles[starts[i] : starts[i + 1]], shingles[starts[j] : starts[j + 1]]
            common = len(np.intersect1d(a, b, assume_unique=True))
            if common >= SIMILAR * (len(a) + len(b) - common):
                yield i, j


def _order(tunes: Sequence[str], seed: int) -> np.ndarray:
    # By a hash of seed and text: the same on every machine and numpy, whatever the order of the files.
    keys = [hashlib.sha256(f"{seed}\n{tune}".encode()).digest() for tune in tunes]
    return np.array(sorted(range(len(tunes)), key=keys.__getitem__), dtype=np.int64)


def _by_groups(sizes: np.ndarray, labels: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, ...]:
    """Numbers of the tunes of each part: groups in the order of their first tune fill training, validation, test."""
    weight = np.bincount(labels, weights=sizes)
    _, first = np.unique(labels[order], return_index=True)
    groups = labels[order][np.sort(first)]
    ends = np.cumsum(weight[groups])
    middle = (ends - weight[groups] / 2) / ends[-1]
    part = np.empty(len(weight), dtype=np.int64)
    part[groups] = np.searchsorted([0.8, 0.9], middle, side="right")
    return tuple(order[part[labels[order]] == p] for p in range(3))


def _contiguous(sizes: np.ndarray, first: bool) -> tuple[np.ndarray, ...]:
    ends = np.concatenate([[0], np.cumsum(sizes)])
    cut = int(np.argmin(np.abs(ends - (0.2 if first else 0.8) * ends[-1])))
    head, tail = np.split(np.arange(len(sizes)), [cut])
    return (tail, head, head[:0]) if first else (head, tail, tail[:0])
