"""Intervals, p-values and verdicts, against worked examples and fabricated runs of a known truth."""

import math

import numpy as np
import pytest
from scipy import stats

from charrnn.studies.inference import (
    FAMILYWISE_ERROR,
    Interval,
    comparison_verdict,
    detectable_difference,
    holm_adjust,
    p_value,
    t_interval,
)


def test_a_t_interval_is_that_of_the_textbook():
    # Student's sleep data, second drug minus first: mean 1.58, 95 % from 0.70 to 2.46 (R's t.test)
    sleep = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    interval = t_interval(sleep)
    assert (interval.n, interval.mean) == (10, pytest.approx(1.58))
    assert (interval.low, interval.high) == (pytest.approx(0.7001142), pytest.approx(2.4598858))
    assert p_value(interval) == pytest.approx(0.002833, rel=1e-3)


def test_one_number_has_no_interval_and_no_number_no_mean():
    one = t_interval([1.4, math.nan])
    assert (one.n, one.mean) == (1, 1.4) and math.isnan(one.sd) and math.isnan(one.low)
    assert t_interval([]).n == 0 and math.isnan(t_interval([]).mean)
    assert math.isnan(p_value(one)) and comparison_verdict(one, math.nan) == "n=1: no verdict"


def test_holms_adjustment_is_that_of_the_textbook_and_ignores_what_has_no_p():
    # R: p.adjust(c(0.01, 0.04, 0.03), "holm")
    assert holm_adjust([0.01, math.nan, 0.04, 0.03]) == [pytest.approx(0.03), pytest.approx(math.nan, nan_ok=True),
                                                   pytest.approx(0.06), pytest.approx(0.06)]  # fmt: skip


def test_the_detectable_difference_is_detected_four_times_out_of_five():
    sd, n, random = 0.014, 5, np.random.default_rng(0)
    for comparisons in (1, 4):
        draws = random.normal(detectable_difference(n, sd, comparisons), sd, (20_000, n))
        t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / n**0.5)
        assert (2 * stats.t.sf(t, n - 1) * comparisons <= FAMILYWISE_ERROR).mean() == pytest.approx(0.8, abs=0.01)
    assert math.isnan(detectable_difference(1, math.nan, 1)) and math.isnan(detectable_difference(3, 0.0, 1))
    assert detectable_difference(2, sd, 20) > detectable_difference(2, sd, 1) > 0.1


def test_equal_differences_are_certain_and_no_difference_at_all_is_none():
    same, none = Interval(3, -0.1, 0.0, -0.1, -0.1), Interval(3, 0.0, 0.0, 0.0, 0.0)
    assert (
        comparison_verdict(same, p_value(same)) == "better"
        and comparison_verdict(none, p_value(none)) == "not distinguishable"
    )


@pytest.mark.parametrize(("n", "sees_a_tenth"), [(2, 0.3), (3, 0.9), (5, 0.99), (10, 1.0)])
def test_verdicts_on_runs_of_a_known_truth_are_hardly_ever_wrong(n: int, sees_a_tenth: float):
    random, draws, wrong, seen = np.random.default_rng(n), 4000, 0, 0
    for _ in range(draws):
        by_chance = random.normal(0, 0.01, n) - random.normal(0, 0.01, n)
        none, tenth = t_interval(by_chance), t_interval(by_chance - 0.1)
        wrong += comparison_verdict(none, p_value(none)) in ("better", "worse")
        seen += comparison_verdict(tenth, p_value(tenth)) == "better"
    assert wrong <= 0.05 * draws and seen >= sees_a_tenth * draws
