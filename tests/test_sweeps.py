"""Sweeps as real commands: what they say beforehand, what they leave, and what happens when a process dies."""

import json
import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT, SMOKE, Commands

from charrnn import run

FAST = (*SMOKE, "trainer.limit_blocks=1")
# Long enough to be interrupted, short enough to wait for: some seconds a run.
LONG = (*SMOKE[:2], "trainer.max_epochs=100", "trainer.patience=null", "model.hidden=20")


def weights_and_metrics(folder: Path) -> tuple[bytes, str]:
    metrics = pd.read_csv(folder / "metrics.csv").drop(columns=["seconds", "chars_per_second"])
    result = json.loads((folder / "result.json").read_text())
    kept = {k: v for k, v in result.items() if k != "seconds"}
    return (folder / "best.ckpt").read_bytes(), metrics.to_csv() + json.dumps(kept, sort_keys=True)


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def workers_of(process: subprocess.Popen) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, command in commands.items() if b"popen_loky" in command]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def training(commands: Commands) -> list[Path]:
    return [folder for folder in commands.runs() if (folder / "metrics.csv").exists()]


def test_a_sweep_leaves_a_manifest_that_runs_it_again(commands: Commands):
    grid = ("-m", "model.hidden=20,30", *FAST)
    for _ in range(2):
        assert commands.run("train", *grid).returncode == 0
    (file,) = (commands.home / "runs" / "sweeps").glob("*.yaml")
    manifest = yaml.safe_load(file.read_text())
    assert re.fullmatch(r"hidden_[0-9a-f]{8}", file.stem)
    assert sorted(manifest["runs"]) == [folder.name for folder in commands.runs()]
    assert len(manifest["called"]) == 2 and manifest["versions"]["torch"]
    program, *arguments = manifest["command"].split()[1:]
    assert program == str(ROOT / "train.py") and tuple(arguments) == grid


def test_a_dry_run_says_what_is_done_and_what_is_left_and_trains_nothing(commands: Commands):
    done = commands.run("train", "-m", "model.hidden=20,30", *FAST, "trainer.max_epochs=2")
    assert done.returncode == 0, done.stderr
    before = {path: path.stat().st_mtime_ns for path in commands.home.rglob("*") if path.is_file()}
    cut = commands.runs()[0]
    (cut / "result.json").unlink()
    grid = ("-m", "model.hidden=20,30,40", *FAST, "trainer.max_epochs=2", "dry_run=true")
    listed = commands.run("train", *grid)
    assert listed.returncode == 0, listed.stderr
    rows = [line.split() for line in listed.stdout.splitlines() if line.startswith("data-file")]
    assert [row[1] for row in rows] == ["resumable", "finished", "new"]
    # 63 characters: H (63 + H + 2) + 63 (H + 1) parameters
    assert [row[2] for row in rows] == ["3,023", "4,803", "6,783"]
    assert [row[3] for row in rows] == ["2/2", "2/2", "0/2"] and rows[1][4] == "-"
    assert "3 runs: 1 finished, 1 resumable, 1 new" in listed.stdout
    assert re.search(r"about \d+ s left, by the speed of 2 runs on disk", listed.stdout)
    after = {path: path.stat().st_mtime_ns for path in commands.home.rglob("*") if path.is_file()}
    assert after == {path: when for path, when in before.items() if path != cut / "result.json"}


def test_a_dry_run_of_a_bad_grid_is_refused_and_never_imports_torch(commands: Commands, monkeypatch):
    assert "model.hidden" in commands.refused("train", "-m", "model.hidden=20,0", "dry_run=true")
    assert "true or false" in commands.refused("train", "dry_run=maybe")
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    done = commands.run("train", "-m", "model.hidden=20,30", *FAST, "dry_run=true")
    assert done.returncode == 0
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "hydra" in imported and "torch" not in imported


def test_runs_side_by_side_end_as_one_after_the_other_with_a_line_each(commands: Commands):
    grid = ("-m", "model.hidden=20,30", "seed=0,1", *FAST, "trainer.max_epochs=2")
    assert commands.run("train", *grid, "runs_dir=alone").returncode == 0
    done = commands.run("train", *grid, "hydra/launcher=cores")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    numbered = [line for line in lines if re.match(r"\d of 4 ", line)]
    assert len(numbered) == 4 and all(re.search(r"best epoch \d of 2 .*nats$", line) for line in numbered)
    assert not any(line.startswith(("epoch", "data ")) for line in lines)
    for folder in commands.runs():
        assert weights_and_metrics(folder) == weights_and_metrics(commands.home / "alone" / folder.name)


