"""The verdicts on all claims: a table with a row a claim."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from charrnn.studies.claims import (
    data_claims,
    dropout_claims,
    hidden_claims,
    optimizer_claims,
    temperature_claims,
    training_claims,
    unit_claims,
)
from charrnn.studies.claims.claim import NOT_RUN, UNDECIDED, Claim, claim_verdict, replicates_needed
from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.inference import t_interval

ALL_CLAIMS = [
    *temperature_claims.CLAIMS, *data_claims.CLAIMS, *training_claims.CLAIMS, *hidden_claims.CLAIMS,
    *dropout_claims.CLAIMS, *optimizer_claims.CLAIMS, *unit_claims.CLAIMS,
]  # fmt: skip
DESCRIPTION = ("key", "section", "quotation", "reading", "unit", "smallest_effect", "supported_when")
CLAIM_COLUMNS = (*DESCRIPTION, "estimate", "low", "high", "n", "replicates", "verdict", "n_needed", "command")


def evaluate_claims(evidence: Evidence, claims: Sequence[Claim] = ALL_CLAIMS) -> pd.DataFrame:
    """A row a claim with CLAIM_COLUMNS.

    `estimate`, `low` and `high` are the mean and 95 % t interval over `n` `replicates` (seeds, turns or tunes);
    `n_needed` is how many would decide an undecided claim; `command` makes what was not run.
    """
    return pd.DataFrame([_row(claim, evidence) for claim in claims], columns=list(CLAIM_COLUMNS))


def _row(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    effect = t_interval(claim.contrast(evidence))
    rule = claim.expectation, claim.smallest_effect, effect
    verdict = claim_verdict(*rule)
    return {name: getattr(claim, name) for name in DESCRIPTION} | {
        "estimate": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "n": effect.n,
        "replicates": claim.replicates,
        "verdict": verdict,
        "n_needed": replicates_needed(*rule) if verdict == UNDECIDED else None,
        "command": claim.command if verdict == NOT_RUN else None,
    }


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON; missing values are null."""
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()} for row in table.to_dict("records")
    ]
