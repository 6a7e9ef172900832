"""Section 2(a) on music itself: statements about the training tunes, tested on the tunes of the data."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from charrnn.music import quality
from charrnn.music.notation import read
from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.evidence import Contrast, Evidence

SECTION = "2(a)"
_STEPS = "in music, runs (a sequence of notes that are very close together) are very common"
_SAME = "notes of the same length tend to occur after one another more than any other note length pairs"


def note_pair_table(texts: Sequence[str]) -> pd.DataFrame:
    """Shares of the pairs of neighbouring notes of a voice; a row for every tune that has a pair.

    `steps`: pairs one or two semitones apart; `same`: pairs of the same length; `chance`: that share if the tune's
    lengths followed each other at random; `commonest_same` and `commonest_other`: the pair of equal lengths, and the
    pair of unequal lengths, that is the most frequent in all tunes.
    """
    voices = [list(quality.melodies(read(text))) for text in texts]
    pairs = [Counter((a.duration, b.duration) for notes in tune for a, b in pairwise(notes)) for tune in voices]
    total = sum(pairs, Counter())
    commonest = {
        equal: [pair for pair, _ in total.most_common() if (pair[0] == pair[1]) == equal][:1] for equal in (True, False)
    }
    rows = []
    for text, tune, counts in zip(texts, voices, pairs, strict=True):
        if not (n := counts.total()):
            continue
        lengths = Counter(note.duration for notes in tune for note in notes)
        rows.append(
            {
                "steps": quality.measure(read(text))["stepwise"],
                "same": sum(count for (a, b), count in counts.items() if a == b) / n,
                "chance": sum((count / lengths.total()) ** 2 for count in lengths.values()),
                "commonest_same": sum(counts[pair] for pair in commonest[True]) / n,
                "commonest_other": sum(counts[pair] for pair in commonest[False]) / n,
            }
        )
    return pd.DataFrame(rows)


def tune_contrast(name: str, minus: str | float) -> Contrast:
    """A column of `note_pair_table` minus another column or a number, by tune."""

    def contrast(evidence: Evidence) -> pd.Series:
        table = evidence.corpus
        if table.empty:
            return pd.Series(dtype=float)
        return (table[name].astype(float) - (table[minus] if isinstance(minus, str) else minus)).dropna()

    return contrast


CLAIMS = [
    Claim("data-runs", SECTION, _STEPS, "share of neighbouring notes one or two semitones apart, minus a half",
          "of neighbours", 0.02, "above", tune_contrast("steps", 0.5), "tunes"),
    Claim("data-same", SECTION, _SAME, "share of neighbouring notes of the same length, minus a half: more than all "
          "others", "of neighbours", 0.02, "above", tune_contrast("same", 0.5), "tunes"),
    Claim("data-same-pair", SECTION, _SAME, "share of the most frequent pair of equal lengths, minus that of unequal "
          "ones", "of neighbours", 0.02, "above", tune_contrast("commonest_same", "commonest_other"), "tunes"),
    Claim("data-same-chance", SECTION, _SAME, "share of neighbouring notes of the same length, minus the share that "
          "chance gives", "of neighbours", 0.02, "above", tune_contrast("same", "chance"), "tunes"),
]  # fmt: skip
