"""Epoch times beside the runs: which settings share one, and what a new timing leaves alone."""

import pandas as pd

from charrnn.studies.epoch_times import read_epoch_times, seconds_by_setting, timing_key, write_epoch_times


def rows(setting: str, *seconds: float) -> list[dict]:
    return [{"setting": setting, "turn": turn, "seconds": s, "cpu_share": 0.5} for turn, s in enumerate(seconds)]


def test_a_new_timing_replaces_its_own_settings_only(tmp_path):
    write_epoch_times(tmp_path, [*rows("a", 1.0, 2.0), *rows("b", 3.0)])
    file = write_epoch_times(tmp_path, rows("a", 5.0))
    assert file == tmp_path / "epoch_time.csv"
    times = read_epoch_times(tmp_path)
    assert seconds_by_setting(times) == {"a": [5.0], "b": [3.0]}
    assert seconds_by_setting(times, cpu=True) == {"a": [2.5], "b": [1.5]}


def test_without_a_file_or_with_a_damaged_one_nothing_was_timed(tmp_path):
    assert seconds_by_setting(read_epoch_times(tmp_path)) == {}
    (tmp_path / "epoch_time.csv").write_text("")
    assert seconds_by_setting(read_epoch_times(tmp_path)) == {}


def test_a_setting_is_what_changes_the_time_of_an_epoch():
    settings = {"model.hidden": 50, "optim.lr": 0.01, "seed": 0, "trainer.patience": None, "state": "finished"}
    same = {**settings, "seed": 3, "trainer.patience": 3, "trainer.max_epochs": 7}
    assert timing_key(settings) == timing_key(same) != timing_key({**settings, "model.hidden": 51})
    # a DataFrame's row has 50.0 for 50
    assert timing_key(settings) == timing_key(pd.Series({**settings, "model.hidden": 50.0}).to_dict())
