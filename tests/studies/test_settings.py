"""Settings, their differences and verdicts, on fabricated runs of a known truth."""

import numpy as np
import pandas as pd
import pytest

from charrnn.errors import UserError
from charrnn.studies.settings import (
    choose_base,
    setting_label,
    settings_table,
    varied_keys,
    with_setting_column,
)


def runs(*rows: tuple) -> pd.DataFrame:
    names = ("model.hidden", "optim.name", "seed", "state", "best_val_loss")
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows]).assign(run="r")


def test_a_setting_is_what_differs_the_seed_apart():
    table = runs((50, "adam", 0, "finished", 1.5), (50, "adam", 1, "finished", 1.6), (75, "adam", 0, "running", None))
    assert varied_keys(table) == ["model.hidden"]
    assert with_setting_column(table, ["model.hidden"])["setting"].to_list() == ["hidden=50", "hidden=50", "hidden=75"]
    assert varied_keys(table[:2]) == [] and setting_label({}) == "all"
    assert (
        setting_label({"optim.name": "adam", "optim.lr": 0.001, "trainer.patience": None})
        == "optim=adam lr=0.001 patience=null"
    )


def test_a_missing_run_counts_for_the_setting_it_would_have_had():
    missing = {"run": "m", "state": "missing", "model.hidden": 75, "seed": 0}
    table = pd.concat([runs((50, "adam", 0, "finished", 1.5)), pd.DataFrame([missing])])
    assert varied_keys(table, {"model.hidden"}) == ["model.hidden"]
    settings = settings_table(with_setting_column(table, ["model.hidden"]), ["model.hidden"], "hidden=50").set_index(
        "setting"
    )
    assert settings.loc["hidden=75", ["finished", "missing"]].to_list() == [0, 1]


def test_the_base_is_nearest_to_the_defaults_or_the_requested_one():
    table = with_setting_column(
        runs((50, "sgd", 0, "finished", 1.5), (100, "sgd", 0, "finished", 1.4)), ["model.hidden"]
    )
    assert choose_base(table, ["model.hidden"], {"model.hidden": 100}, None) == "hidden=100"
    assert choose_base(table, ["model.hidden"], {"model.hidden": 100}, "hidden=50") == "hidden=50"
    with pytest.raises(UserError, match="base: expected one of hidden=50; hidden=100, got 'hidden=60'"):
        choose_base(table, ["model.hidden"], {}, "hidden=60")


def test_differences_are_paired_by_seed():
    # Seeds differ by far more than settings; seed 3 has no partner.
    a = [(50, "adam", seed, "finished", 1.5 + seed) for seed in range(3)]
    b = [(75, "adam", seed, "finished", 1.4 + seed + 0.001 * seed) for seed in range(4)]
    table = with_setting_column(runs(*a, *b), ["model.hidden"])
    row = settings_table(table, ["model.hidden"], "hidden=50").set_index("setting").loc["hidden=75"]
    assert (row["pairs"], row["finished"], row["verdict"]) == (3, 4, "better")
    assert row["difference"] == pytest.approx(-0.099) and row["difference_sd"] == pytest.approx(0.001)
    assert row["best_val_loss"] == pytest.approx(np.mean([1.4, 2.401, 3.402, 4.403]))


def test_verdicts_of_one_table_hold_together():
    random, draws, wrong = np.random.default_rng(0), 200, 0
    for _ in range(draws):
        rows = [(k, "adam", seed, "finished", random.normal(1.4, 0.01)) for k in range(11) for seed in range(3)]
        table = settings_table(with_setting_column(runs(*rows), ["model.hidden"]), ["model.hidden"], "hidden=0")
        wrong += table["verdict"].isin(["better", "worse"]).any()
    # read one by one, ten verdicts at 4 % would be wrong somewhere in every third table
    assert wrong <= 0.1 * draws


def test_inputs_are_named_together():
    read = {"inputs.meter": True, "inputs.phrase": True, "inputs.cond": False, "model.hidden": 50}
    assert setting_label(read) == "inputs=meter+phrase hidden=50"
    assert setting_label(dict.fromkeys(["inputs.meter", "inputs.cond"], False)) == "inputs=chars"
    runs = pd.DataFrame({"state": "finished", "inputs.meter": [True, True], "inputs.phrase": [False, True]})
    assert list(with_setting_column(runs, ["inputs.phrase"])["setting"]) == ["inputs=meter", "inputs=phrase+meter"]
