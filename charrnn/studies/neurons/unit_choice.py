"""Which units: the requested one, those to ablate, those to draw."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from charrnn.errors import UserError
from charrnn.studies.neurons.selectivity import selectivity

PAPER_UNIT = 52
RANDOM_UNITS = 100  # ablated for comparison; all others if there are fewer


def requested_units(unit: int | None, count: int) -> list[int]:
    """The requested unit, else the paper's if a network of `count` units has it; UserError if it has not the first."""
    if unit is not None and unit >= count:
        raise UserError(f"unit: expected 0 to {count - 1}, for this network has {count} units, got {unit}; give unit=…")
    return [unit] if unit is not None else [PAPER_UNIT] if count > PAPER_UNIT else []


def units_to_ablate(count: int, best: Sequence[int]) -> list[int]:
    """The `best` of `count` units and RANDOM_UNITS others, always the same ones."""
    others = np.setdiff1d(np.arange(count), best)
    chosen = np.random.default_rng(0).permutation(others)[:RANDOM_UNITS]
    return sorted({*map(int, best), *chosen.tolist()})


def most_selective_units(best: pd.DataFrame) -> list[int]:
    """The best units of learned features, ordered by how far they exceed untrained networks."""
    learned = best[best["learned"]]
    order = (selectivity(learned["auc"]) - learned["untrained"]).sort_values(ascending=False).index
    return list(dict.fromkeys(int(unit) for unit in learned.loc[order, "unit"]))
