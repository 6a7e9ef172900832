"""A verdict is what interval and smallest effect say, and on runs of known truth it is seldom wrong."""

import numpy as np
import pandas as pd
import pytest

from charrnn.studies.claims.statement import (
    ALIKE,
    NOT_RUN,
    REFUTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    verdict,
    would_decide,
)
from charrnn.studies.settings import Interval, t_interval


def interval(low: float, high: float, n: int = 5) -> Interval:
    mean = (low + high) / 2
    return Interval(n, mean, (high - mean) * n**0.5 / 2.776445, low, high)  # t(0.975, 4)


@pytest.mark.parametrize(
    ("expects", "low", "high", "said"),
    [
        ("above", 0.03, 0.05, SUPPORTED),
        ("above", -0.05, -0.03, REFUTED),
        ("above", -0.01, 0.015, ALIKE),
        ("above", 0.01, 0.03, UNDECIDED),
        ("below", -0.05, -0.03, SUPPORTED),
        ("below", 0.03, 0.05, REFUTED),
        ("below", -0.015, 0.01, ALIKE),
        ("alike", -0.01, 0.015, SUPPORTED),
        ("alike", 0.03, 0.05, REFUTED),
        ("alike", -0.05, -0.03, REFUTED),
        ("alike", -0.05, 0.05, UNDECIDED),  # both ends are refuted, what lies between them is not
        ("small rise", 0.005, 0.015, SUPPORTED),
        ("small rise", 0.03, 0.05, REFUTED),
        ("small rise", -0.05, -0.01, REFUTED),
        ("small rise", -0.01, 0.01, ALIKE),
        ("small rise", 0.01, 0.03, UNDECIDED),
    ],
)
def test_the_verdict_follows_from_where_the_interval_lies(expects, low, high, said):
    assert verdict(expects, 0.02, interval(low, high)) == said


def test_one_seed_decides_nothing_and_none_is_not_run():
    assert verdict("above", 0.02, t_interval([0.5])) == UNDECIDED
    assert verdict("above", 0.02, t_interval([])) == NOT_RUN
    assert would_decide("above", 0.02, t_interval([0.5])) is None


def test_how_many_seeds_would_decide():
    # sd 0.02, 0.02 from the edge: by simulation the smallest n at which a paired t test has a power of 0.8
    effect = Interval(5, 0.04, 0.02, 0.0152, 0.0648)
    n = would_decide("above", 0.02, effect)
    assert n is not None and 9 <= n <= 11
    random = np.random.default_rng(0)
    said = [verdict("above", 0.02, t_interval(random.normal(0.04, 0.02, n))) for _ in range(400)]
    assert 0.74 < said.count(SUPPORTED) / 400 < 0.9
    assert would_decide("above", 0.02, Interval(5, 0.02, 0.02, 0, 0.04)) is None  # it stands at the edge


KINDS = ("above", "below", "alike", "small rise")
# The effect in smallest effects of interest, and the verdicts that are wrong of it.
TRUTHS = {
    "above": {0: {SUPPORTED, REFUTED}, 0.9: {SUPPORTED, REFUTED}, 3: {REFUTED, ALIKE}, -3: {SUPPORTED, ALIKE}},
    "below": {0: {SUPPORTED, REFUTED}, 0.9: {SUPPORTED, REFUTED}, 3: {SUPPORTED, ALIKE}, -3: {REFUTED, ALIKE}},
    "alike": {0: {REFUTED}, 0.9: {REFUTED}, 1.1: {SUPPORTED, ALIKE}, 3: {SUPPORTED, ALIKE}},
    "small rise": {0: {SUPPORTED}, 0.5: {REFUTED}, 1.1: {SUPPORTED, ALIKE}, 3: {SUPPORTED, ALIKE}, -3: {SUPPORTED}},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sd", [0.005, 0.014])
def test_of_known_truth_at_most_one_in_twenty_verdicts_is_wrong(kind, sd):
    random = np.random.default_rng(3)
    for truth, wrong in TRUTHS[kind].items():
        said = [verdict(kind, 0.02, t_interval(random.normal(0.02 * truth, sd, 5))) for _ in range(200)]
        assert sum(one in wrong for one in said) <= 10, (kind, truth)


def test_a_claim_says_when_it_is_supported():
    claim = Claim("k", "2", "q", "r", "nats", 0.02, "small rise", lambda _: pd.Series(dtype=float))
    assert claim.supported_when == "between 0 and +0.02 nats"
