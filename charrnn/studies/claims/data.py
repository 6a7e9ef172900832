"""Section 2(a) on music itself: statements about the tunes that were trained on, judged on those."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import pandas as pd

from charrnn.music import quality
from charrnn.music.notation import read
from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.claims.statement import Claim

RUNS = "in music, runs (a sequence of notes that are very close together) are very common"
SAME = "notes of the same length tend to occur after one another more than any other note length pairs"


def corpus_table(texts: Sequence[str]) -> pd.DataFrame:
    """A row a tune with two notes or more, of its pairs of neighbours in a voice.

    `steps`: the share one or two semitones apart; `same`: the share of two notes as long as each other; `chance`: that
    share if the tune's lengths followed each other at random; `commonest_same` and `commonest_other`: the share that
    the collection's most frequent equal pair of lengths, and its most frequent unequal one, have in the tune.
    """
    voices = [list(quality.melodies(read(text))) for text in texts]
    pairs = [Counter((a.duration, b.duration) for notes in tune for a, b in pairwise(notes)) for tune in voices]
    total = sum(pairs, Counter())
    commonest = {
        equal: [pair for pair, _ in total.most_common() if (pair[0] == pair[1]) == equal][:1] for equal in (True, False)
    }
    rows = []
    for text, tune, counted in zip(texts, voices, pairs, strict=True):
        if not (n := counted.total()):
            continue
        lengths = Counter(note.duration for notes in tune for note in notes)
        rows.append(
            {
                "steps": quality.measure(read(text))["stepwise"],
                "same": sum(count for (a, b), count in counted.items() if a == b) / n,
                "chance": sum((count / lengths.total()) ** 2 for count in lengths.values()),
                "commonest_same": sum(counted[pair] for pair in commonest[True]) / n,
                "commonest_other": sum(counted[pair] for pair in commonest[False]) / n,
            }
        )
    return pd.DataFrame(rows)


def over_tunes(one: str, other: str | float) -> Callable[[Evidence], pd.Series]:
    def values(evidence: Evidence) -> pd.Series:
        table = evidence.corpus
        if table.empty:
            return pd.Series(dtype=float)
        return (table[one].astype(float) - (table[other] if isinstance(other, str) else other)).dropna()

    return values


CLAIMS = [
    Claim("data-runs", "2(a)", RUNS, "share of neighbours one or two semitones apart, minus a half", "of neighbours",
          0.02, "above", over_tunes("steps", 0.5), "tunes"),
    Claim("data-same", "2(a)", SAME, "share of neighbours of the same length, minus a half: more than all others",
          "of neighbours", 0.02, "above", over_tunes("same", 0.5), "tunes"),
    Claim("data-same-pair", "2(a)", SAME, "share of the most frequent pair of equal lengths, minus that of unequal",
          "of neighbours", 0.02, "above", over_tunes("commonest_same", "commonest_other"), "tunes"),
    Claim("data-same-chance", "2(a)", SAME, "share of neighbours of the same length, minus what chance would give",
          "of neighbours", 0.02, "above", over_tunes("same", "chance"), "tunes"),
]  # fmt: skip
