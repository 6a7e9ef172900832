"""Run folders as one tidy table, a row a run; reads what stands on disk and trains nothing."""

import os
from pathlib import Path

import pandas as pd
import yaml

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.studies.figures import loss_curves

STATES = ("finished", "running", "stopped", "failed", "damaged")


def report(config: AnalyzeConfig) -> Path:
    """Write report/<name>/: runs.csv and the loss curves as PNG and SVG; print how the runs stand."""
    runs = Path(os.path.expanduser(config.runs))
    table = load_runs(runs)
    folder = Path(config.report_dir) / (config.name or runs.resolve().name)
    folder.mkdir(parents=True, exist_ok=True)
    run.write_text(folder / "runs.csv", table.to_csv(index=False))
    metrics = load_metrics(runs)
    if len(metrics):
        figure = loss_curves(metrics, _shared_baseline(runs))
        for suffix in ("png", "svg"):
            figure.savefig(folder / f"curves.{suffix}", dpi=150)
    shown = table[["run", "state", *(c for c in ("best_epoch", "best_val_loss", "test_loss") if c in table)]]
    print(shown.to_string(index=False, float_format=lambda x: f"{x:.4f}", na_rep="-"))
    print("\n" + ", ".join(f"{n} {state}" for state in STATES if (n := int((table["state"] == state).sum()))))
    print(f"report    {folder}: runs.csv{', curves.png, curves.svg' if len(metrics) else ''}")
    return folder


def load_runs(runs: Path) -> pd.DataFrame:
    """One row a run folder below `runs`: `run`, `state`, every key of its configuration, every number of its result."""
    folders = sorted(f.parent for f in runs.glob("*/config.yaml"))
    if not folders:
        raise UserError(f"runs: expected a folder of runs, but {str(runs)!r} holds none; train some: python train.py")
    return pd.DataFrame([_row(folder) for folder in folders])


def load_metrics(runs: Path) -> pd.DataFrame:
    """metrics.csv of every run folder below `runs` that has one, a row an epoch, with the run's name."""
    tables = []
    for file in sorted(runs.glob("*/metrics.csv")):
        try:
            tables.append(pd.read_csv(file).assign(run=file.parent.name))
        except (OSError, ValueError):
            continue  # told as damaged or unfinished by the table of runs
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _shared_baseline(runs: Path) -> float | None:
    found = set()
    for file in runs.glob("*/data.json"):
        try:
            found.add(run.read_json(file)["baseline"]["val_loss"])
        except (OSError, ValueError, KeyError):
            continue
    return found.pop() if len(found) == 1 else None


def _row(folder: Path) -> dict[str, object]:
    row: dict[str, object] = {"run": folder.name, "state": _state(folder)}
    try:
        row |= run.flat(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        row["state"] = "damaged"
    result = run.read_result(folder) or {}
    return row | {k: v for k, v in result.items() if not isinstance(v, dict) and k not in row}


def _state(folder: Path) -> str:
    if (folder / "result.json").exists():
        return "finished" if run.read_result(folder) is not None else "damaged"
    if run.is_running(folder):
        return "running"
    state = run.read_status(folder)["state"]
    return state if state in STATES else "stopped"
