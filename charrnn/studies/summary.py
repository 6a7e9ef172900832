"""A comparison in a few lines for people: a row a setting, how the runs stand, what the verdicts mean."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn.studies.page import Command, Part, Picture, Section, Table, Text, origin, page
from charrnn.studies.table import STATES, records


def summary(runs: pd.DataFrame, settings: pd.DataFrame, base: str, target: float | None, timed: bool) -> str:
    lines = []
    if len(settings) and "best_val_loss" in settings:
        lines += [short_table(settings).to_string(index=False), ""]
    counts = runs["state"].value_counts()
    lines.append("runs      " + ", ".join(f"{counts[state]} {state}" for state in STATES if state in counts))
    for row in records(runs[runs["state"].isin(["failed", "damaged"])]):
        error = row.get("error")
        lines.append(f"  {row['run']}: {row['state']}{f', {error}' if isinstance(error, str) else ''}")
    if "verdict" in settings and (settings["verdict"] != "base").any():
        lines.append(f"base      {base}; differences of best validation loss, paired by seed, in nats, 95 % t interval")
        if settings["p_holm"].notna().any():
            lines.append(
                "          verdicts hold together: fewer than 5 % of such tables have a wrong one (Holm); an interval"
            )
            lines.append("          is of its difference alone, and may leave out 0 without a verdict")
    if target is not None:
        lines.append(f"to_loss   epochs until a validation loss of {target:g} (val_loss=… for another)")
    if not timed and len(settings) > 1:
        lines.append("seconds   are not taken from runs that shared a machine; python -m benchmarks.epoch_time runs=… "
                     "times each setting alone")  # fmt: skip
    return "\n".join(lines)


def as_page(folder: Path, settings: pd.DataFrame, written: list[str], said: str, runs: str) -> str:
    """One HTML page: the table, the pictures that were `written` to the folder, what was `said`, what repeats it."""
    compared = [Table(short_table(settings), "Losses in nats per character.")] if "best_val_loss" in settings else []
    states = [Text(line) for line in said.rpartition("\n\n")[2].splitlines()]
    names = [name for name in written if name.endswith(".png")]
    pictures: list[Part] = [Picture(folder / name, f"Figure {name[:-4].replace('_', ' ')}") for name in names]
    sections = [
        Section("Settings", [*compared, *states]),
        Section("Figures", pictures),
        Section("Where this comes from", [*origin(), Command(f"python analyze.py runs={runs}")]),
    ]
    return page(f"Comparison: {folder.name}", "Settings over seeds, paired by seed.", sections)


def short_table(settings: pd.DataFrame) -> pd.DataFrame:
    """Of `settings_table` what people read, as texts."""

    def spread(row: dict[str, Any], name: str, digits: int) -> str:
        mean, high = row.get(name), row.get(f"{name}_high")
        if mean is None or math.isnan(mean):
            return "-"
        return f"{mean:.{digits}f}" + ("" if high is None or math.isnan(high) else f" ±{high - mean:.{digits}f}")

    def reached(row: dict[str, Any]) -> str:
        n = row.get("epochs_to_loss_n", 0)
        return f" ({n:.0f} of {row['finished']})" if 0 < n < row["finished"] else ""

    def difference(row: dict[str, Any]) -> str:
        if math.isnan(row.get("difference", math.nan)):
            return ""
        if math.isnan(row["difference_low"]):
            return f"{row['difference']:+.4f}"
        return f"{row['difference']:+.4f} [{row['difference_low']:+.4f}, {row['difference_high']:+.4f}]"

    def said(row: dict[str, Any]) -> str:
        words = row.get("verdict", "")
        if words == "not distinguishable" and not math.isnan(row["smallest_difference"]):
            words += f" (n={row['pairs']:.0f} would show {row['smallest_difference']:.3f})"
        return words

    table = pd.DataFrame(
        {
            "setting": row["setting"],
            "n": row["finished"],
            "best val loss": spread(row, "best_val_loss", 4),
            "at epoch": spread(row, "best_epoch", 1),
            "end val loss": spread(row, "end_val_loss", 4),
            "test loss": spread(row, "test_loss", 4),
            "to_loss": spread(row, "epochs_to_loss", 1) + reached(row),
            "s/epoch": spread(row, "seconds_per_epoch", 2),
            "s to_loss": spread(row, "seconds_to_loss", 1),
            "difference": difference(row),
            "verdict": said(row),
        }
        for row in records(settings)
    )
    unmeasured = [column for column in ("test loss", "to_loss", "s/epoch", "s to_loss") if (table[column] == "-").all()]
    return table.drop(columns=unmeasured)
