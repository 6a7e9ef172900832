"""Runs of several processes: they train as one does, and the end of one is the end of all. The kills are real ones."""

import datetime
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from process_targets import ExitsWhenUnpickled, die, fall_silent, reduce_and_gather
from test_training import SETTINGS, assert_same, config, in_child

from charrnn import run
from charrnn.config import TrainConfig
from charrnn.errors import UserError
from charrnn.learning import callbacks, processes, trainer, training
from charrnn.learning.data import IGNORED
from charrnn.learning.module import LitCharRNN
from charrnn.learning.prepare import prepare
from charrnn.learning.processes import ProcessGroup, ProcessLost, launch_processes

ROOT = Path(__file__).resolve().parents[2]
TWO = {"trainer": {"devices": 2}}


def others(pid: int) -> list[int]:
    """The further processes of the run that was started as `pid`."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"_read_and_run" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_every_character_is_one_process_target_once_an_epoch():
    data, _ = training._built(config(), prepared := prepare(config().data))
    seen = 0
    for _, targets in data.train_dataloader():
        shards = [ProcessGroup(rank, 2).shard(targets) for rank in range(2)]
        assert torch.equal(torch.cat(shards), targets)
        seen += sum(int((shard != IGNORED).sum()) for shard in shards)
    assert seen == len(prepared.train)


def test_all_processes_receive_the_same_sums_and_parts(tmp_path):
    for command in ("first", "second"):  # as in a sweep, where one process starts several runs
        with launch_processes(2, reduce_and_gather, tmp_path / command) as group:
            reduce_and_gather(group, tmp_path / command)
        for rank in (0, 1):
            summed, scalar, gathered = torch.load(tmp_path / f"{command}.{rank}")
            assert summed.tolist() == [[3.0, 6.0]] and float(scalar) == 10.0
            assert torch.equal(gathered, torch.arange(12).view(1, 4, 3))


def test_a_process_that_died_is_noticed_at_once():
    started = time.monotonic()
    with pytest.raises(ProcessLost, match="the same command continues it"), launch_processes(2, die) as group:
        group.all_reduce([torch.zeros(1)])
    with (
        pytest.raises(ProcessLost, match="expected 2 processes to start"),
        launch_processes(2, die, ExitsWhenUnpickled()),
    ):
        pass
    assert time.monotonic() - started < processes.TIMEOUT.total_seconds() / 3


@pytest.mark.slow
def test_a_silent_process_is_given_up(monkeypatch):
    monkeypatch.setattr(processes, "TIMEOUT", datetime.timedelta(seconds=10))
    with pytest.raises(ProcessLost, match="fell silent"), launch_processes(2, fall_silent) as group:
        group.all_reduce([torch.zeros(1)])


def test_streams_that_cannot_be_shared_are_refused():
    with pytest.raises(UserError, match=r"divides data\.batch_size"):
        config(trainer={"devices": 3})


@pytest.mark.parametrize(
    ("wanted", "devices", "gpus", "expected"),
    [
        ("cpu", 2, 8, "cpu"),
        ("auto", 1, 0, "auto"),
        ("auto", 2, 0, "cpu"),
        ("auto", 2, 2, "gpu"),
        ("auto", 2, 1, "at most 1, the GPUs that torch finds here, got 2"),
        ("gpu", 2, 1, "at most 1, the GPUs that torch finds here, got 2"),
        ("gpu", 2, 0, "torch finds none here"),
        ("cuda", 1, 1, "gpu"),
        ("cuda", 1, 0, "torch finds none here"),
        ("mps", 1, 0, "GPU of a Mac, but torch finds none here"),
    ],
)
def test_the_devices_are_gpus_where_there_are_enough(monkeypatch, wanted, devices, gpus, expected):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    settings = config(trainer={"accelerator": wanted, "devices": devices})
    if " " not in expected:
        assert trainer._accelerator(settings.trainer) == expected
        return
    with pytest.raises(UserError, match=expected):
        trainer._accelerator(settings.trainer)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_two_processes_train_like_one(tmp_path, setting):
    changes = SETTINGS[setting] | {"regularization": {"dropout": 0.0}}
    assert in_child(lambda: training.train(config(**changes), tmp_path / "one", "")) == 0
    assert in_child(lambda: training.train(config(**changes, **TWO), tmp_path / "two", "")) == 0
    one, two = (pd.read_csv(tmp_path / name / "metrics.csv") for name in ("one", "two"))
    # But for rounding the very same sums.
    assert (one[["train/loss", "val/loss"]] - two[["train/loss", "val/loss"]]).abs().max().max() < 1e-5
    weights = [torch.load(tmp_path / name / "last.ckpt", weights_only=True) for name in ("one", "two")]
    for key, value in weights[0]["state_dict"].items():
        assert torch.allclose(value, weights[1]["state_dict"][key], atol=1e-3)
    assert weights[0]["carried"]["state"].shape == weights[1]["carried"]["state"].shape


def end_by_signal(folder: Path, what: TrainConfig, signum: int, *, rank: int) -> int:
    """Start the run, send the signal to its process `rank` four blocks later; the exit status."""

    def interrupted() -> None:
        step, calls = LitCharRNN.training_step, iter(range(1, 1000))

        def signalled(*args):
            if next(calls) == 4:
                os.kill([os.getpid(), *others(os.getpid())][rank], signum)
            return step(*args)

        LitCharRNN.training_step = signalled
        try:
            training.train(what, folder, "python train.py")
        except training.Interrupted as stop:
            os._exit(stop.signum)

    started = time.monotonic()
    status = in_child(interrupted)
    assert time.monotonic() - started < processes.TIMEOUT.total_seconds() / 3
    return status


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["rnn", "lstm"])
def test_a_run_of_two_processes_resumes_exactly_whichever_is_killed(tmp_path, monkeypatch, setting):
    monkeypatch.setattr(callbacks, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    what = config(**SETTINGS[setting], **TWO)
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0
    folder = tmp_path / "killed"
    assert end_by_signal(folder, what, signal.SIGKILL, rank=0) == signal.SIGKILL
    assert not run.is_running(folder)
    assert os.waitstatus_to_exitcode(end_by_signal(folder, what, signal.SIGKILL, rank=1)) == 1
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "failed" and "the same command continues it" in status["error"]
    assert os.waitstatus_to_exitcode(end_by_signal(folder, what, signal.SIGTERM, rank=0)) == signal.SIGTERM
    assert in_child(lambda: training.train(what, folder, "")) == 0
    assert_same(tmp_path / "whole", folder)


@pytest.mark.slow
def test_the_other_processes_end_with_the_first(tmp_path):
    what = config(max_epochs=500, **TWO)
    pid = os.fork()
    if pid == 0:
        training.train(what, tmp_path / "run", "")
        os._exit(0)
    end = time.monotonic() + 60
    while not (tmp_path / "run" / "metrics.csv").exists():
        assert time.monotonic() < end
        time.sleep(0.1)
    further = others(pid)
    assert len(further) == 1
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    end = time.monotonic() + 5
    while any(Path(f"/proc/{process}/cmdline").exists() for process in further):
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "cores"])
def test_every_run_of_a_sweep_starts_processes_of_its_own(tmp_path, launcher):
    """After a run that had threads, and below a launcher's worker."""
    command = [sys.executable, ROOT / "train.py", "-m", "trainer=smoke", "trainer.threads=2", "trainer.devices=1,2"]
    command += ["data=file", f"data.path={ROOT / 'tests' / 'tunes.abc'}", "data.batch_size=4", "data.seq_len=5"]
    command += ["model.hidden=8", f"hydra/launcher={launcher}", f"runs_dir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    one, two = (json.loads(file.read_text())["best_val_loss"] for file in tmp_path.glob("*/result.json"))
    assert abs(one - two) < 1e-5
