"""python analyze.py runs=…: run folders become tables, figures and a few lines on what may be said of them."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.studies import figures
from charrnn.studies.look import legible, save
from charrnn.studies.settings import (
    choose_base,
    plain_value,
    settings_table,
    t_interval,
    varied_keys,
    with_settings,
)
from charrnn.studies.summary import as_page, summary
from charrnn.studies.table import Selection, load, records, select, shared_baseline

# What must be equal for losses to be comparable, with the words for it.
SAME = {"data": "other tunes", "data.split": "another split", "data.split_seed": "another seed of the split",
        "numerics": "another version of our arithmetic"}  # fmt: skip
# Above the mean of the base setting: what every useful setting reaches, and none in its first epochs.
MARGIN = 0.05
LONGEST_NAME = 60  # of a picture
OURS = ("settings.csv", "index.html", "curves*.png", "curves*.svg", "best_loss.*", "heat_map.*", "loss_against_time.*")
EPOCH_TIMES = "epoch_time.csv"
# The keys on which the time of an epoch does not depend.
TIMELESS = ("seed", "trainer.max_epochs", "trainer.patience", "data.split_seed")


def compare(config: AnalyzeConfig, default: dict[str, Any]) -> Path:
    """Write report/<name>/ and print it in short; `default` holds the dotted keys of the default run."""
    selection = select(config.runs)
    runs, epochs = load(selection)
    if not config.mixed:
        check_same(runs)
    runs, keys = with_labels(runs, selection.missing, config.mixed)
    folder = Path(config.report_dir) / (config.name or selection.name)
    folder.mkdir(parents=True, exist_ok=True)
    for older in [file for name in OURS for file in folder.glob(name)]:
        older.unlink()  # of settings that are no longer compared
    usable = runs[runs["setting"] != "?"]
    written, base, target = [], "", None
    settings = pd.DataFrame()
    times = epoch_times(selection)
    if len(usable):
        base = choose_base(runs, keys, default, config.base)
        target = config.val_loss or _target(runs, base)
        runs = _with_times(runs, epochs, times, target)
        settings = settings_table(runs, keys, base)
        _add_epoch_seconds(settings, runs, times)
        run.write_text(folder / "settings.csv", settings.to_csv(index=False))
        written = _draw(folder, runs, epochs, settings, keys, shared_baseline(selection))
    run.write_text(folder / "runs.csv", runs.to_csv(index=False))
    said = summary(runs, settings, base, target, bool(times))
    run.write_text(folder / "index.html", as_page(folder, settings, written, said, config.runs))
    print(said)
    print(f"report    {folder}: runs.csv{', settings.csv' if len(settings) else ''}, {len(written)} pictures")
    return folder


def with_labels(
    runs: pd.DataFrame, missing: Mapping[str, dict[str, Any]], mixed: bool
) -> tuple[pd.DataFrame, list[str]]:
    """`runs` by their settings, with a column `setting`, copies of a run marked; and the keys that settings differ in.

    `missing` holds the settings of a sweep's runs that have no folder.
    """
    known = {key for settings in missing.values() for key in settings if "." in key}
    if mixed and "numerics" in runs:  # an unfinished run will be of today's
        runs = runs.assign(numerics=runs["numerics"].fillna(run.NUMERICS), data=runs["data"].map(_short))
    keys = varied_keys(runs, known) + [key for key in ("data", "numerics") if _values(runs, key) > 1 and mixed]
    runs = with_settings(runs.sort_values(keys, kind="stable", key=_sortable) if keys else runs, keys)
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


def check_same(runs: pd.DataFrame) -> None:
    for key, words in SAME.items():
        if _values(runs, key) > 1:
            counts = runs[key].value_counts()
            shown = ", ".join(f"{_short(value)} ({n} runs)" for value, n in counts.items())
            raise UserError(
                f"runs: expected runs whose losses can be compared, but some have {words}: {key} is {shown}; "
                "name fewer runs, or compare them all the same with mixed=true"
            )


def _short(value: object) -> str:
    return value[:8] if isinstance(value, str) and len(value) > 20 else plain_value(value)


def _target(runs: pd.DataFrame, base: str) -> float | None:
    found = runs[(runs["setting"] == base) & (runs["state"] == "finished")]
    return None if found.empty else math.ceil(100 * (found["best_val_loss"].mean() + MARGIN)) / 100


def time_key(settings: dict[str, Any]) -> str:
    """Of a run's dotted keys those on which the time of an epoch depends, as one text."""
    kept = {k: settings[k] for k in sorted(settings) if "." in k and k not in TIMELESS}
    # A column with a gap turns whole numbers into fractions and null into nan.
    numbers = {k: float(v) for k, v in kept.items() if isinstance(v, int | float)}
    return json.dumps(kept | {k: None if math.isnan(v) else v for k, v in numbers.items()})


