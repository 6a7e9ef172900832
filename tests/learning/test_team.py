"""Runs of several processes: the same training as in one, and the end of one process is the end of all. The kills are
real ones."""

import json
import os
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from test_training import SETTINGS, assert_same, config, in_child

from charrnn import run
from charrnn.config import TrainConfig
from charrnn.errors import UserError
from charrnn.learning import callbacks, team, training
from charrnn.learning.data import IGNORED
from charrnn.learning.module import LitCharRNN
from charrnn.learning.prepare import prepare
from charrnn.learning.team import Team

TWO = {"trainer": {"processes": 2}}


def others(pid: int) -> list[int]:
    """The further processes of a run that `pid` leads."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_every_character_is_one_process_target_once_an_epoch():
    data, _ = training._built(config(), prepared := prepare(config().data))
    seen = 0
    for _, targets in data.train_dataloader():
        shares = [Team(rank, 2).share(targets) for rank in range(2)]
        assert torch.equal(torch.cat(shares), targets)
        seen += sum(int((share != IGNORED).sum()) for share in shares)
    assert seen == len(prepared.train)


def add_and_gather(members: Team, file: Path) -> None:
    tensors = [torch.tensor([[1.0, 2.0]]) * (members.rank + 1), torch.tensor(5.0)]
    members.add_up(tensors)
    whole = torch.arange(12).view(1, 4, 3)
    gathered = members.gather(members.share(whole, dim=1), dim=1)
    torch.save([*tensors, gathered], file.with_suffix(f".{members.rank}"))


def test_processes_add_up_and_gather_to_the_same_bits(tmp_path):
    with team.leading(2, add_and_gather, tmp_path / "found") as members:
        add_and_gather(members, tmp_path / "found")
    for rank in "01":
        summed, scalar, gathered = torch.load(tmp_path / f"found.{rank}")
        assert summed.tolist() == [[3.0, 6.0]] and float(scalar) == 10.0
        assert torch.equal(gathered, torch.arange(12).view(1, 4, 3))


def dies(members: Team) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def falls_silent(members: Team) -> None:
    time.sleep(600)


def test_a_process_that_died_or_fell_silent_is_noticed(monkeypatch):
    with pytest.raises(team.Lost, match="the same command continues it"), team.leading(2, dies) as members:
        members.add_up([torch.zeros(1)])
    started = time.monotonic()
    with pytest.raises(team.Lost), team.leading(2, falls_silent) as members:
        members._group._set_default_timeout(pd.Timedelta(seconds=2).to_pytimedelta())
        members.add_up([torch.zeros(1)])
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"trainer": {"processes": 3}}, "divides data.batch_size"),
        ({"trainer": {"processes": 2, "accelerator": "auto"}}, "give trainer.accelerator=cpu"),
    ],
)
def test_what_cannot_be_shared_is_refused(changes, told):
    with pytest.raises(UserError, match=told):
        config(**changes)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_two_processes_train_like_one(tmp_path, setting):
    changes = SETTINGS[setting] | {"regularization": {"dropout": 0.0}}
    assert in_child(lambda: training.train(config(**changes), tmp_path / "one", "")) == 0
    assert in_child(lambda: training.train(config(**changes, **TWO), tmp_path / "two", "")) == 0
    one, two = (pd.read_csv(tmp_path / name / "metrics.csv") for name in ("one", "two"))
    # But for rounding the very same sums.
    assert (one[["train/loss", "val/loss"]] - two[["train/loss", "val/loss"]]).abs().max().max() < 1e-4
    weights = [torch.load(tmp_path / name / "last.ckpt", weights_only=True) for name in ("one", "two")]
    for key, value in weights[0]["state_dict"].items():
        assert torch.allclose(value, weights[1]["state_dict"][key], atol=1e-3)
    assert weights[0]["carried"]["state"].shape == weights[1]["carried"]["state"].shape


def killed(folder: Path, what: TrainConfig, signum: int, *, follower: bool) -> int:
    """Start the run, send the signal to its first or its second process in the second epoch; the exit status."""

    def interrupted() -> None:
        whole, calls = LitCharRNN.training_step, iter(range(1, 1000))

        def signalled(*args):
            if next(calls) == 9:
                os.kill(others(os.getpid())[0] if follower else os.getpid(), signum)
            return whole(*args)

        LitCharRNN.training_step = signalled
        try:
            training.train(what, folder, "python train.py")
        except training.Interrupted as stop:
            os._exit(stop.signum)

    started = time.monotonic()
    status = in_child(interrupted)
    assert time.monotonic() - started < 60
    return status


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["rnn", "lstm"])
def test_a_run_of_two_processes_goes_on_exactly_whichever_is_killed(tmp_path, monkeypatch, setting):
    monkeypatch.setattr(callbacks, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    what = config(**SETTINGS[setting], **TWO)
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0
    folder = tmp_path / "killed"
    assert killed(folder, what, signal.SIGKILL, follower=False) == signal.SIGKILL
    assert not run.is_running(folder)
    assert killed(folder, what, signal.SIGKILL, follower=True) != 0
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "failed" and "the same command continues it" in status["error"]
    assert os.waitstatus_to_exitcode(killed(folder, what, signal.SIGTERM, follower=False)) in (0, signal.SIGTERM)
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
    members = others(pid)
    assert len(members) == 1
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    end = time.monotonic() + 5
    while any(Path(f"/proc/{member}/cmdline").exists() for member in members):
        assert time.monotonic() < end
        time.sleep(0.1)
