"""python -m charrnn.cli.epoch_time, as make reproduce types it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
from conftest import Commands


def call(commands: Commands, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "charrnn.cli.epoch_time", *arguments]
    return subprocess.run(command, cwd=commands.home, env=commands.environment(), capture_output=True, text=True)


def test_every_setting_is_timed_once_and_the_comparison_shows_its_seconds(commands: Commands, trained: Path):
    shutil.copytree(trained, commands.home / "runs" / trained.name)
    done = call(commands, "runs")
    assert done.returncode == 0, done.stderr
    assert "rnn 20 x 1, adam, dropout 0" in done.stdout
    assert done.stdout.splitlines()[-1] == f"wrote     {Path('runs') / 'epoch_time.csv'}"
    table = pd.read_csv(commands.home / "runs" / "epoch_time.csv")
    assert list(table.columns) == ["setting", "turn", "seconds", "cpu_share"]
    assert table["setting"].nunique() == 1 and list(table["turn"]) == [0, 1, 2, 3, 4]
    assert (table["seconds"] > 0).all() and (table["cpu_share"] > 0).all()
    again = call(commands, "runs")
    assert again.stdout.startswith("timed     all settings") and "--again" in again.stdout
    assert commands.run("analyze", "runs=runs").returncode == 0
    settings = pd.read_csv(commands.home / "report" / "runs" / "settings.csv")
    assert abs(settings.loc[0, "seconds_per_epoch"] - table["seconds"].mean()) < 1e-9


def test_what_holds_no_run_is_refused_in_one_sentence(commands: Commands):
    done = call(commands, "nowhere")
    assert done.returncode == 2 and done.stderr.startswith("error: runs: expected a folder of runs")
    assert len(done.stderr.splitlines()) == 1
    assert call(commands).returncode == 2
