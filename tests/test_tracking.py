"""Weights & Biases offline and MLflow's files: what they really write."""

import importlib.util
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import SMOKE, Commands

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # the packages' own warnings are theirs
SWEEP = ("-m", *SMOKE, "trainer.max_epochs=2", "seed=0,1")


def needs(module: str, extra: str) -> Any:
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"needs {module}, of the extra [{extra}]")


def chunks(file: Path) -> Iterator[bytes]:
    """The records of a .wandb file: LevelDB's log format behind seven bytes."""
    content, at, whole = file.read_bytes(), 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
        _, length, kind = struct.unpack("<IHB", content[at : at + 7])
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            yield whole
            whole = b""


@needs("wandb", "wandb")
def test_weights_and_biases_offline_has_the_losses_at_the_optimizer_step(commands: Commands) -> None:
    from wandb.proto.wandb_internal_pb2 import Record

    done = commands.run("train", *SWEEP, "logger=wandb", "logger.wandb.offline=true")
    assert done.returncode == 0, done.stderr
    assert len(commands.runs()) == 2
    for folder in commands.runs():
        expected = pd.read_csv(folder / "metrics.csv")
        (file,) = folder.glob("wandb/offline-run-*/*.wandb")
        assert file.stem == f"run-{folder.name.rpartition('_')[2]}"
        history = []
        for chunk in chunks(file):
            record = Record.FromString(chunk)
            items = record.history.item
            history.append({i.key or ".".join(i.nested_key): json.loads(i.value_json) for i in items})
        epochs = [row for row in history if "val/loss" in row]
        assert [row["trainer/global_step"] for row in epochs] == list(expected["step"])
        assert [row["val/loss"] for row in epochs] == pytest.approx(list(expected["val/loss"]))
        assert [row["train/loss"] for row in epochs] == pytest.approx(list(expected["train/loss"]))
        assert sum("test/loss" in row for row in history) == 1 and any("block/loss" in row for row in history)


@needs("mlflow", "mlflow")
def test_mlflow_files_have_the_losses_and_one_run_a_folder(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.tracking import MlflowClient

    from charrnn.learning.loggers import MLFlowRun

    done = commands.run("train", *SWEEP, "logger=mlflow", "hydra/launcher=cores", "hydra.launcher.n_jobs=2")
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    address = f"file:{commands.home / 'runs' / 'mlflow'}"
    client = MlflowClient(address)
    experiment = client.get_experiment_by_name("charrnn")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == len(commands.runs()) == 2
    for folder in commands.runs():
        (found,) = (r for r in runs if r.info.run_name == folder.name)
        assert found.info.status == "FINISHED" and found.data.params["model.cell"] == "rnn"
        history = client.get_metric_history(found.info.run_id, "val/loss")
        expected = pd.read_csv(folder / "metrics.csv")
        assert [(m.step, m.value) for m in history] == list(zip(expected["step"], expected["val/loss"], strict=True))
        result = json.loads((folder / "result.json").read_text())
        assert found.data.metrics["test/loss"] == result["test_loss"]
        again = MLFlowRun(str(folder), experiment_name="charrnn", tracking_uri=address)
        assert again.run_id == found.info.run_id  # as after a resume
