"""Lightning's own loggers and callbacks beside ours, and a plain Trainer of a user's."""

import importlib.util
import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import pytorch_lightning as pl
import torch
from conftest import ROOT, SMOKE, TUNES, Commands
from runs import config, in_child
from test_module import corpus, module

from charrnn import run
from charrnn.config import TrainConfig, semantic
from charrnn.errors import UserError
from charrnn.learning import training
from charrnn.learning.evaluation import evaluate
from charrnn.learning.loggers import make_parts
from charrnn.learning.module import LitCharRNN
from charrnn.schema import build, known_keys, plain
from charrnn.trainer_arguments import INSTEAD

CSV = {"_target_": "pytorch_lightning.loggers.CSVLogger", "save_dir": "{folder}", "name": "csv"}
CALLBACKS = "pytorch_lightning.callbacks."


def plain_trainer(folder: Path, **settings: Any) -> pl.Trainer:
    usual = {"accelerator": "cpu", "max_epochs": 2, "enable_progress_bar": False, "default_root_dir": folder}
    return pl.Trainer(**usual | {"logger": pl.loggers.CSVLogger(folder, name="", version="")} | settings)


@pytest.mark.filterwarnings("ignore:.*pre-optimization state")
@pytest.mark.parametrize("every", [1, 20, 50])
def test_any_logger_gets_the_losses_at_the_optimizer_step(tmp_path, every):
    data, lit = corpus(), module()
    trainer = plain_trainer(tmp_path, log_every_n_steps=every)
    trainer.fit(lit, data)
    table = pd.read_csv(tmp_path / "metrics.csv")
    blocks = table.dropna(subset="block/loss")
    ends = [e * data.windows + min(10 * b, data.windows) for e in range(2) for b in range(1, 6)]
    crossed = [end for before, end in zip([0, *ends], ends, strict=False) if end // every > before // every]
    assert list(blocks["step"]) == crossed
    epochs = table.dropna(subset="val/loss")
    assert list(epochs["step"]) == [data.windows, 2 * data.windows]
    assert epochs[["train/loss", "val/bpc", "lr"]].notna().all().all()
    assert epochs["val/loss"].iloc[-1] == lit.val_loss and epochs["train/loss"].iloc[-1] == lit.train_loss


@pytest.mark.filterwarnings("ignore:.*pre-optimization state")
def test_test_validate_and_predict_give_what_evaluate_gives(tmp_path):
    data, lit = corpus(), module()
    trainer = plain_trainer(tmp_path, logger=False)
    trainer.fit(lit, data)
    (tested,) = trainer.test(lit, data, verbose=False)
    assert tested["test/loss"] == evaluate(lit.model.eval(), data.test_dataloader())
    (validated,) = trainer.validate(lit, data, verbose=False)
    assert validated["val/loss"] == lit.val_loss == evaluate(lit.model.eval(), data.val_dataloader())
    (block,) = data.test_dataloader()
    (predicted,) = trainer.predict(lit, data)
    assert predicted.shape == (*block[0].shape, len(data.prepared.vocab))
    chosen = predicted.gather(-1, block[1].clamp(min=0)[..., None])[..., 0][block[1] >= 0]
    assert -float(chosen.double().mean()) == pytest.approx(tested["test/loss"], abs=1e-6)
    assert lit(block[0])[0].log_softmax(-1).equal(predicted)
    again = LitCharRNN.load_from_checkpoint(trainer.checkpoint_callback.best_model_path)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), lit.parameters(), strict=True))


def test_the_sanity_check_of_a_plain_trainer_changes_nothing(tmp_path):
    seen = []
    for checks in (0, 2):
        lit, settings = module(schedule="plateau"), {"num_sanity_val_steps": checks, "enable_checkpointing": False}
        plain_trainer(tmp_path / str(checks), **settings).fit(lit, corpus())
        table = pd.read_csv(tmp_path / str(checks) / "metrics.csv")
        seen.append((lit.train_loss, lit.val_loss, lit.plateau.state_dict()["num_bad_epochs"], table))
    pd.testing.assert_frame_equal(seen[0][3], seen[1][3])
    assert seen[0][:3] == seen[1][:3]


def test_stock_callbacks_work_beside_ours(tmp_path):
    bar = {"rich": {"_target_": f"{CALLBACKS}RichProgressBar"}} if importlib.util.find_spec("rich") else {}
    stock = {
        "best": {
            "_target_": f"{CALLBACKS}ModelCheckpoint",
            "monitor": "val/loss",
            "dirpath": "{folder}/stock",
            "filename": "{step}",
        },
        "early": {"_target_": f"{CALLBACKS}EarlyStopping", "monitor": "val/loss", "min_delta": 10.0, "patience": 2},
        "lr": {"_target_": f"{CALLBACKS}LearningRateMonitor"},
        "timer": {"_target_": f"{CALLBACKS}Timer", "duration": "00:01:00:00"},
    }
    what = config(max_epochs=9, patience=5, **{"callbacks": stock | bar, "logger": {"csv": CSV}})
    result = training.train(what, tmp_path / "run_00000000", "")
    assert (result["stop_reason"], result["last_epoch"]) == ("callback", 2)
    folder = tmp_path / "run_00000000"
    assert {"best.ckpt", "last.ckpt", "metrics.csv", "csv", "stock"} <= {path.name for path in folder.iterdir()}
    (stock_best,) = (folder / "stock").iterdir()
    table = pd.read_csv(folder / "metrics.csv")
    assert stock_best.name == f"step={table['step'][table['val/loss'].idxmin()]}.ckpt"
    logged = pd.read_csv(folder / "csv" / "version_0" / "metrics.csv")
    assert "lr-Adam" in logged and logged["test/loss"].notna().sum() == 1
    assert training.train(what, folder, "") == result


