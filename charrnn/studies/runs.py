"""Run folders as tidy tables: one row a run, one row an epoch."""

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from charrnn import run
from charrnn.config import TrainConfig, build, plain, semantic
from charrnn.errors import UserError

RUN_STATES = ("finished", "running", "stopped", "failed", "damaged", "missing")
PAPER_PATIENCE = 3  # the paper's
# The numbers that `curve_summary` gives for a run with at least one epoch.
CURVE_MEASURES = (
    "best_val_loss", "end_val_loss", "best_train_loss", "end_train_loss", "best_epoch", "epochs", "patience_3_epoch",
    "patience_3_cost",
)  # fmt: skip


@dataclass(frozen=True)
class RunSelection:
    """The run folders of a comparison, its name, and the settings of those runs of a sweep that have no folder yet."""

    name: str
    folders: list[Path]
    missing: dict[str, dict[str, Any]] = field(default_factory=dict)


def select_runs(runs: str) -> RunSelection:
    """Find the runs that `runs` names; UserError if there is none.

    It may be a folder of runs, one run folder, a glob pattern of run folders, a sweep's manifest, or a sweep's name or
    its beginning.
    """
    path = Path(os.path.expanduser(runs))
    if path.suffix == ".yaml" and path.is_file():
        return _of_sweep(path)
    if path.is_dir():
        folders = [path] if (path / "config.yaml").exists() else _run_folders(path.iterdir())
        name = path.resolve().name
    elif glob.has_magic(runs):
        folders = _run_folders(map(Path, glob.glob(os.path.expanduser(runs))))
        name = "".join(c if c.isalnum() or c in "._-" else "-" for c in path.name).strip("-.") or "runs"
    elif (manifest := _manifest(path)) is not None:
        return _of_sweep(manifest)
    else:
        folders, name = [], runs
    if not folders:
        raise UserError(
            f"runs: expected a folder of runs, a pattern such as 'runs/hidden-*' or a sweep's name, but {runs!r} leads "
            "to no run; train some: python train.py"
        )
    return RunSelection(name, folders)


def _run_folders(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if (path / "config.yaml").exists())


def _manifest(path: Path) -> Path | None:
    above = path.parent if path.parent != Path() else Path("runs")
    manifests = sorted((above / "sweeps").glob(f"{glob.escape(path.name)}*.yaml"))
    exact = [file for file in manifests if path.name in (file.stem, file.stem.rsplit("_", 1)[0])]
    if exact:  # several sweeps may share a name, with other values: take the latest
        return max(exact, key=lambda file: file.stat().st_mtime)
    if len(manifests) > 1:
        names = ", ".join(file.stem for file in manifests)
        raise UserError(
            f"runs: expected one sweep, but {path.name!r} is the beginning of {names}; write one of them out"
        )
    return next(iter(manifests), None)


def _of_sweep(file: Path) -> RunSelection:
    try:
        runs = dict(yaml.safe_load(file.read_text(encoding="utf-8"))["runs"])
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        raise UserError(f"runs: expected a sweep's manifest, but {str(file)!r} is none: {error}") from error
    above = file.parent.parent
    present = [above / name for name in runs if (above / name / "config.yaml").exists()]
    started = {folder.name for folder in present}
    return RunSelection(file.stem, present, {name: settings for name, settings in runs.items() if name not in started})


def load_runs(selection: RunSelection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables: one row a run, and one row an epoch.

    The first has `run`, `state`, `error`, every configuration key that can change a result, `data` (the fingerprint),
    the numbers of `curve_summary` and of result.json. The second has `run`, `epoch` from 1 and the columns of
    metrics.csv.
    """
    rows, tables = [], []
    for folder in selection.folders:
        epochs = _epochs(folder)
        row = _row(folder, has_epochs=epochs is not None)
        if epochs is not None:
            tables.append(epochs.assign(run=folder.name))
            row |= curve_summary(epochs)
            if row.get("stop_reason") in ("patience", "callback"):
                row["patience_3_cost"] = np.nan  # unknown: the run itself stopped there
        rows.append(row)
    rows += [{"run": name, "state": "missing", **settings} for name, settings in selection.missing.items()]
    table = pd.DataFrame(rows)
    absent = {
        name: np.nan for name in (*CURVE_MEASURES, "seed", "error", "test_loss", "parameters") if name not in table
    }
    return table.assign(**absent), pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def curve_summary(epochs: pd.DataFrame) -> dict[str, float]:
    """Numbers of one run's curves; losses in nats per character, epochs counted from 1.

    `patience_3_epoch` is the epoch at which a patience of three epochs, the paper's, would have stopped the run;
    `patience_3_cost` is how much lower the best loss of all epochs is than the best until there.
    """
    val, train = epochs["val/loss"].to_numpy(), epochs["train/loss"].to_numpy()
    best, numbers = int(val.argmin()), np.arange(len(val))
    is_better = val < np.append(np.inf, np.minimum.accumulate(val)[:-1])
    without_better = numbers - np.maximum.accumulate(np.where(is_better, numbers, 0))
    ended = np.flatnonzero(without_better >= PAPER_PATIENCE)
    stop = int(ended[0]) if len(ended) else len(val) - 1
    return {
        "epochs": len(val),
        "best_epoch": best + 1,
        "best_val_loss": float(val[best]),
        "end_val_loss": float(val[-1]),
        "best_train_loss": float(train[best]),
        "end_train_loss": float(train[-1]),
        "patience_3_epoch": stop + 1,
        "patience_3_cost": float(val[: stop + 1].min() - val[best]),
    }


def _epochs(folder: Path) -> pd.DataFrame | None:
    try:
        table = pd.read_csv(folder / "metrics.csv").apply(pd.to_numeric)
        table = table.dropna(subset=["epoch", "train/loss", "val/loss"]).astype({"epoch": int})
        if table.empty or table["epoch"].duplicated().any():
            return None
        return table.assign(epoch=table["epoch"] + 1)
    except (OSError, ValueError, TypeError, LookupError):
        return None  # damaged, or not there yet: the state tells which


def _row(folder: Path, has_epochs: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"run": folder.name, "state": _state(folder, has_epochs)}
    try:
        settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        row |= semantic(plain(build(TrainConfig, dict(settings))))
    except (OSError, ValueError, TypeError, yaml.YAMLError, UserError):
        row["state"] = "damaged"
    if row["state"] == "failed":
        row["error"] = run.read_status(folder)["error"]
    try:
        row["data"] = run.read_json(folder / "data.json")["fingerprint"]
    except (OSError, ValueError, LookupError):
        row["data"] = None
    result = run.read_result(folder) or {}
    kept = ("test_loss", "parameters", "stop_reason", "numerics", "identity", "commit")
    return row | {key: result[key] for key in kept if key in result}


def _state(folder: Path, has_epochs: bool) -> str:
    state = run.state(folder)
    if (folder / "result.json").exists() and not (state == "finished" and has_epochs):
        return "damaged"
    return state


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dicts, as `DataFrame.to_dict("records")` gives them, with keys that are certainly text."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def shared_baseline(selection: RunSelection) -> float | None:
    """The n-gram model's validation loss if all runs share it, else None."""
    losses = set()
    for folder in selection.folders:
        try:
            losses.add(run.read_json(folder / "data.json")["baseline"]["val_loss"])
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return losses.pop() if len(losses) == 1 else None
