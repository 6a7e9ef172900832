"""Section 2(f): the 52nd unit as a function, since a unit's number means nothing between runs (see studies/neurons)."""

import pandas as pd

from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.evidence import Contrast, Evidence
from charrnn.studies.neurons.ablation import NEEDED_QUANTILE

SECTION = "2(f), Figure 28"
_OFF = (
    "this neuron turns off during parts of the header which are long words. It also turns off whenever there is a colon"
)
_NEWLINE = "there should be a new line character coming up soon"


def unit_contrast(name: str, minus: str | float) -> Contrast:
    """A number of each seed's unit in the record of `evaluate_unit_claim`, minus another number, by seed."""

    def contrast(evidence: Evidence) -> pd.Series:
        rows = evidence.units.get("seeds", [])
        return pd.Series([row[name] - (row[minus] if isinstance(minus, str) else minus) for row in rows], dtype=float)

    return contrast


CLAIMS = [
    Claim("unit-off", SECTION, _OFF, "how well the best unit tells both places by being low (the smaller of two AUCs), "
          "minus the bound of untrained networks", "of 1", 0.02, "above", unit_contrast("joint_auc", "joint_bound")),
    Claim("unit-newline", SECTION, _NEWLINE, "share of other units whose ablation costs less at line ends than this "
          f"unit's, minus {NEEDED_QUANTILE:g}", "of units", 0.02, "above",
          unit_contrast("share_exceeded", NEEDED_QUANTILE)),
]  # fmt: skip