def test_ours_cannot_be_switched_off(tmp_path):
    what = config(max_epochs=1, logger={}, callbacks={})
    training.train(what, tmp_path / "run", "")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"best.ckpt", "last.ckpt", "metrics.csv", "result.json"} <= names
    assert not any(name.startswith("events") for name in names)


def test_a_callback_that_acts_is_part_of_the_identity_and_one_that_watches_is_not():
    noise = {"_target_": "my_callbacks.Noise", "std": 0.1}
    described = {
        name: semantic(plain(config(callbacks=callbacks)))
        for name, callbacks in {
            "none": {},
            "bar": {"rich": {"_target_": f"{CALLBACKS}RichProgressBar"}},
            "noise": {"noise": noise},
            "more": {"noise": noise | {"std": 0.2}},
        }.items()
    }
    assert described["none"] == described["bar"]
    assert described["noise"]["callbacks.name"] == "noise=my_callbacks.Noise std=0.1"
    assert len({run.identity(settings, "") for settings in described.values()}) == 3
    with pytest.raises(UserError, match=r"one device with noise=my_callbacks\.Noise std=0\.1"):
        config(callbacks={"noise": noise}, trainer={"devices": 2})


@pytest.mark.parametrize("argument", [name for name in inspect.signature(pl.Trainer).parameters])
def test_every_argument_of_the_trainer_is_a_key_or_has_another_instead(argument):
    values = plain(config())
    values["trainer"] |= {argument: "deepspeed" if argument == "strategy" else "x"}
    hint = "expected one of auto, ddp, got 'deepspeed'" if argument == "strategy" else "expected"
    if f"trainer.{argument}" not in known_keys(TrainConfig):
        hint = f"an argument of Lightning's Trainer: {re.escape(INSTEAD[argument])}"
    with pytest.raises(UserError, match=rf"trainer\.{argument}.* ?{hint}"):
        build(TrainConfig, values)


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"_target_": "nowhere.Logger"}, "logger.mine: expected a class that Python can import, but 'nowhere.Logger'"),
        ({"_target_": "pytorch_lightning.Trainer"}, "logger.mine: expected a class derived from"),
        ({"_target_": "os.system"}, "logger.mine: expected the dotted path of a class, got 'os.system'"),
        ({**CSV, "colour": 1}, "logger.mine: expected the arguments of .*CSVLogger, but got an unexpected keyword"),
    ],
)
def test_a_logger_that_cannot_be_is_refused(tmp_path, part, sentence):
    with pytest.raises(UserError, match=sentence):
        make_parts("logger", {"mine": part}, tmp_path, pl.loggers.Logger)


def test_the_optimizer_step_is_the_axis_after_a_resume(tmp_path):
    what = config(max_epochs=3, logger={"csv": {**CSV, "flush_logs_every_n_steps": 1}})

    def killed() -> None:
        whole, calls = LitCharRNN.training_step, iter(range(1, 1000))

        def dies(*args: Any) -> None:
            if next(calls) == 9:
                os.kill(os.getpid(), signal.SIGKILL)
            whole(*args)

        LitCharRNN.training_step = dies
        training.train(what, tmp_path / "run", "")

    in_child(killed)
    assert in_child(lambda: training.train(what, tmp_path / "run", "")) == 0
    expected = pd.read_csv(tmp_path / "run" / "metrics.csv")
    files = sorted((tmp_path / "run" / "csv").glob("version_*/metrics.csv"))
    logged = pd.concat(map(pd.read_csv, files)).dropna(subset="val/loss").drop_duplicates("step", keep="last")
    assert len(files) == 2 and list(logged["step"]) == list(expected["step"])
    assert list(logged["val/loss"]) == list(expected["val/loss"])


def test_the_script_of_the_docs_runs_as_it_stands(tmp_path):
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8"), re.S)
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    shutil.copy(TUNES, tmp_path / "tunes.abc")
    (tmp_path / "mine.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "mine.py"], cwd=tmp_path, env=Commands(tmp_path).environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"'test/loss': \d\.\d+", done.stdout)


def test_groups_and_a_class_of_ones_own_on_the_command_line(commands: Commands):
    (commands.home / "my_callbacks.py").write_text(
        "import pathlib, pytorch_lightning as pl\n"
        "class Note(pl.Callback):\n"
        "    def __init__(self, file, text='x'):\n"
        "        self.file, self.text = pathlib.Path(file), text\n"
        "    def on_fit_end(self, trainer, module):\n"
        "        self.file.write_text(self.text)\n"
    )
    environment = {**commands.environment(), "PYTHONPATH": f"{ROOT}{os.pathsep}{commands.home}"}
    mine = ("+callbacks.note._target_=my_callbacks.Note", "+callbacks.note.file='{folder}/note'")
    done = commands.run(
        "train", *SMOKE, "logger=[tensorboard,csv]", "callbacks=timer", *mine, "+callbacks.note.text=a", env=environment
    )
    assert done.returncode == 0, done.stderr
    (folder,) = commands.runs()
    assert (folder / "note").read_text() == "a"
    assert (folder / "csv" / "version_0" / "metrics.csv").exists() and list(folder.glob("events*"))
    wrong = commands.refused("train", *SMOKE, "+callbacks.note=my_callbacks.Nothing", env=environment)
    assert wrong.startswith("callbacks.note: expected a class that Python can import")
    wrong = commands.refused("train", *SMOKE, "logger=tensorbord")
    assert wrong.startswith("logger: expected one of csv, mlflow, none, tensorboard, wandb, got 'tensorbord'")
