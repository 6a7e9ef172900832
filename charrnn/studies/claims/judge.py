"""Every statement of the paper judged: a row a statement and reading, the verdict following from the row's numbers."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from charrnn.studies.claims import data, dropout, hidden, neuron, optimizers, temperature, training
from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.claims.statement import NOT_RUN, UNDECIDED, Claim, verdict, would_decide
from charrnn.studies.settings import t_interval

CLAIMS = [
    *temperature.CLAIMS, *data.CLAIMS, *training.CLAIMS, *hidden.CLAIMS, *dropout.CLAIMS, *optimizers.CLAIMS,
    *neuron.CLAIMS,
]  # fmt: skip
COLUMNS = (
    "key", "where", "quotation", "reading", "unit", "smallest", "supported_when", "estimate", "low", "high", "n",
    "over", "verdict", "would_decide", "needs",
)  # fmt: skip


def judge(evidence: Evidence, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """COLUMNS, a row a claim.

    `estimate`, `low` and `high` are mean and 95 % t interval over `n` seeds, turns or tunes; `would_decide` is how many
    would decide an undecided one; `needs` is the command for what was not run.
    """
    return pd.DataFrame([_row(claim, evidence) for claim in claims], columns=list(COLUMNS))


def _row(claim: Claim, evidence: Evidence) -> dict[str, Any]:
    effect = t_interval(claim.values(evidence))
    said = verdict(claim.expects, claim.smallest, effect)
    decides = would_decide(claim.expects, claim.smallest, effect) if said == UNDECIDED else None
    numbers = {"estimate": effect.mean, "low": effect.low, "high": effect.high}
    described = {name: getattr(claim, name) for name in COLUMNS[:7]} | {"over": claim.over}
    needs = claim.needs if said == NOT_RUN else None
    return described | numbers | {"n": effect.n, "verdict": said, "would_decide": decides, "needs": needs}


def as_json(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON: what is not known is null."""
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()} for row in table.to_dict("records")
    ]
