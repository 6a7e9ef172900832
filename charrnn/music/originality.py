"""How much of a tune stands in the tunes it was trained on."""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from charrnn.music.corpus import body
from charrnn.music.splits import SIMILAR, shingle_sets

COPY = 20  # characters, two bars or so
_BETWEEN = "\x03"  # tunes in the training text; no tune contains it

Originality = dict[str, float | int | None]


class Training:
    """The music of the training tunes, indexed once: a suffix array and every tune's shingles.

    Headers are left out, since a collection's tunes share whole lines of them.
    """

    def __init__(self, tunes: Sequence[str]):
        self.text = _BETWEEN.join(map(_music, tunes)) + _BETWEEN
        self.suffixes = suffix_array(self.text)
        shingles, starts = shingle_sets(tunes)
        self.sizes = np.diff(starts)
        order = np.argsort(shingles, kind="stable")
        self.shingles = shingles[order]
        self.owners = np.repeat(np.arange(len(tunes)), self.sizes)[order]

    def originality(self, tune: str) -> Originality:
        """What of `tune` is copied.

        `copied` is the length of its longest run of characters that a training tune contains, `copied_share` the share
        of its substrings of COPY characters that one does, `nearest` the number of the training tune most similar to
        it and `similarity` the Jaccard similarity of their 8-character shingles, as the split uses it.
        """
        music = _music(tune)
        longest = copied = 0
        for at in range(len(music)):
            while at + longest < len(music) and self._has(music[at : at + longest + 1]):
                longest += 1
            copied += at + COPY <= len(music) and self._has(music[at : at + COPY])
        nearest, similarity = self._nearest(tune)
        share = copied / (len(music) - COPY + 1) if len(music) >= COPY else None
        return {"copied": longest, "copied_share": share, "nearest": nearest, "similarity": similarity}

    def _has(self, run: str) -> bool:
        text, size = self.text, len(run)
        at = bisect_left(self.suffixes, run, key=lambda suffix: text[suffix : suffix + size])
        return at < len(self.suffixes) and text.startswith(run, self.suffixes[at])

    def _nearest(self, tune: str) -> tuple[int | None, float]:
        shingles, _ = shingle_sets([tune])
        first, last = (np.searchsorted(self.shingles, shingles, side=side) for side in ("left", "right"))
        shared = np.concatenate([self.owners[:0], *(self.owners[a:b] for a, b in zip(first, last, strict=True))])
        if not len(shared):
            return None, 0.0
        common = np.bincount(shared, minlength=len(self.sizes))
        similarity = common / (len(shingles) + self.sizes - common)
        nearest = int(similarity.argmax())
        return nearest, float(similarity[nearest])


def summarize(copies: Sequence[Originality]) -> dict[str, float | int | None]:
    """Of a collection's `originality`: the median and the longest run, mean shares and similarity.

    `near_duplicates` is the share of tunes that the split would keep together with a training tune.
    """
    copied, similarity = (np.array([c[name] for c in copies], dtype=float) for name in ("copied", "similarity"))
    shares = [c["copied_share"] for c in copies if c["copied_share"] is not None]
    return {
        "copied": float(np.median(copied)) if copies else None,
        "copied_most": int(copied.max(initial=0)),
        "copied_share": float(np.mean(shares)) if shares else None,
        "similarity": float(similarity.mean()) if copies else None,
        "near_duplicates": float((similarity >= SIMILAR).mean()) if copies else None,
    }


def suffix_array(text: str) -> list[int]:
    """Where the suffixes of `text` begin, in their order, by prefix doubling (Manber, Myers, 1993)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    _, rank = np.unique(codes, return_inverse=True)
    rank, length = rank.astype(np.int64) + 1, 1
    order = np.argsort(rank, kind="stable")
    while len(rank) and rank.max() < len(rank):
        # Rank by the first `length` characters, then by the `length` behind them; 0 is behind the end.
        behind = np.zeros_like(rank)
        behind[:-length] = rank[length:]
        key = rank * (len(rank) + 1) + behind
        order = np.argsort(key, kind="stable")
        rank = np.empty_like(rank)
        rank[order] = np.cumsum(np.diff(key[order], prepend=-1) != 0)
        length *= 2
    return order.tolist()


def _music(tune: str) -> str:
    return body(tune).replace(_BETWEEN, "")
