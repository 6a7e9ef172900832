"""Ablation: the change of loss when a unit is held at its mean, where a feature is on and elsewhere."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from charrnn.learning.activations import ablated_losses, trace
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import GRADED, features_of
from charrnn.studies.neurons.selectivity import MIN_CHARACTERS

NEEDED_QUANTILE = 0.95  # of the other units' changes of loss, which a needed unit exceeds


def ablate_units(
    model: CharRNN, vocab: Vocabulary, tunes: Sequence[str], units: Sequence[int], means: np.ndarray
) -> pd.DataFrame:
    """A row for each of `units` and each feature: the change of loss when the unit is held at its mean (`means`, (U,)).

    `change_on` is the mean change, in nats, of predicting the next character where the feature is on, or above its mean
    if it is graded; `change_off` the mean change elsewhere. `change_on` is nan if the feature is on for fewer than
    MIN_CHARACTERS.
    """
    change = ablated_losses(model, vocab, tunes, units, means) - trace(model, vocab, tunes).loss
    tables = []
    for name, on in feature_masks(features_of(tunes)).items():
        enough = on.sum() >= MIN_CHARACTERS
        change_on = change[:, on].mean(1) if enough else np.full(len(units), np.nan)
        columns = {"feature": name, "unit": units, "change_on": change_on, "change_off": change[:, ~on].mean(1)}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def feature_masks(features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Where each feature is on, (n,) bool."""
    return {
        name: values > (np.nanmean(values) if name in GRADED and not np.isnan(values).all() else 0.5)
        for name, values in features.items()
    }


def share_exceeded(changes: pd.DataFrame, feature: str, unit: int) -> float:
    """The share of the other ablated units whose `change_on` is smaller than this unit's; nan if it is unknown."""
    change_on = changes[changes["feature"] == feature].set_index("unit")["change_on"]
    if np.isnan(change_on.get(unit, np.nan)):
        return np.nan
    return float((change_on.drop(unit) < change_on[unit]).mean())


def with_ablation(best: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """The table of `learned_features` with `change_on`, `change_off`, `share_exceeded` and `needed`.

    A unit is needed for a feature if ablating it raises the loss there, and by more than NEEDED_QUANTILE of the others.
    """
    keys = pd.MultiIndex.from_arrays([best.index, best["unit"]])
    by_pair = changes.set_index(["feature", "unit"])
    best = best.assign(**{column: by_pair[column].reindex(keys).to_numpy() for column in ("change_on", "change_off")})
    best["share_exceeded"] = [share_exceeded(changes, str(name), int(unit)) for name, unit in best["unit"].items()]
    return best.assign(needed=(best["share_exceeded"] > NEEDED_QUANTILE) & (best["change_on"] > 0))
