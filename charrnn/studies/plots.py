"""Figures from tables: a DataFrame in, a matplotlib Figure out; the caller saves it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from charrnn import run
from charrnn.studies.inference import t_interval
from charrnn.studies.settings import format_value
from charrnn.studies.style import (
    COLOURS,
    DASHES,
    draw_baseline,
    draw_legend,
    label_loss_axis,
    line_style,
    new_figure,
    set_ticks,
    spans_wide_range,
)

LOSS_LABEL = "loss, nats per character"


def plot_loss_curves(epochs: pd.DataFrame, setting: str, baseline: float | None = None) -> Figure:
    """Training and validation loss of one setting over epochs: a thin line a seed, their mean and range.

    `epochs` holds `run`, `epoch`, `train/loss` and `val/loss`; `baseline` is the n-gram model's validation loss. Mean
    and range end with the shortest run: beyond, they would be of fewer runs.
    """
    # Fixed margins: there is a figure for every setting, and computing a layout takes a third of its time.
    figure, axes = new_figure(layout=None)
    figure.subplots_adjust(left=0.09, right=0.98, bottom=0.11, top=0.93)
    n = epochs["run"].nunique()
    for column, colour, dash in (("train/loss", COLOURS[1], DASHES[1]), ("val/loss", COLOURS[2], DASHES[0])):
        lines = _by_run(epochs, column)
        shared = lines.dropna()
        if n > 1:
            axes.plot(lines.index, lines, color=colour, linewidth=0.6, alpha=0.6)
            axes.fill_between(
                shared.index, shared.min(axis=1), shared.max(axis=1), color=colour, alpha=0.2, linewidth=0
            )
        name = "training" if column == "train/loss" else "validation"
        axes.plot(shared.index, shared.mean(axis=1), color=colour, linestyle=dash, linewidth=2, label=name)
    best = epochs.loc[epochs.groupby("run")["val/loss"].idxmin()]
    axes.plot(best["epoch"], best["val/loss"], "o", color=COLOURS[0], markersize=4, label="best epoch of a run")
    draw_baseline(axes, baseline)
    seeds = f"{n} seeds: mean, range, each" if n > 1 else "1 seed"
    axes.set(xlabel="epoch", title=f"{setting} ({seeds})")
    if epochs["epoch"].max() == 1:
        axes.set_xlim(0.5, 1.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_loss_axis(axes, LOSS_LABEL, epochs[["train/loss", "val/loss"]].stack())
    axes.legend(frameon=False, loc="upper right")
    return figure


def plot_all_loss_curves(epochs: pd.DataFrame, baseline: float | None = None) -> Figure:
    """Mean validation loss of every setting over epochs, with its range over seeds, until its shortest run ends.

    `epochs` holds the columns of `plot_loss_curves`, and `setting`.
    """
    figure, axes = new_figure()
    for number, (setting, rows) in enumerate(epochs.groupby("setting", sort=False)):
        shared = _by_run(rows, "val/loss").dropna()
        style = line_style(number)
        if shared.shape[1] > 1:
            axes.fill_between(
                shared.index, shared.min(axis=1), shared.max(axis=1), color=style["color"], alpha=0.15, linewidth=0
            )
        _mean_line(axes, shared.index, shared, setting, style)
    draw_baseline(axes, baseline)
    axes.set(xlabel="epoch", title="mean and range over seeds")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_loss_axis(axes, f"validation {LOSS_LABEL}", epochs["val/loss"])
    draw_legend(axes)
    return figure


def plot_best_loss(runs: pd.DataFrame, x: str | None, by: str | None = None) -> Figure:
    """Best validation loss of every run, with mean and 95 % t interval over seeds.

    `runs` holds `setting` and `best_val_loss`; `x` is the numeric column of the x axis, and every value of the column
    `by` gets a line. Without `x` the settings stand side by side.
    """
    figure, axes = new_figure(width=1 if x else runs["setting"].nunique() / 8)
    names = list(dict.fromkeys(runs["setting"]))
    counts: list[tuple[tuple[float, float], int]] = []
    places = runs["setting"].map(names.index) if x is None else runs[x].astype(float)
    for number, (name, line) in enumerate(runs.groupby(by, sort=False) if by else [("", runs)]):
        means = []
        for place, rows in line.groupby(places):
            interval = t_interval(rows["best_val_loss"])
            axes.plot([place] * len(rows), rows["best_val_loss"], "o", color="#9A9A9A", markersize=4, zorder=1)
            half = interval.mean - interval.low if interval.n > 1 else 0
            style = {**line_style(number), "linestyle": "none"}
            axes.errorbar(place, interval.mean, half, capsize=5, zorder=3, **style)
            counts.append(((place, interval.mean), interval.n))
            means.append((place, interval.mean))
        if x is not None:
            style = {**line_style(number), "linewidth": 1}
            axes.plot(
                *zip(*means, strict=True),
                zorder=2,
                label=f"{run.short(by)}={format_value(name)}" if by else None,
                **style,
            )
    if x is not None:
        set_ticks(axes, sorted(set(places)))
        axes.set_xlabel(run.short(x))
    else:
        turned = max(map(len, names)) * len(names) > 70
        axes.set_xticks(range(len(names)), names, rotation=30 if turned else 0, ha="right" if turned else "center")
    if by is not None:
        draw_legend(axes)
    axes.margins(x=0.12)
    label_loss_axis(axes, f"best validation {LOSS_LABEL}", runs["best_val_loss"])
    n = {n for _, n in counts}
    if len(n) > 1:
        for at, number in counts:
            axes.annotate(f"n={number}", at, xytext=(7, 6), textcoords="offset points", fontsize=8)
    each = f", n={n.pop()} each" if len(n) == 1 else ""
    axes.set_title(f"runs (dots), mean and 95 % t interval over seeds{each}")
    return figure


def plot_loss_against_time(epochs: pd.DataFrame) -> Figure:
    """Mean validation loss of every setting against seconds of training.
    `epochs` holds the columns of `plot_all_loss_curves`, and `seconds_per_epoch`, timed alone.
    `epochs` holds the columns of `plot_all_loss_curves`, and `seconds_per_epoch`, timed alone.
    """
    figure, axes = new_figure()
    for number, (setting, rows) in enumerate(epochs.groupby("setting", sort=False)):
        shared = _by_run(rows, "val/loss").dropna()
        seconds = shared.index * rows["seconds_per_epoch"].iloc[0]
        _mean_line(axes, seconds, shared, setting, line_style(number))
    axes.set(xlabel="training time alone on one thread, seconds", title="mean over seeds")
    label_loss_axis(axes, f"validation {LOSS_LABEL}", epochs["val/loss"])
    draw_legend(axes)
    return figure


def plot_heat_map(settings: pd.DataFrame, rows: str, columns: str) -> Figure:
    """Mean best validation loss for every pair of values of two swept keys; darker is better."""
    table = settings.pivot_table("best_val_loss", rows, columns, sort=True)
    counts = settings.pivot_table("best_val_loss_n", rows, columns, sort=True)
    figure = Figure(figsize=(2.5 + table.shape[1], 1.8 + 0.6 * table.shape[0]), layout="constrained")
    axes = figure.subplots()
    values = table.to_numpy()
    scale = LogNorm() if spans_wide_range(values[np.isfinite(values)]) else Normalize()
    shown = axes.imshow(values, cmap="viridis", aspect="auto", norm=scale)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = shown.cmap(shown.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            text = f"{value:.3f}\nn={counts.to_numpy()[i, j]:.0f}"
            axes.text(j, i, text, ha="center", va="center", color="white" if dark else "black", fontsize=8)
    axes.set_xticks(range(table.shape[1]), [format_value(v) for v in table.columns])
    axes.set_yticks(range(table.shape[0]), [format_value(v) for v in table.index])
    axes.set(xlabel=run.short(columns), ylabel=run.short(rows), title="mean best validation loss")
    figure.colorbar(shown, label="nats per character", format="%g").ax.yaxis.set_minor_locator(NullLocator())
    return figure


def _mean_line(axes: Axes, at: pd.Index, losses: pd.DataFrame, setting: object, style: dict[str, Any]) -> None:
    """The mean of `losses`, one column a run; about eight markers a line keep lines apart in grey."""
    every = max(1, len(losses) // 8)
    axes.plot(at, losses.mean(axis=1), label=f"{setting} (n={losses.shape[1]})", markevery=every, **style)


def _by_run(epochs: pd.DataFrame, column: str) -> pd.DataFrame:
    return epochs.pivot(index="epoch", columns="run", values=column)
