"""One sentence a feature: the best unit, how sure, whether it was learned, and what breaks without it."""

from typing import Any

import numpy as np
import pandas as pd

from charrnn.music.features import GRADED, WORDS
from charrnn.studies.neurons.following import RATE


def sentences(best: pd.DataFrame, generated: pd.DataFrame | None, human: bool) -> dict[str, str]:
    """By feature, in the order of WORDS; `best` is `with_breaking`'s table, on human tunes or else on generated ones.

    `generated` is `follow`'s on what the network wrote; beside human tunes the unit's AUC there is told, too.
    """
    beside = generated.set_index(["feature", "unit"])["auc"] if human and generated is not None else pd.Series()
    rows: dict[Any, dict[Any, Any]] = best.to_dict("index")
    said = {}
    for name, words in WORDS.items():
        if name not in rows:
            said[name] = f"{words}: too rare in {'held-out' if human else 'generated'} tunes to say anything."
            continue
        row = rows[name]
        own = beside.get((name, row["unit"]), np.nan)
        own_words = "" if np.isnan(own) else f", {own:.3f} on generated text"
        said[name] = (
            f"{words}: unit {row['unit']} {_way(name, row['auc'])}, AUC {row['auc']:.3f} "
            f"(q = {row['q']:.2g}{own_words}); {_verdict(row)}{_breaking(row)}."
        )
    return said


def _way(name: str, auc: float) -> str:
    if name in GRADED:
        return "rises with it" if auc > 0.5 else "falls with it"
    return "is high there" if auc > 0.5 else "is low there"


def _verdict(row: dict[Any, Any]) -> str:
    if row["q"] > RATE:
        return "may be chance"
    learned = "learned" if row["learned"] else "not shown to be learned"
    return f"{learned}, five untrained networks reach {row['untrained']:.3f} (bound {row['bound']:.3f})"


def _breaking(row: dict[Any, Any]) -> str:
    if np.isnan(row["there"]):
        return ""
    carries = "it carries the feature" if row["carries"] else "it does not carry the feature"
    more = "any other unit" if row["share"] == 1 else f"{row['share']:.0%} of other units"
    return (
        f"; held at its mean it costs {row['there']:+.3f} nats there and {row['elsewhere']:+.3f} elsewhere, "
        f"more than {more}: {carries}"
    )
