"""python analyze.py runs=…: compare runs in tables, figures and a short summary."""

import hashlib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.studies import plots
from charrnn.studies.comparison_page import comparison_summary, render_comparison_page
from charrnn.studies.epoch_times import read_epoch_times, seconds_by_setting, timing_key
from charrnn.studies.inference import t_interval
from charrnn.studies.runs import load_runs, records, select_runs, shared_baseline
from charrnn.studies.settings import (
    choose_base,
    format_value,
    settings_table,
    varied_keys,
    with_setting_column,
)
from charrnn.studies.style import MAX_LINES, save_figure

# The columns that must not differ between runs whose losses are compared, and what it means if they do.
MUST_MATCH = {"data": "other tunes", "data.split": "another split", "data.split_seed": "another seed of the split",
        "numerics": "another version of our arithmetic"}  # fmt: skip
# Added to the base's mean best loss: every useful setting reaches that loss, and none in its first epochs.
TARGET_MARGIN = 0.05
MAX_FILE_STEM = 60  # characters
REPORT_FILES = (
    "settings.csv", "index.html", "curves*.png", "curves*.svg", "best_loss.*", "heat_map.*", "loss_against_time.*",
)  # fmt: skip


def report_comparison(config: AnalyzeConfig, default: dict[str, Any]) -> Path:
    """Write report/<name>/ and print a summary; `default` holds the dotted keys of the default run."""
    selection = select_runs(config.runs)
    runs, epochs = load_runs(selection)
    if not config.mixed:
        check_comparable(runs)
    runs, keys = with_settings(runs, selection.missing, config.mixed)
    folder = Path(config.report_dir) / (config.name or selection.name)
    folder.mkdir(parents=True, exist_ok=True)
    for older in [file for name in REPORT_FILES for file in folder.glob(name)]:
        older.unlink()  # it may show settings that are no longer compared
    usable = runs[runs["setting"] != "?"]
    written, base, target = [], "", None
    settings = pd.DataFrame()
    times = seconds_by_setting(read_epoch_times(selection.folders[0].parent)) if selection.folders else {}
    if len(usable):
        base = choose_base(runs, keys, default, config.base)
        target = config.val_loss or _target(runs, base)
        runs = _with_times(runs, epochs, times, target)
        settings = settings_table(runs, keys, base)
        _add_epoch_seconds(settings, runs, times)
        run.write_text(folder / "settings.csv", settings.to_csv(index=False))
        written = _save_figures(folder, runs, epochs, settings, keys, shared_baseline(selection))
    run.write_text(folder / "runs.csv", runs.to_csv(index=False))
    summary = comparison_summary(runs, settings, base, target, bool(times))
    run.write_text(folder / "index.html", render_comparison_page(folder, settings, written, summary, config.runs))
    print(summary)
    print(f"report    {folder}: runs.csv{', settings.csv' if len(settings) else ''}, {len(written)} figures")
    return folder


def with_settings(
    runs: pd.DataFrame, missing: Mapping[str, dict[str, Any]], mixed: bool
) -> tuple[pd.DataFrame, list[str]]:
    """`runs` by their settings, with a column `setting`, copies of a run marked; and the keys that settings differ in.

    `missing` holds the settings of a sweep's runs that have no folder.
    """
    known = {key for settings in missing.values() for key in settings if "." in key}
    if mixed and "numerics" in runs:  # an unfinished run will be of today's
        runs = runs.assign(numerics=runs["numerics"].fillna(run.NUMERICS), data=runs["data"].map(_short))
    keys = varied_keys(runs, known) + [key for key in ("data", "numerics") if _values(runs, key) > 1 and mixed]
    runs = with_setting_column(runs.sort_values(keys, kind="stable", key=_sortable) if keys else runs, keys)
    finished = runs[runs["state"] == "finished"]
    copies = finished.index[finished.duplicated(["setting", "seed"])]
    runs["error"] = runs["error"].astype(object)
    runs.loc[copies, "state"] = "damaged"
    runs.loc[copies, "error"] = "a copy: another run has its setting and seed"
    return runs, keys


def _sortable(column: pd.Series) -> pd.Series:
    return column if pd.api.types.is_numeric_dtype(column) else column.map(str)


def _values(runs: pd.DataFrame, key: str) -> int:
    return runs[key].nunique() if key in runs else 0


def check_comparable(runs: pd.DataFrame) -> None:
    for key, difference in MUST_MATCH.items():
        if _values(runs, key) > 1:
            counts = runs[key].value_counts()
            shown = ", ".join(f"{_short(value)} ({n} runs)" for value, n in counts.items())
            raise UserError(
                f"runs: expected runs whose losses can be compared, but some have {difference}: {key} is {shown}; "
                "name fewer runs, or compare them all the same with mixed=true"
            )


