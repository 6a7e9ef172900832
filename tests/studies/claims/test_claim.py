"""A verdict follows from the interval and the smallest effect; with a known truth it is seldom wrong."""

import numpy as np
import pandas as pd
import pytest

from charrnn.studies.claims.claim import (
    NO_DIFFERENCE,
    NOT_RUN,
    REFUTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    claim_verdict,
    replicates_needed,
)
from charrnn.studies.inference import Interval, t_interval


def interval(low: float, high: float, n: int = 5) -> Interval:
    mean = (low + high) / 2
    return Interval(n, mean, (high - mean) * n**0.5 / 2.776445, low, high)  # t(0.975, 4)


@pytest.mark.parametrize(
    ("expectation", "low", "high", "verdict"),
    [
        ("above", 0.03, 0.05, SUPPORTED),
        ("above", -0.05, -0.03, REFUTED),
        ("above", -0.01, 0.015, NO_DIFFERENCE),
        ("above", 0.01, 0.03, UNDECIDED),
        ("below", -0.05, -0.03, SUPPORTED),
        ("below", 0.03, 0.05, REFUTED),
        ("below", -0.015, 0.01, NO_DIFFERENCE),
        ("equivalent", -0.01, 0.015, SUPPORTED),
        ("equivalent", 0.03, 0.05, REFUTED),
        ("equivalent", -0.05, -0.03, REFUTED),
        ("equivalent", -0.05, 0.05, UNDECIDED),  # both ends are refuted, what lies between them is not
        ("small rise", 0.005, 0.015, SUPPORTED),
        ("small rise", 0.03, 0.05, REFUTED),
        ("small rise", -0.05, -0.01, REFUTED),
        ("small rise", -0.01, 0.01, NO_DIFFERENCE),
        ("small rise", 0.01, 0.03, UNDECIDED),
    ],
)
def test_the_verdict_follows_from_where_the_interval_lies(expectation, low, high, verdict):
    assert claim_verdict(expectation, 0.02, interval(low, high)) == verdict


def test_one_seed_decides_nothing_and_none_is_not_run():
    assert claim_verdict("above", 0.02, t_interval([0.5])) == UNDECIDED
    assert claim_verdict("above", 0.02, t_interval([])) == NOT_RUN
    assert replicates_needed("above", 0.02, t_interval([0.5])) is None


def test_how_many_replicates_are_needed():
    # sd 0.02, 0.02 from the cut: by simulation the smallest n at which a paired t test has a power of 0.8
    effect = Interval(5, 0.04, 0.02, 0.0152, 0.0648)
    n = replicates_needed("above", 0.02, effect)
    assert n is not None and 9 <= n <= 11
    random = np.random.default_rng(0)
    verdicts = [claim_verdict("above", 0.02, t_interval(random.normal(0.04, 0.02, n))) for _ in range(400)]
    assert 0.74 < verdicts.count(SUPPORTED) / 400 < 0.9
    assert replicates_needed("above", 0.02, Interval(5, 0.02, 0.02, 0, 0.04)) is None  # the mean is at the cut


KINDS = ("above", "below", "equivalent", "small rise")
# The effect in smallest effects of interest, and the verdicts that are wrong then.
TRUTHS = {
    "above": {
        0: {SUPPORTED, REFUTED},
        0.9: {SUPPORTED, REFUTED},
        3: {REFUTED, NO_DIFFERENCE},
        -3: {SUPPORTED, NO_DIFFERENCE},
    },
    "below": {
        0: {SUPPORTED, REFUTED},
        0.9: {SUPPORTED, REFUTED},
        3: {SUPPORTED, NO_DIFFERENCE},
        -3: {REFUTED, NO_DIFFERENCE},
    },
    "equivalent": {0: {REFUTED}, 0.9: {REFUTED}, 1.1: {SUPPORTED, NO_DIFFERENCE}, 3: {SUPPORTED, NO_DIFFERENCE}},
    "small rise": {
        0: {SUPPORTED},
        0.5: {REFUTED},
        1.1: {SUPPORTED, NO_DIFFERENCE},
        3: {SUPPORTED, NO_DIFFERENCE},
        -3: {SUPPORTED},
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sd", [0.005, 0.014])
def test_of_known_truth_at_most_one_in_twenty_verdicts_is_wrong(kind, sd):
    random = np.random.default_rng(3)
    for truth, wrong in TRUTHS[kind].items():
        verdicts = [claim_verdict(kind, 0.02, t_interval(random.normal(0.02 * truth, sd, 5))) for _ in range(200)]
        assert sum(verdict in wrong for verdict in verdicts) <= 10, (kind, truth)


def test_a_claim_says_when_it_is_supported():
    claim = Claim("k", "2", "q", "r", "nats", 0.02, "small rise", lambda _: pd.Series(dtype=float))
    assert claim.supported_when == "between 0 and +0.02 nats"
