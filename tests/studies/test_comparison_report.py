"""A folder of runs becomes tables and pictures; fabricated runs, so that every number is known beforehand."""

import fcntl
import math
import os
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from matplotlib.image import imread

from charrnn import run
from charrnn.cli.grid import compose_jobs
from charrnn.config import AnalyzeConfig, TrainConfig, plain, semantic
from charrnn.errors import UserError
from charrnn.studies.comparison_report import report_comparison, timing_key
from charrnn.studies.run_diff import print_run_diff
from charrnn.studies.runs import curve_summary, load_runs, select_runs


def config(tmp_path: Path, **changes) -> AnalyzeConfig:
    typed = [f"runs={tmp_path / 'runs'}", f"report_dir={tmp_path / 'report'}"]
    return replace(compose_jobs("analyze", typed).jobs[0].config, **changes)


def analysed(tmp_path: Path, default: TrainConfig, **changes) -> tuple[Path, pd.DataFrame, pd.DataFrame]:
    folder = report_comparison(config(tmp_path, **changes), semantic(plain(default)))
    return folder, pd.read_csv(folder / "runs.csv"), pd.read_csv(folder / "settings.csv").set_index("setting")


def test_the_measures_of_one_curve():
    val = [2.0, 1.5, 1.6, 1.4, 1.45, 1.41, 1.42, 1.3, 1.35]
    summary = curve_summary(pd.DataFrame({"val/loss": val, "train/loss": [v - 0.1 for v in val]}))
    assert summary == {
        "epochs": 9,
        "best_epoch": 8,
        "best_val_loss": 1.3,
        "end_val_loss": 1.35,
        "best_train_loss": pytest.approx(1.2),
        "end_train_loss": pytest.approx(1.25),
        "patience_3_epoch": 7,
        "patience_3_cost": pytest.approx(0.1),
    }
    never = curve_summary(pd.DataFrame({"val/loss": [2.0, 1.9, 1.95], "train/loss": [2.0, 1.9, 1.8]}))
    assert (never["patience_3_epoch"], never["patience_3_cost"]) == (3, 0.0)


