"""Runs that are killed, stopped, damaged or repeated end as if nothing had happened. The kills are real ones."""

import itertools
import json
import os
import random
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from runs import SETTINGS, assert_same, config, in_child

from charrnn import run
from charrnn.errors import UserError
from charrnn.learning import callbacks, training
from charrnn.learning.callbacks import Checkpoints
from charrnn.learning.metrics import COLUMNS, Metrics
from charrnn.learning.module import LitCharRNN


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_run_killed_again_and_again_ends_like_an_undisturbed_one(tmp_path, monkeypatch, setting):
    monkeypatch.setattr(callbacks, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    what = config(**SETTINGS[setting])
    started = time.monotonic()
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0
    length = time.monotonic() - started
    chance = random.Random(setting)
    kills = 0
    while not (tmp_path / "killed" / "result.json").exists():
        kills += 1
        # Later and later, so that it ends; the first kills fall anywhere in the run.
        in_child(
            lambda: training.train(what, tmp_path / "killed", ""),
            kill_after=chance.uniform(0.1, 0.5 + kills / 10) * length,
        )
    assert kills > 1
    assert_same(tmp_path / "whole", tmp_path / "killed")


POINTS = {
    "inside a block": (LitCharRNN, "training_step", 4),
    "after the last block of an epoch": (LitCharRNN, "on_validation_epoch_start", 2),
    "inside validation": (LitCharRNN, "validation_step", 2),
    "before the best checkpoint": (Checkpoints, "on_validation_end", 2),
    "between the best and the last checkpoint": (Checkpoints, "on_train_epoch_end", 2),
    "before metrics.csv": (Metrics, "append", 2),
    "before the result": (training, "make_result", 1),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_a_chosen_moment_ends_like_an_undisturbed_one(tmp_path, monkeypatch, point):
    monkeypatch.setattr(callbacks, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    what = config(**SETTINGS["lstm"])
    owner, name, call = POINTS[point]

    def killed() -> None:
        whole, calls = getattr(owner, name), iter(range(1, 1000))

        def dies(*args, **kwargs):
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(*args, **kwargs)

        setattr(owner, name, dies)
        training.train(what, tmp_path / "killed", "")

    assert in_child(killed) == signal.SIGKILL
    assert not (tmp_path / "killed" / "result.json").exists()
    assert in_child(lambda: training.train(what, tmp_path / "killed", "")) == 0
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0
    assert_same(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
def test_a_run_killed_in_any_block_ends_like_an_undisturbed_one(tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    what = config(**SETTINGS["rnn"])
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0
    for block in range(1, 19):
        folder = tmp_path / f"killed-{block}"

        def killed(block: int = block, folder: Path = folder) -> None:
            whole, calls = LitCharRNN.training_step, iter(range(1, 1000))

            def dies(*args):
                if next(calls) == block:
                    os.kill(os.getpid(), signal.SIGKILL)
                return whole(*args)

            LitCharRNN.training_step = dies
            training.train(what, folder, "")

        assert in_child(killed) == signal.SIGKILL
        assert in_child(lambda folder=folder: training.train(what, folder, "")) == 0
        assert_same(tmp_path / "whole", folder)


def test_early_stopping_counts_on_after_a_kill_and_never_trains_beyond_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    what = config(max_epochs=30, patience=2, lr=0.2)
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0
    result = json.loads((tmp_path / "whole" / "result.json").read_text())
    assert result["stop_reason"] == "patience" and result["last_epoch"] == result["best_epoch"] + 2

    def killed() -> None:
        monkeypatch.setattr(training, "make_result", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        training.train(what, tmp_path / "killed", "")

    assert in_child(killed) == signal.SIGKILL
    assert in_child(lambda: training.train(what, tmp_path / "killed", "")) == 0
    assert_same(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_at_a_block_end_and_the_run_goes_on_exactly(tmp_path, signum):
    what = config()
    assert in_child(lambda: training.train(what, tmp_path / "whole", "")) == 0

    def interrupted() -> None:
        whole, calls = LitCharRNN.training_step, iter(range(1, 1000))

        def signalled(*args):
            if next(calls) == 3:
                os.kill(os.getpid(), signum)
            return whole(*args)

        LitCharRNN.training_step = signalled
        try:
            training.train(what, tmp_path / "stopped", "python train.py")
        except training.Interrupted as stop:
            os._exit(stop.signum)

    assert os.waitstatus_to_exitcode(in_child(interrupted)) == signum
    assert run.read_status(tmp_path / "stopped")["state"] == "stopped"
    assert in_child(lambda: training.train(what, tmp_path / "stopped", "")) == 0
    assert_same(tmp_path / "whole", tmp_path / "stopped")


def test_every_checkpoint_loads_without_running_code_and_the_record_is_complete(tmp_path):
    assert in_child(lambda: training.train(config(), tmp_path / "run", "")) == 0
    for name in ("best.ckpt", "last.ckpt"):
        assert torch.load(tmp_path / "run" / name, weights_only=True)["hyper_parameters"]["vocabulary"]
    metrics = pd.read_csv(tmp_path / "run" / "metrics.csv")
    assert tuple(metrics.columns) == COLUMNS and list(metrics["epoch"]) == [0, 1, 2]
    assert (metrics["seconds"] > 0).all() and (metrics["chars_per_second"] > 0).all()
    assert not [f for f in (tmp_path / "run").iterdir() if f.name == "hparams.yaml" or ".part" in f.name]


def test_tensorboard_reads_back_curves_and_tunes_without_duplicate_steps(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    what = config(trainer={"scores": True})

    def killed() -> None:
        whole, calls = Checkpoints.on_train_epoch_end, iter(range(1, 9))

        def dies(self, trainer, module):
            if next(calls) == 2:
                trainer.logger.experiment.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            whole(self, trainer, module)

        Checkpoints.on_train_epoch_end = dies
        training.train(what, tmp_path / "run", "")

    in_child(killed)
    assert in_child(lambda: training.train(what, tmp_path / "run", "")) == 0
    events = EventAccumulator(str(tmp_path / "run"))
    events.Reload()
    metrics = pd.read_csv(tmp_path / "run" / "metrics.csv")
    for tag in ("train/loss", "val/loss", "val/bpc", "lr"):
        points = events.Scalars(tag)
        assert len({p.step for p in points}) == len(points) == 3
        assert [p.value for p in points] == pytest.approx(list(metrics[tag]), rel=1e-6)
    test = ("test/loss", "test/bpc")
    seen = {
        "block/gradient_norm",
        "block/loss",
        "chars_per_second",
        "seconds",
        "train/loss",
        "val/loss",
        "val/bpc",
        "lr",
    }
    assert set(events.Tags()["scalars"]) == {*seen, *test}
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert [events.Scalars(tag)[0].value for tag in test] == pytest.approx([result["test_loss"], result["test_bpc"]])
    assert any("tunes" in tag for tag in events.Tags()["tensors"])
    for number in "01":
        tune = tmp_path / "run" / "tunes" / f"00{number}"
        (score,) = events.Images(f"best_score/{number}")
        assert score.encoded_image_string.startswith(b"\x89PNG") and score.width > 300
        assert tune.with_suffix(".abc").exists() and tune.with_suffix(".png").exists()
        heard = events.Tags()["audio"]
        assert (f"best_sound/{number}" in heard) == tune.with_suffix(".ogg").exists()
        assert any(f"best_tune/{number}" in tag for tag in events.Tags()["tensors"])


def test_metrics_grow_by_their_row_and_checkpoints_by_nothing(tmp_path):
    metrics = Metrics(tmp_path, print)
    row = dict.fromkeys(COLUMNS, 0.125)
    metrics.append(row)
    inode, sizes, states = (tmp_path / "metrics.csv").stat().st_ino, [], []
    for _ in range(50):
        metrics.append(row)
        sizes.append((tmp_path / "metrics.csv").stat().st_size)
        states.append(len(str(metrics.state_dict())))
    assert (tmp_path / "metrics.csv").stat().st_ino == inode
    assert len({after - before for before, after in itertools.pairwise(sizes)}) == 1
    assert max(states) - min(states) <= 1
    assert metrics.seconds() == 51 * 0.125


def test_a_run_without_the_rows_of_its_checkpoint_says_so(tmp_path):
    metrics = Metrics(tmp_path, print)
    for epoch in range(3):
        metrics.append(dict.fromkeys(COLUMNS, epoch))
    resumed = Metrics(tmp_path, print)
    resumed.load_state_dict({"epochs": 2})
    assert list(pd.read_csv(tmp_path / "metrics.csv")["epoch"]) == [0, 1]
    (tmp_path / "metrics.csv").unlink()
    with pytest.raises(UserError, match=r"metrics\.csv' has not the 2 epochs of its checkpoint; put the file back"):
        resumed.load_state_dict({"epochs": 2})