def test_a_failed_run_beside_others_is_one_line_and_listed(commands: Commands):
    grid = ("-m", "optim=sgd", "optim.lr=0.1,1e38", "optim.gradient_clip=1e30", *SMOKE, "hydra/launcher=cores")
    done = commands.run("train", *grid)
    assert done.returncode == 1 and re.search(r"^\d of 2 .*failed: .*epoch 1", done.stdout, re.MULTILINE)
    assert f"rerun  python {ROOT / 'train.py'} optim=sgd optim.lr=1e" in done.stderr


def test_a_sweep_that_fails_whole_lists_every_failure_whatever_becomes_of_its_comparison(commands: Commands):
    (commands.home / "report").touch()
    grid = ("-m", "seed=0,1", "optim=sgd", "optim.lr=1e38", "optim.gradient_clip=1e30", *SMOKE)
    done = commands.run("train", *grid)
    assert done.returncode == 1 and done.stderr.count(f"rerun  python {ROOT / 'train.py'}") == 2
    assert "no comparison: " in done.stderr and "Traceback" not in done.stderr


def test_a_finished_run_called_again_says_what_it_said(commands: Commands):
    first, again = (commands.run("train", *FAST, "seed=3") for _ in range(2))
    assert again.returncode == 0 and "finished  " in again.stdout
    assert first.stdout[first.stdout.index("best  ") :] == again.stdout[again.stdout.index("best  ") :]


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_workers_never_train_on_after_their_parent(commands: Commands, signum: int, code: int):
    grid = ("-m", "seed=0,1", *LONG, "hydra/launcher=cores")
    with commands.start("train", *grid) as process:
        wait_for(lambda: len(training(commands)) == 2)
        workers = workers_of(process)
        assert len(workers) == 2
        process.send_signal(signum)
        end = time.monotonic() + 5
        assert process.wait(timeout=10) == code
        wait_for(lambda: not any(map(is_alive, workers)), end - time.monotonic())
        process.communicate()
    assert not any((folder / "result.json").exists() for folder in commands.runs())


@pytest.mark.slow
def test_after_a_killed_worker_the_sweep_goes_on_with_new_ones(commands: Commands):
    with commands.start("train", "-m", "seed=0,1,2", *LONG, "hydra/launcher=cores") as process:
        wait_for(lambda: len(training(commands)) == 2)
        os.kill(workers_of(process)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "a worker process was killed" in out and "Traceback" not in err
    assert len([folder for folder in commands.runs() if (folder / "result.json").exists()]) == 3


def test_two_sweeps_at_once_train_each_run_once(commands: Commands):
    grid = ("-m", "seed=0,1", *FAST, "trainer.max_epochs=20")
    with commands.start("train", *grid) as one, commands.start("train", *grid) as other:
        assert [one.communicate(timeout=120)[1], other.communicate(timeout=120)[1]] == ["", ""]
    assert (one.returncode, other.returncode) == (0, 0)
    for folder in commands.runs():
        log = (folder / "train.log").read_text()
        assert len(re.findall(r"epoch +1 ", log)) == 1 and log.count("network ") == 1


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "cores"])
def test_a_sweep_killed_five_times_ends_like_an_undisturbed_one(commands: Commands, launcher: str):
    grid = ("-m", "model.hidden=20,30", "model=rnn,lstm", "regularization.dropout=0.2", *LONG[:-1])
    assert commands.run("train", *grid, "runs_dir=alone").returncode == 0
    moments = random.Random(0)
    for _ in range(5):
        # No pipe: a worker that was given nothing to do yet would keep it open.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with commands.start("train", *grid, f"hydra/launcher={launcher}", **quiet) as process:
            time.sleep(moments.uniform(1.5, 7))
            process.kill()
        # However early the moment, while a worker was still starting too, nobody trains on.
        wait_for(lambda: not any(map(run.is_running, commands.runs())), 5)
        time.sleep(1)
        assert not any(map(run.is_running, commands.runs()))
    assert commands.run("train", *grid, f"hydra/launcher={launcher}").returncode == 0
    assert len(commands.runs()) == 4
    for folder in commands.runs():
        assert weights_and_metrics(folder) == weights_and_metrics(commands.home / "alone" / folder.name)
