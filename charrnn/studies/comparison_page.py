"""A comparison for people: the summary in the terminal and the HTML page."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn.studies.pages import CommandLine, PagePart, Paragraph, Picture, Section, Table, provenance, render_page
from charrnn.studies.runs import RUN_STATES, records


def comparison_summary(runs: pd.DataFrame, settings: pd.DataFrame, base: str, target: float | None, timed: bool) -> str:
    """The readable table, the states of the runs, and what the verdicts mean."""
    lines = []
    if len(settings) and "best_val_loss" in settings:
        lines += [readable_table(settings).to_string(index=False), ""]
    counts = runs["state"].value_counts()
    lines.append("runs      " + ", ".join(f"{counts[state]} {state}" for state in RUN_STATES if state in counts))
    for row in records(runs[runs["state"].isin(["failed", "damaged"])]):
        error = row.get("error")
        lines.append(f"  {row['run']}: {row['state']}{f', {error}' if isinstance(error, str) else ''}")
    if "verdict" in settings and (settings["verdict"] != "base").any():
        lines.append(f"base      {base}; differences of best validation loss in nats, paired by seed, 95 % t interval")
        if settings["p_holm"].notna().any():
            lines += [
                "          fewer than 5 % of such tables hold a wrong verdict (Holm)",
                "          an interval is that of one difference; it may exclude 0 without a verdict",
            ]
    if target is not None:
        lines.append(f"to_loss   epochs until a validation loss of {target:g}; val_loss=… sets another")
    if not timed and len(settings) > 1:
        lines.append("seconds   not timed: python -m charrnn.cli.epoch_time RUNS times an epoch of each setting alone")
    return "\n".join(lines)


def render_comparison_page(folder: Path, settings: pd.DataFrame, figures: list[str], summary: str, runs: str) -> str:
    """The HTML page: settings, the `figures` in the folder, the lines below the table of the `summary`, provenance."""
    compared = [Table(readable_table(settings), "Losses in nats per character.")] if "best_val_loss" in settings else []
    states = [Paragraph(line) for line in summary.rpartition("\n\n")[2].splitlines()]
    names = [name for name in figures if name.endswith(".png")]
    pictures: list[PagePart] = [Picture(folder / name, f"Figure {name[:-4].replace('_', ' ')}") for name in names]
    sections = [
        Section("Settings", [*compared, *states]),
        Section("Figures", pictures),
        Section("Where this comes from", [*provenance(), CommandLine(f"python analyze.py runs={runs}")]),
    ]
    return render_page(f"Comparison: {folder.name}", "Settings over seeds, paired by seed.", sections)


def readable_table(settings: pd.DataFrame) -> pd.DataFrame:
    """The columns of `settings_table` that people read, as texts."""

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

    def verdict(row: dict[str, Any]) -> str:
        text = row.get("verdict", "")
        if text == "not distinguishable" and not math.isnan(row["detectable_difference"]):
            text += f" (n={row['pairs']:.0f} would detect {row['detectable_difference']:.3f})"
        return text

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
            "verdict": verdict(row),
        }
        for row in records(settings)
    )
    unmeasured = [column for column in ("test loss", "to_loss", "s/epoch", "s to_loss") if (table[column] == "-").all()]
    return table.drop(columns=unmeasured)
