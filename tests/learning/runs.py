"""Small runs in processes of their own that may be killed, and what must be the same at their end."""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from charrnn.config import TrainConfig, build

TUNES = Path(__file__).resolve().parents[1] / "tunes.abc"
WHOLE = ("logger", "callbacks")  # given anew, not added to
TENSORBOARD = {"_target_": "charrnn.learning.loggers.TensorBoardEvents", "save_dir": "{folder}"}
SETTINGS = {
    "rnn": {"model": {"cell": "rnn"}, "optim": {"schedule": "constant"}, "regularization": {"dropout": 0.0}},
    "lstm": {"model": {"cell": "lstm"}, "optim": {"schedule": "plateau"}, "regularization": {"dropout": 0.3}},
    "inputs": {
        "data": {"notation": "canonical", "key": "white"},
        "inputs": {"meter": True, "phrase": True, "cond": True},
        "regularization": {"weight_drop": 0.3},
        "optim": {"schedule": "cosine"},
    },
    "gru": {"model": {"cell": "gru"}, "optim": {"schedule": "cosine"}, "regularization": {"dropout": 0.2}},
}


def config(*, max_epochs: int = 3, patience: int | None = None, lr: float = 0.01, **changes: dict) -> TrainConfig:
    base = {
        "data": {
            "source": "file",
            "path": str(TUNES),
            "split": "tunes",
            "clean": False,
            "notation": "raw",
            "key": "as_written",
            "titles": True,
            "split_seed": 0,
            "seq_len": 5,
            "batch_size": 4,
        },
        "model": {"cell": "rnn", "hidden": 8, "layers": 1},
        "inputs": {"meter": False, "phrase": False, "cond": False},
        "regularization": {"dropout": 0.0, "weight_drop": 0.0},
        "optim": {
            "name": "adam",
            "lr": lr,
            "schedule": "constant",
            "gradient_clip": 5,
            "weight_decay": 0,
            "momentum": 0,
        },
        "trainer": {"max_epochs": max_epochs, "patience": patience, "limit_blocks": None},
        "logger": {"tensorboard": TENSORBOARD},
        "callbacks": {},
        "seed": 0,
        "runs_dir": "unused",
        "zip": None,
        "dry_run": False,
    }
    base["trainer"] |= {
        "accelerator": "cpu",
        "threads": 1,
        "scores": False,
        "devices": 1,
        "strategy": "auto",
        "precision": "32",
    }
    return build(
        TrainConfig,
        {
            k: changes.get(k, v) if k in WHOLE else {**v, **changes.get(k, {})} if isinstance(v, dict) else v
            for k, v in base.items()
        },
    )


def in_child(task: Callable[[], object], *, kill_after: float | None = None) -> int:
    """Run `task` in a forked process, killed with -9 after some seconds if it lasts so long; its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            task()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def outcome(folder: Path) -> tuple[dict, dict, pd.DataFrame, dict]:
    """What interruptions must not change: weights of both checkpoints, metrics without times, the result's numbers."""
    best, last = (torch.load(folder / name, weights_only=True) for name in ("best.ckpt", "last.ckpt"))
    result = json.loads((folder / "result.json").read_text())
    numbers = {k: v for k, v in result.items() if k.endswith(("loss", "epoch", "bpc", "reason"))}
    metrics = pd.read_csv(folder / "metrics.csv").drop(columns=["seconds", "chars_per_second"])
    return best["state_dict"], last["state_dict"], metrics, numbers


def assert_same(one: Path, other: Path) -> None:
    (best, last, metrics, numbers), (best2, last2, metrics2, numbers2) = outcome(one), outcome(other)
    pd.testing.assert_frame_equal(metrics, metrics2, check_exact=True)
    assert numbers == numbers2
    for weights, weights2 in ((best, best2), (last, last2)):
        assert all(torch.equal(weights[k], weights2[k]) for k in weights)
