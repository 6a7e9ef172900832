"""What is lost without a unit: each held at its mean, on the characters of a feature and elsewhere."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from charrnn.learning.activations import ablated_losses, trace, units
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import GRADED, features_of
from charrnn.studies.neurons.following import FEWEST

RANDOM_UNITS = 100  # that a unit is held against; all others where there are fewer
CARRIES = 0.95  # of them hurt less


def chosen_units(model: CharRNN, best: Sequence[int]) -> list[int]:
    """The `best` units and RANDOM_UNITS others, drawn once and for all."""
    others = np.setdiff1d(np.arange(units(model)), best)
    drawn = np.random.default_rng(0).permutation(others)[:RANDOM_UNITS]
    return sorted({*map(int, best), *drawn.tolist()})


def broken(
    model: CharRNN, vocab: Vocabulary, tunes: Sequence[str], held: Sequence[int], means: np.ndarray
) -> pd.DataFrame:
    """A row for each unit of `held` and feature: the change of loss when the unit stands at its mean (`means`, (U,)).

    `there` is the mean change, in nats, of guessing the character behind each one where the feature is on, or above its
    mean if it is graded; `elsewhere` that behind all others. nan where the feature is on fewer than FEWEST times.
    """
    change = ablated_losses(model, vocab, tunes, held, means) - trace(model, vocab, tunes).loss
    tables = []
    for name, on in on_characters(features_of(tunes)).items():
        enough = on.sum() >= FEWEST
        there = change[:, on].mean(1) if enough else np.full(len(held), np.nan)
        table = {"feature": name, "unit": held, "there": there, "elsewhere": change[:, ~on].mean(1)}
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def on_characters(features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Where each feature is on, (n,) bool."""
    return {
        name: values > (np.nanmean(values) if name in GRADED and not np.isnan(values).all() else 0.5)
        for name, values in features.items()
    }


def share_below(changes: pd.DataFrame, feature: str, unit: int) -> float:
    """The share of the other broken units that hurt less where the feature is on; nan if nothing is known."""
    there = changes[changes["feature"] == feature].set_index("unit")["there"]
    if np.isnan(there.get(unit, np.nan)):
        return np.nan
    return float((there.drop(unit) < there[unit]).mean())


def with_breaking(best: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """`learned`'s table with `there`, `elsewhere`, the `share` of other units that hurt less there, and `carries`.

    A unit carries a feature if without it the loss rises there more than without CARRIES of the others.
    """
    keys = pd.MultiIndex.from_arrays([best.index, best["unit"]])
    of_pairs = changes.set_index(["feature", "unit"])
    best = best.assign(**{column: of_pairs[column].reindex(keys).to_numpy() for column in ("there", "elsewhere")})
    best["share"] = [share_below(changes, str(name), int(unit)) for name, unit in best["unit"].items()]
    return best.assign(carries=(best["share"] > CARRIES) & (best["there"] > 0))