def epoch_times(selection: Selection, processor: bool = False) -> dict[str, list[float]]:
    """Seconds an epoch of every timed setting by turn, from the file of benchmarks/epoch_time.py beside the runs.

    Those of the processor, if asked for, which tell more where something else had the machine, too.
    """
    if not selection.folders:
        return {}
    try:
        table = pd.read_csv(selection.folders[0].parent / EPOCH_TIMES)
        if processor:
            table["seconds"] *= table["share"]
        return {str(key): rows["seconds"].to_list() for key, rows in table.groupby("setting")}
    except (OSError, ValueError, LookupError):
        return {}


def _with_times(
    runs: pd.DataFrame, epochs: pd.DataFrame, times: dict[str, list[float]], target: float | None
) -> pd.DataFrame:
    """`runs` with epochs and seconds until the validation loss was at most `target`, nan where it never was."""
    per_epoch = [t_interval(times.get(time_key(row), [])).mean for row in records(runs)]
    if target is None or epochs.empty:
        return runs.assign(seconds_per_epoch=per_epoch)
    reached = epochs[epochs["val/loss"] <= target].groupby("run")["epoch"].min()
    needed = runs["run"].map(reached)
    return runs.assign(epochs_to_loss=needed, seconds_to_loss=needed * per_epoch, seconds_per_epoch=per_epoch)


def _add_epoch_seconds(settings: pd.DataFrame, runs: pd.DataFrame, times: dict[str, list[float]]) -> None:
    found = {row["setting"]: t_interval(times.get(time_key(row), [])) for row in records(runs)}
    for part, name in (("mean", ""), ("low", "_low"), ("high", "_high")):
        settings[f"seconds_per_epoch{name}"] = [getattr(found[setting], part) for setting in settings["setting"]]


def _draw(
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
    # Means of finished runs; of a setting that has none, what there is so far.
    finished = runs[runs["state"] == "finished"]
    epochs = epochs[epochs["run"].isin(finished["run"]) | ~epochs["setting"].isin(finished["setting"])]
    order = [setting for setting in settings["setting"] if setting in set(epochs["setting"])]
    epochs = pd.concat([epochs[epochs["setting"] == setting] for setting in order])
    written = []
    for setting, rows in epochs.groupby("setting", sort=False):
        slug = re.sub(r"[^A-Za-z0-9._-]+", "_", f"curves_{setting}" if len(order) > 1 else "curves")
        if len(slug) > LONGEST_NAME:
            slug = f"{slug[: LONGEST_NAME - 9]}_{hashlib.sha256(str(setting).encode()).hexdigest()[:8]}"
        written += save(figures.loss_curves(rows, str(setting), baseline), folder / slug)
    if len(order) > 1 and legible(order):
        written += save(figures.all_curves(epochs, baseline), folder / "curves")
    # null is a value, too
    gaps = {key: finished[key].map(plain_value) for key in keys if finished[key].isna().any()}
    finished = finished.assign(**gaps)
    settings = settings.assign(**{key: settings[key].map(plain_value) for key in gaps})
    if finished["setting"].nunique() > 1:
        written += save(figures.best_loss(finished, *_axes_of(finished, keys)), folder / "best_loss")
    timed = epochs.dropna(subset=["seconds_per_epoch"])
    if len(timed):
        written += save(figures.loss_against_time(timed), folder / "loss_against_time")
    measured = settings[settings["best_val_loss"].notna()]
    if len(keys) == 2 and len(measured) == measured[keys[0]].nunique() * measured[keys[1]].nunique() > 3:
        written += save(figures.heat_map(measured, *keys), folder / "heat_map")
    return written


def _axes_of(runs: pd.DataFrame, keys: list[str]) -> tuple[str | None, str | None]:
    """Of one or two swept keys that of numbers to stand on, and the other for the lines; of more, none."""
    numeric = [key for key in keys if pd.api.types.is_numeric_dtype(runs[key]) and runs[key].notna().all()]
    if not numeric or len(keys) > 2:
        return None, None
    x = max(numeric, key=lambda key: runs[key].nunique())
    by = next((key for key in keys if key != x), None)
    if by is not None and runs.groupby(by)[x].nunique().max() < 2:
        return None, None  # the two change together
    return x, by
