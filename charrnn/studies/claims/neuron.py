"""Section 2(f): the 52nd neuron as a function, since a unit's number means nothing between runs (studies/neurons)."""

from collections.abc import Callable

import pandas as pd

from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.claims.statement import Claim
from charrnn.studies.neurons.breaking import CARRIES

OFF = (
    "this neuron turns off during parts of the header which are long words. It also turns off whenever there is a colon"
)
SOON = "there should be a new line character coming up soon"


def over_seeds(name: str, bound: str | float) -> Callable[[Evidence], pd.Series]:
    """What the statement's unit of each seed has more of `name` than the `bound`."""

    def values(evidence: Evidence) -> pd.Series:
        rows = evidence.units.get("seeds", [])
        return pd.Series([row[name] - (row[bound] if isinstance(bound, str) else bound) for row in rows], dtype=float)

    return values


CLAIMS = [
    Claim("unit-off", "2(f), Figure 28", OFF, "how surely the best unit is low in both places (the smaller of two "
          "AUCs), minus what an untrained network may reach", "of 1", 0.02, "above",
          over_seeds("both", "untrained_both")),
    Claim("unit-newline", "2(f), Figure 28", SOON, "share of other units without which line ends are guessed better "
          f"than without this one, minus {CARRIES:g}", "of units", 0.02, "above",
          over_seeds("hurts_more_than", CARRIES)),
]  # fmt: skip