def _short(value: object) -> str:
    return value[:8] if isinstance(value, str) and len(value) > 20 else format_value(value)


def _target(runs: pd.DataFrame, base: str) -> float | None:
    finished = runs[(runs["setting"] == base) & (runs["state"] == "finished")]
    return None if finished.empty else math.ceil(100 * (finished["best_val_loss"].mean() + TARGET_MARGIN)) / 100


def _with_times(
    runs: pd.DataFrame, epochs: pd.DataFrame, times: dict[str, list[float]], target: float | None
) -> pd.DataFrame:
    """`runs` with the epochs and seconds until the validation loss reached `target`; nan where it never did."""
    per_epoch = [t_interval(times.get(timing_key(row), [])).mean for row in records(runs)]
    if target is None or epochs.empty:
        return runs.assign(seconds_per_epoch=per_epoch)
    reached = epochs[epochs["val/loss"] <= target].groupby("run")["epoch"].min()
    needed = runs["run"].map(reached)
    return runs.assign(epochs_to_loss=needed, seconds_to_loss=needed * per_epoch, seconds_per_epoch=per_epoch)


def _add_epoch_seconds(settings: pd.DataFrame, runs: pd.DataFrame, times: dict[str, list[float]]) -> None:
    seconds = {row["setting"]: t_interval(times.get(timing_key(row), [])) for row in records(runs)}
    for part, name in (("mean", ""), ("low", "_low"), ("high", "_high")):
        settings[f"seconds_per_epoch{name}"] = [getattr(seconds[setting], part) for setting in settings["setting"]]


def _save_figures(
    folder: Path,
    runs: pd.DataFrame,
    epochs: pd.DataFrame,
    settings: pd.DataFrame,
    keys: list[str],
    baseline: float | None,
) -> list[str]:
    if epochs.empty:
        return []
    columns = runs.set_index("run")[["setting", "seconds_per_epoch"]]
    epochs = epochs.join(columns, on="run")
    epochs = epochs[epochs["setting"] != "?"]
    # Finished runs; of a setting that has none, the epochs so far.
    finished = runs[runs["state"] == "finished"]
    epochs = epochs[epochs["run"].isin(finished["run"]) | ~epochs["setting"].isin(finished["setting"])]
    order = [setting for setting in settings["setting"] if setting in set(epochs["setting"])]
    epochs = pd.concat([epochs[epochs["setting"] == setting] for setting in order])
    written = []
    for setting, rows in epochs.groupby("setting", sort=False):
        slug = re.sub(r"[^A-Za-z0-9._-]+", "_", f"curves_{setting}" if len(order) > 1 else "curves")
        if len(slug) > MAX_FILE_STEM:
            slug = f"{slug[: MAX_FILE_STEM - 9]}_{hashlib.sha256(str(setting).encode()).hexdigest()[:8]}"
        written += save_figure(plots.plot_loss_curves(rows, str(setting), baseline), folder / slug)
    if 1 < len(order) <= MAX_LINES:
        written += save_figure(plots.plot_all_loss_curves(epochs, baseline), folder / "curves")
    # null is a value, not a gap.
    gaps = {key: finished[key].map(format_value) for key in keys if finished[key].isna().any()}
    finished = finished.assign(**gaps)
    settings = settings.assign(**{key: settings[key].map(format_value) for key in gaps})
    if finished["setting"].nunique() > 1:
        written += save_figure(plots.plot_best_loss(finished, *_axes_of(finished, keys)), folder / "best_loss")
    timed = epochs.dropna(subset=["seconds_per_epoch"])
    if len(timed):
        written += save_figure(plots.plot_loss_against_time(timed), folder / "loss_against_time")
    measured = settings[settings["best_val_loss"].notna()]
    if len(keys) == 2 and len(measured) == measured[keys[0]].nunique() * measured[keys[1]].nunique() > 3:
        written += save_figure(plots.plot_heat_map(measured, *keys), folder / "heat_map")
    return written


def _axes_of(runs: pd.DataFrame, keys: list[str]) -> tuple[str | None, str | None]:
    """The numeric key for the x axis and the key for the lines, of one or two swept keys; None for more."""
    numeric = [key for key in keys if pd.api.types.is_numeric_dtype(runs[key]) and runs[key].notna().all()]
    if not numeric or len(keys) > 2:
        return None, None
    x = max(numeric, key=lambda key: runs[key].nunique())
    by = next((key for key in keys if key != x), None)
    if by is not None and runs.groupby(by)[x].nunique().max() < 2:
        return None, None  # both keys change together
    return x, by