def test_a_comparison_over_seeds(tmp_path, default_config, fabricate, capsys):
    for seed in range(3):
        fabricate([1.8, 1.6 + 0.01 * seed, 1.7], hidden=50, seed=seed)
        fabricate([1.7, 1.4 + 0.01 * seed, 1.5], hidden=100, seed=seed)
    folder, runs, settings = analysed(tmp_path, default_config)
    assert len(runs) == 6 and settings.index.to_list() == ["hidden=50", "hidden=100"]
    row = settings.loc["hidden=50"]
    assert (row["finished"], row["best_epoch"], row["parameters"]) == (3, 2, 500)
    assert row["best_val_loss"] == pytest.approx(1.61) and row["best_val_loss_sd"] == pytest.approx(0.01)
    # t(0.975, 2) = 4.302653 times 0.01 / √3
    assert row["best_val_loss_high"] - row["best_val_loss"] == pytest.approx(4.302653 * 0.01 / math.sqrt(3))
    assert row["difference"] == pytest.approx(0.2) and row["verdict"] == "worse"
    # the base's mean best is 1.41, so the fixed loss is 1.46: one setting reaches it in epoch 2, the other never
    assert settings["epochs_to_loss_n"].to_list() == [0, 3] and settings.loc["hidden=100", "epochs_to_loss"] == 2
    assert "seconds_per_epoch" in settings and settings["seconds_per_epoch"].isna().all()
    names = {file.name for file in folder.iterdir()}
    stems = ("curves_hidden_50", "curves_hidden_100", "curves", "best_loss")
    assert names == {
        "runs.csv",
        "settings.csv",
        "index.html",
        *(f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")),
    }
    for stem in stems:
        picture = imread(folder / f"{stem}.png")
        assert picture.shape[1] >= 1000 and picture[..., :3].std() > 0.02
        assert "nats per character" in (folder / f"{stem}.svg").read_text()
    assert "hidden=50 (3 seeds" in (folder / "curves_hidden_50.svg").read_text()
    assert "n=3" in (folder / "curves.svg").read_text()
    printed = capsys.readouterr().out
    assert (
        "hidden=50  3 1.6100 ±0.0248" in printed and "+0.2000 [+0.2000, +0.2000]" in printed and "6 finished" in printed
    )


def test_two_swept_keys_make_a_heat_map_and_the_same_runs_the_same_bytes(tmp_path, default_config, fabricate):
    for hidden in (50, 100):
        for dropout in (0.0, 0.2):
            fabricate([1.5, 1.4 + hidden / 1000 + dropout], hidden=hidden, dropout=dropout)
    folder, _, settings = analysed(tmp_path, default_config)
    assert settings.index.to_list() == [f"hidden={h} dropout={d}" for h in (50, 100) for d in ("0", "0.2")]
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {"heat_map.png", "heat_map.svg"} <= set(before)
    assert all(number in before["heat_map.svg"].decode() for number in ("1.450", "1.500", "n=1"))
    assert settings["verdict"].to_list().count("n=1: no verdict") == 3
    analysed(tmp_path, default_config)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_every_state_is_told_apart_and_damaged_runs_do_not_stop_the_rest(tmp_path, default_config, fabricate, capsys):
    fabricate([1.5, 1.4])
    failed, stopped, running, damaged, foreign = (fabricate([1.5], seed=seed) for seed in range(1, 6))
    for folder in (failed, stopped, running):
        (folder / "result.json").unlink()
    run.write_status(failed, "failed", "python train.py seed=1", "Diverged: epoch 2, step 7")
    run.write_status(stopped, "stopped", "python train.py seed=2")
    (damaged / "result.json").write_text('{"best_')
    (foreign / "config.yaml").write_text("[not ours")
    with open(running / ".lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _, runs, settings = analysed(tmp_path, default_config)
    states = dict(zip(runs["run"], runs["state"], strict=True))
    assert states.pop(next(name for name in states if "seed-0" in name)) == "finished"
    assert [states[f.name] for f in (failed, stopped, running, damaged, foreign)] == [
        "failed", "stopped", "running", "damaged", "damaged"]  # fmt: skip
    assert settings.loc["all", ["finished", "running", "stopped", "failed"]].to_list() == [1, 1, 1, 1]
    printed = capsys.readouterr().out
    assert "1 finished, 1 running, 1 stopped, 1 failed, 2 damaged" in printed and "Diverged: epoch 2, step 7" in printed


def test_a_sweep_is_found_by_the_beginning_of_its_name_and_knows_what_is_missing(tmp_path, default_config, fabricate):
    there = fabricate([1.5, 1.4], hidden=50)
    fabricate([1.5, 1.4], hidden=75)  # of another sweep
    sweeps = tmp_path / "runs" / "sweeps"
    sweeps.mkdir()
    runs = {there.name: {"model.hidden": 50, "seed": 0}, "hidden-60": {"model.hidden": 60, "seed": 0}}
    (sweeps / "hidden_0a1b2c3d.yaml").write_text(yaml.safe_dump({"runs": runs}))
    folder, table, settings = analysed(tmp_path, default_config, runs=str(tmp_path / "runs" / "hidden"))
    assert folder.name == "hidden_0a1b2c3d" and table["state"].to_list() == ["finished", "missing"]
    assert settings["missing"].to_dict() == {"hidden=50": 0, "hidden=60": 1}
    (sweeps / "hidden_ffffffff.yaml").write_text(yaml.safe_dump({"runs": runs}))
    os.utime(sweeps / "hidden_0a1b2c3d.yaml", (0, 0))
    assert select_runs(str(tmp_path / "runs" / "hidden")).name == "hidden_ffffffff"  # of one name, the last
    with pytest.raises(UserError, match="beginning of hidden_0a1b2c3d, hidden_ffffffff"):
        select_runs(str(tmp_path / "runs" / "hid"))


def test_copies_gaps_and_null_are_no_settings_of_their_own(tmp_path, default_config, fabricate, capsys):
    one = fabricate([1.5, 1.4], seed=0)
    shutil.copytree(one, one.with_name("copy"))
    fabricate([1.5, 1.3], seed=1)
    unfinished = fabricate([1.5, 1.2], seed=2)
    (unfinished / "result.json").unlink()
    run.write_status(unfinished, "finished", "")
    (fabricate([1.5], seed=3) / "metrics.csv").write_text("epoch,train/loss,val/loss\n0,abc,def\n")
    for seed in (0, 1):
        other = fabricate([1.5, 1.1], hidden=75, seed=seed)
        text = (other / "config.yaml").read_text()
        (other / "config.yaml").write_text(
            text.replace("hidden: 75", "hidden: 100").replace("patience: 3", "patience: null")
        )
    _, runs, settings = analysed(tmp_path, default_config)
    assert settings.index.to_list() == ["patience=3", "patience=null"]
    assert settings["finished"].to_list() == [2, 2] and settings["best_val_loss_n"].to_list() == [2, 2]
    assert settings.loc["patience=3", "stopped"] == 1 and (runs["state"] == "damaged").sum() == 2
    assert settings.loc["patience=null", "verdict"] != "base"  # the defaults are the base, null or not
    assert "a copy" in capsys.readouterr().out


def test_a_sweep_without_a_finished_run_is_a_table_of_states(tmp_path, default_config, fabricate, capsys):
    for seed in (0, 1):
        folder = fabricate([1.5], seed=seed)
        (folder / "result.json").unlink()
        (folder / "metrics.csv").unlink()
        run.write_status(folder, "failed", "", "no GPU")
    stale = tmp_path / "report" / "runs" / "heat_map.png"
    stale.parent.mkdir(parents=True)
    stale.touch()
    foreign = stale.with_name("holiday.png")
    foreign.touch()
    _, _, settings = analysed(tmp_path, default_config)
    assert settings.loc["all", "failed"] == 2 and not stale.exists() and foreign.exists()
    assert "2 failed" in capsys.readouterr().out


def test_a_pattern_selects_runs_and_one_that_matches_nothing_is_refused(tmp_path, fabricate):
    one = fabricate([1.5], hidden=50)
    fabricate([1.5], hidden=75)
    assert select_runs(str(tmp_path / "runs" / "hidden-5*")).folders == [one]
    assert select_runs(str(one)).folders == [one]
    for nothing in ("no-such", "runs/none-*"):
        with pytest.raises(UserError, match="leads to no run"):
            select_runs(str(tmp_path / nothing))


def test_losses_that_cannot_be_compared_are_refused_unless_asked_for(tmp_path, default_config, fabricate):
    fabricate([1.5, 1.4], data="ryan")
    fabricate([1.5, 1.4], data="aird")
    with pytest.raises(UserError, match=r"other tunes: data is (ryanryan|airdaird) \(1 runs\), .*mixed=true"):
        report_comparison(config(tmp_path), {})
    _, _, settings = analysed(tmp_path, default_config, mixed=True)
    assert len(settings) == 2
    fabricate([1.5], seed=7, data="aird", numerics=0)
    with pytest.raises(
        UserError, match="another version of our arithmetic: numerics is 1 \\(1 runs\\), 0 \\(1 runs\\)"
    ):
        report_comparison(config(tmp_path, runs=str(tmp_path / "runs" / "*aird*")), {})


def test_seconds_come_from_settings_timed_alone_only(tmp_path, default_config, fabricate, capsys):
    folders = [fabricate([1.7, 1.5, 1.4], hidden=hidden, seed=seed) for hidden in (50, 100) for seed in (0, 1)]
    analysed(tmp_path, default_config)
    assert "python -m charrnn.cli.epoch_time" in capsys.readouterr().out
    keys = [timing_key(semantic(yaml.safe_load((f / "config.yaml").read_text()))) for f in folders]
    assert keys[0] == keys[1] != keys[2]
    times = pd.DataFrame({"setting": [keys[0]] * 3 + [keys[2]], "seconds": [1.0, 2.0, 3.0, 4.0]})
    times.to_csv(tmp_path / "runs" / "epoch_time.csv", index=False)
    folder, _, settings = analysed(tmp_path, default_config, val_loss=1.5)
    assert settings["seconds_per_epoch"].to_list() == [2.0, 4.0] and settings["seconds_to_loss"].to_list() == [4.0, 8.0]
    assert settings.loc["hidden=50", "seconds_per_epoch_high"] == pytest.approx(2 + 4.302653 / math.sqrt(3))
    assert (folder / "loss_against_time.png").exists()


def test_the_difference_of_two_runs(tmp_path, fabricate, capsys):
    one, other = fabricate([1.5, 1.4], hidden=50), fabricate([1.5, 1.3], hidden=75)
    print_run_diff(f"[{one},{other}]")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["model.hidden", "50", "75"] in lines and ["data:", "the", "same"] in lines
    assert ["best_val_loss", "1.4", "1.3"] in lines and ["parameters", "500", "750"] in lines
    assert not any(line[:1] == ["seed"] for line in lines)
    for wrong, message in ((str(one), "expected two run folders"), (f"[{one},{tmp_path}]", "holds no config.yaml")):
        with pytest.raises(UserError, match=message):
            print_run_diff(wrong)


def test_a_run_ended_by_its_own_patience_has_no_cost_of_patience(fabricate):
    folder = fabricate([1.5, 1.4, 1.5, 1.5, 1.5], stop_reason="patience")
    table, epochs = load_runs(select_runs(str(folder)))
    assert table.loc[0, "patience_3_epoch"] == 5 and math.isnan(table.loc[0, "patience_3_cost"])
    assert epochs["epoch"].to_list() == [1, 2, 3, 4, 5]


def test_two_hundred_runs_of_fifty_epochs_are_one_table_and_little_memory(tmp_path, fabricate):
    for hidden in range(50, 90):
        for seed in range(5):
            fabricate([1.4 + 1 / (epoch + 1) + 0.001 * seed for epoch in range(50)], hidden=hidden, seed=seed)
    tracemalloc.start()
    table, epochs = load_runs(select_runs(str(tmp_path / "runs")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(table), len(epochs)) == (200, 10_000) and peak < 50e6
