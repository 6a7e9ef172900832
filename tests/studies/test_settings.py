"""Intervals, differences and verdicts, against worked examples and fabricated runs of a known truth."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from charrnn.errors import UserError
from charrnn.studies.settings import (
    LEVEL,
    Interval,
    choose_base,
    holm,
    label,
    p_value,
    settings_table,
    smallest_difference,
    t_interval,
    varied_keys,
    verdict,
    with_settings,
)


def test_a_t_interval_is_that_of_the_textbook():
    # Student's sleep data, second drug minus first: mean 1.58, 95 % from 0.70 to 2.46 (R's t.test)
    sleep = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    found = t_interval(sleep)
    assert (found.n, found.mean) == (10, pytest.approx(1.58))
    assert (found.low, found.high) == (pytest.approx(0.7001142), pytest.approx(2.4598858))
    assert p_value(found) == pytest.approx(0.002833, rel=1e-3)


def test_one_number_has_no_interval_and_no_number_no_mean():
    one = t_interval([1.4, math.nan])
    assert (one.n, one.mean) == (1, 1.4) and math.isnan(one.sd) and math.isnan(one.low)
    assert t_interval([]).n == 0 and math.isnan(t_interval([]).mean)
    assert math.isnan(p_value(one)) and verdict(one, math.nan) == "n=1: no verdict"


def test_holms_adjustment_is_that_of_the_textbook_and_ignores_what_has_no_p():
    # R: p.adjust(c(0.01, 0.04, 0.03), "holm")
    assert holm([0.01, math.nan, 0.04, 0.03]) == [pytest.approx(0.03), pytest.approx(math.nan, nan_ok=True),
                                                   pytest.approx(0.06), pytest.approx(0.06)]  # fmt: skip


def test_the_smallest_difference_is_seen_four_times_out_of_five():
    sd, n, random = 0.014, 5, np.random.default_rng(0)
    for comparisons in (1, 4):
        draws = random.normal(smallest_difference(n, sd, comparisons), sd, (20_000, n))
        t = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / n**0.5)
        assert (2 * stats.t.sf(t, n - 1) * comparisons <= LEVEL).mean() == pytest.approx(0.8, abs=0.01)
    assert math.isnan(smallest_difference(1, math.nan, 1)) and math.isnan(smallest_difference(3, 0.0, 1))
    assert smallest_difference(2, sd, 20) > smallest_difference(2, sd, 1) > 0.1


def test_equal_differences_are_certain_and_no_difference_at_all_is_none():
    same, none = Interval(3, -0.1, 0.0, -0.1, -0.1), Interval(3, 0.0, 0.0, 0.0, 0.0)
    assert verdict(same, p_value(same)) == "better" and verdict(none, p_value(none)) == "not distinguishable"


def runs(*rows: tuple) -> pd.DataFrame:
    names = ("model.hidden", "optim.name", "seed", "state", "best_val_loss")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows]).assign(run="r")


def test_a_setting_is_what_differs_the_seed_apart():
    table = runs((50, "adam", 0, "finished", 1.5), (50, "adam", 1, "finished", 1.6), (75, "adam", 0, "running", None))
    assert varied_keys(table) == ["model.hidden"]
    assert with_settings(table, ["model.hidden"])["setting"].to_list() == ["hidden=50", "hidden=50", "hidden=75"]
    assert varied_keys(table[:2]) == [] and label({}) == "all"
    assert (
        label({"optim.name": "adam", "optim.lr": 0.001, "trainer.patience": None})
        == "optim=adam lr=0.001 patience=null"
    )


def test_a_missing_run_counts_for_the_setting_it_would_have_had():
    missing = {"run": "m", "state": "missing", "model.hidden": 75, "seed": 0}
    table = pd.concat([runs((50, "adam", 0, "finished", 1.5)), pd.DataFrame([missing])])
    assert varied_keys(table, {"model.hidden"}) == ["model.hidden"]
    settings = settings_table(with_settings(table, ["model.hidden"]), ["model.hidden"], "hidden=50").set_index(
        "setting"
    )
    assert settings.loc["hidden=75", ["finished", "missing"]].to_list() == [0, 1]


def test_the_base_is_nearest_to_the_defaults_or_the_one_asked_for():
    table = with_settings(runs((50, "sgd", 0, "finished", 1.5), (100, "sgd", 0, "finished", 1.4)), ["model.hidden"])
    assert choose_base(table, ["model.hidden"], {"model.hidden": 100}, None) == "hidden=100"
    assert choose_base(table, ["model.hidden"], {"model.hidden": 100}, "hidden=50") == "hidden=50"
    with pytest.raises(UserError, match="base: expected one of hidden=50; hidden=100, got 'hidden=60'"):
        choose_base(table, ["model.hidden"], {}, "hidden=60")


def test_differences_are_paired_by_seed():
    # Seeds differ by far more than settings; seed 3 has no partner.
    a = [(50, "adam", seed, "finished", 1.5 + seed) for seed in range(3)]
    b = [(75, "adam", seed, "finished", 1.4 + seed + 0.001 * seed) for seed in range(4)]
    table = with_settings(runs(*a, *b), ["model.hidden"])
    row = settings_table(table, ["model.hidden"], "hidden=50").set_index("setting").loc["hidden=75"]
    assert (row["pairs"], row["finished"], row["verdict"]) == (3, 4, "better")
    assert row["difference"] == pytest.approx(-0.099) and row["difference_sd"] == pytest.approx(0.001)
    assert row["best_val_loss"] == pytest.approx(np.mean([1.4, 2.401, 3.402, 4.403]))


@pytest.mark.parametrize(("n", "sees_a_tenth"), [(2, 0.3), (3, 0.9), (5, 0.99), (10, 1.0)])
def test_verdicts_on_runs_of_a_known_truth_are_hardly_ever_wrong(n: int, sees_a_tenth: float):
    random, draws, wrong, seen = np.random.default_rng(n), 4000, 0, 0
    for _ in range(draws):
        by_chance = random.normal(0, 0.01, n) - random.normal(0, 0.01, n)
        none, tenth = t_interval(by_chance), t_interval(by_chance - 0.1)
        wrong += verdict(none, p_value(none)) in ("better", "worse")
        seen += verdict(tenth, p_value(tenth)) == "better"
    assert wrong <= 0.05 * draws and seen >= sees_a_tenth * draws


def test_verdicts_of_one_table_hold_together():
    random, draws, wrong = np.random.default_rng(0), 200, 0
    for _ in range(draws):
        rows = [(k, "adam", seed, "finished", random.normal(1.4, 0.01)) for k in range(11) for seed in range(3)]
        table = settings_table(with_settings(runs(*rows), ["model.hidden"]), ["model.hidden"], "hidden=0")
        wrong += table["verdict"].isin(["better", "worse"]).any()
    # read one by one, ten verdicts at 4 % would be wrong somewhere in every third table
    assert wrong <= 0.1 * draws
