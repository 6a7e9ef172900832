"""One message a feature: its best unit, how sure that is, whether it was learned, and what ablating the unit costs."""

from typing import Any

import numpy as np
import pandas as pd

from charrnn.music.features import GRADED, WORDS
from charrnn.studies.neurons.selectivity import FALSE_DISCOVERY_RATE


def feature_messages(best: pd.DataFrame, generated: pd.DataFrame | None, human: bool) -> dict[str, str]:
    """By feature, in the order of WORDS; `best` is the table of `with_ablation`, on human or else on generated tunes.

    `generated` is the table of `feature_auc` on generated tunes; beside human tunes the message names the AUC there,
    too.
    """
    generated_auc = generated.set_index(["feature", "unit"])["auc"] if human and generated is not None else pd.Series()
    rows: dict[Any, dict[Any, Any]] = best.to_dict("index")
    messages = {}
    for name, words in WORDS.items():
        if name not in rows:
            messages[name] = f"{words}: too rare in {'held-out' if human else 'generated'} tunes to tell."
            continue
        row = rows[name]
        auc = generated_auc.get((name, row["unit"]), np.nan)
        on_generated = "" if np.isnan(auc) else f", {auc:.3f} on generated tunes"
        messages[name] = (
            f"{words}: unit {row['unit']} {_direction(name, row['auc'])}, AUC {row['auc']:.3f} "
            f"(q = {row['q']:.2g}{on_generated}); {_learned(row)}{_ablation(row)}."
        )
    return messages


def _direction(name: str, auc: float) -> str:
    if name in GRADED:
        return "rises with it" if auc > 0.5 else "falls with it"
    return "is high there" if auc > 0.5 else "is low there"


def _learned(row: dict[Any, Any]) -> str:
    if row["q"] > FALSE_DISCOVERY_RATE:
        return "may be chance"
    learned = "learned" if row["learned"] else "not shown to be learned"
    return f"{learned}: five untrained networks reach {row['untrained']:.3f} (bound {row['bound']:.3f})"


def _ablation(row: dict[Any, Any]) -> str:
    if np.isnan(row["change_on"]):
        return ""
    needed = "needed" if row["needed"] else "not needed"
    share = row["share_exceeded"]
    others = "any other unit" if share == 1 else f"{share:.0%} of other units"
    return (
        f"; {needed}: ablating it costs {row['change_on']:+.3f} nats there, more than {others}, "
        f"and {row['change_off']:+.3f} elsewhere"
    )
