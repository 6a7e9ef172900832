"""Figures from tables: a DataFrame in, a matplotlib Figure out; saving is the caller's."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from charrnn import run
from charrnn.studies.look import (
    COLOURS,
    DASHES,
    draw_baseline,
    draw_legend,
    is_wide,
    name_loss_axis,
    new_figure,
    style,
    tick_at,
)
from charrnn.studies.settings import plain_value, t_interval

LOSS = "loss, nats per character"


def loss_curves(epochs: pd.DataFrame, setting: str, baseline: float | None = None) -> Figure:
    """One setting: training and validation loss over epochs, a thin line a seed, their mean and range.

    `epochs` holds `run`, `epoch`, `train/loss` and `val/loss` of its runs; `baseline` is the n-gram model's validation
    loss. Mean and range end where the first run does: beyond, the mean would be that of other runs.
    """
    # There is one for every setting, and finding a layout takes a third of its time.
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
    name_loss_axis(axes, LOSS, epochs[["train/loss", "val/loss"]].stack())
    axes.legend(frameon=False, loc="upper right")
    return figure


def all_curves(epochs: pd.DataFrame, baseline: float | None = None) -> Figure:
    """All settings: mean validation loss over epochs with its range over seeds, as far as all runs of a setting went.

    `epochs` as in `loss_curves`, and `setting`.
    """
    figure, axes = new_figure()
    for number, (setting, rows) in enumerate(epochs.groupby("setting", sort=False)):
        shared = _by_run(rows, "val/loss").dropna()
        look = style(number)
        if shared.shape[1] > 1:
            axes.fill_between(
                shared.index, shared.min(axis=1), shared.max(axis=1), color=look["color"], alpha=0.15, linewidth=0
            )
        _mean_line(axes, shared.index, shared, setting, look)
    draw_baseline(axes, baseline)
    axes.set(xlabel="epoch", title="mean and range over seeds")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    name_loss_axis(axes, f"validation {LOSS}", epochs["val/loss"])
    draw_legend(axes)
    return figure


def best_loss(runs: pd.DataFrame, x: str | None, by: str | None = None) -> Figure:
    """Best validation loss of every run, with mean and 95 % t interval over seeds.

    `runs` holds `setting` and `best_val_loss`; `x` is a column of numbers to stand on, a line for every value of the
    column `by`. Without `x` the settings stand in a row.
    """
    figure, axes = new_figure(wide=1 if x else runs["setting"].nunique() / 8)
    names = list(dict.fromkeys(runs["setting"]))
    counts: list[tuple[tuple[float, float], int]] = []
    places = runs["setting"].map(names.index) if x is None else runs[x].astype(float)
    for number, (name, line) in enumerate(runs.groupby(by, sort=False) if by else [("", runs)]):
        means = []
        for place, rows in line.groupby(places):
            found = t_interval(rows["best_val_loss"])
            axes.plot([place] * len(rows), rows["best_val_loss"], "o", color="#9A9A9A", markersize=4, zorder=1)
            half = found.mean - found.low if found.n > 1 else 0
            look = {**style(number), "linestyle": "none"}
            axes.errorbar(place, found.mean, half, capsize=5, zorder=3, **look)
            counts.append(((place, found.mean), found.n))
            means.append((place, found.mean))
        if x is not None:
            look = {**style(number), "linewidth": 1}
            axes.plot(
                *zip(*means, strict=True),
                zorder=2,
                label=f"{run.short(by)}={plain_value(name)}" if by else None,
                **look,
            )
    if x is not None:
        tick_at(axes, sorted(set(places)))
        axes.set_xlabel(run.short(x))
    else:
        turned = max(map(len, names)) * len(names) > 70
        axes.set_xticks(range(len(names)), names, rotation=30 if turned else 0, ha="right" if turned else "center")
    if by is not None:
        draw_legend(axes)
    axes.margins(x=0.12)
    name_loss_axis(axes, f"best validation {LOSS}", runs["best_val_loss"])
    n = {n for _, n in counts}
    if len(n) > 1:
        for at, number in counts:
            axes.annotate(f"n={number}", at, xytext=(7, 6), textcoords="offset points", fontsize=8)
    every = f", n={n.pop()} each" if len(n) == 1 else ""
    axes.set_title(f"runs (dots), mean and 95 % t interval over seeds{every}")
    return figure


def loss_against_time(epochs: pd.DataFrame) -> Figure:
    """Mean validation loss of every setting against the seconds of training it took.

    `epochs` as in `all_curves`, and `seconds_per_epoch`, measured alone and in turns.
    """
    figure, axes = new_figure()
    for number, (setting, rows) in enumerate(epochs.groupby("setting", sort=False)):
        shared = _by_run(rows, "val/loss").dropna()
        seconds = shared.index * rows["seconds_per_epoch"].iloc[0]
        _mean_line(axes, seconds, shared, setting, style(number))
    axes.set(xlabel="training time alone on one thread, seconds", title="mean over seeds")
    name_loss_axis(axes, f"validation {LOSS}", epochs["val/loss"])
    draw_legend(axes)
    return figure


def heat_map(settings: pd.DataFrame, rows: str, columns: str) -> Figure:
    """Mean best validation loss for every pair of values of two swept keys; darker is better, each with its number."""
    table = settings.pivot_table("best_val_loss", rows, columns, sort=True)
    counts = settings.pivot_table("best_val_loss_n", rows, columns, sort=True)
    figure = Figure(figsize=(2.5 + table.shape[1], 1.8 + 0.6 * table.shape[0]), layout="constrained")
    axes = figure.subplots()
    values = table.to_numpy()
    scale = LogNorm() if is_wide(values[np.isfinite(values)]) else Normalize()
    shown = axes.imshow(values, cmap="viridis", aspect="auto", norm=scale)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = shown.cmap(shown.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            text = f"{value:.3f}\nn={counts.to_numpy()[i, j]:.0f}"
            axes.text(j, i, text, ha="center", va="center", color="white" if dark else "black", fontsize=8)
    axes.set_xticks(range(table.shape[1]), [plain_value(v) for v in table.columns])
    axes.set_yticks(range(table.shape[0]), [plain_value(v) for v in table.index])
    axes.set(xlabel=run.short(columns), ylabel=run.short(rows), title="mean best validation loss")
    figure.colorbar(shown, label="nats per character", format="%g").ax.yaxis.set_minor_locator(NullLocator())
    return figure


def _mean_line(axes: Axes, at: pd.Index, losses: pd.DataFrame, setting: object, look: dict[str, Any]) -> None:
    """The mean over seeds of `losses`, a column a run; some eight markers keep a line apart from the others in grey."""
    every = max(1, len(losses) // 8)
    axes.plot(at, losses.mean(axis=1), label=f"{setting} (n={losses.shape[1]})", markevery=every, **look)


def _by_run(epochs: pd.DataFrame, column: str) -> pd.DataFrame:
    return epochs.pivot(index="epoch", columns="run", values=column)


PANELS = {
    "well_formed": "well-formed, share of tunes",
    "key_missing": "without K:, share of tunes",
    "bar_fit": "bars as long as the meter, share",
    "junk_per_100_notes": "junk per 100 notes",
    "length_entropy": "entropy of note lengths, bits",
    "same_length": "next note as long as this one, share",
    "interval": "mean interval, semitones",
    "stepwise": "steps of 1 or 2 semitones, share",
    "length_distance": "Jensen-Shannon distance of lengths",
    "copied_share": "20-character runs copied, share",
    "entropy": "next-character entropy, nats",
    "log_prob": "log-probability at T = 1, nats",
}


def against_temperature(table: pd.DataFrame) -> Figure:
    """Every measure against temperature with its 95 % interval over tunes; the grey band is that of human tunes.

    `table` holds a row a temperature and perhaps one called human: `temperature`, `tunes`, and for every measure its
    mean, `…_low` and `…_high`.
    """
    panels = {key: words for key, words in PANELS.items() if key in table}
    figure = Figure(figsize=(13, 8.4), layout="constrained")
    drawn = table[table["temperature"] != "human"]
    human = table[table["temperature"] == "human"]
    at = drawn["temperature"].astype(float)
    for number, (key, words) in enumerate(panels.items()):
        axes = figure.add_subplot(3, 4, number + 1)
        spread = np.maximum([drawn[key] - drawn[f"{key}_low"], drawn[f"{key}_high"] - drawn[key]], 0)
        axes.errorbar(at, drawn[key], spread, fmt="o-", color=COLOURS[0], markersize=4, capsize=3, linewidth=1.2)
        if len(human):
            low, high = (float(human[f"{key}_{end}"].iloc[0]) for end in ("low", "high"))
            axes.axhspan(low, high, color="#BDBDBD", linewidth=0)
            axes.axhline(float(human[key].iloc[0]), color="#7F7F7F", linewidth=1)
        tick_at(axes, sorted(at), logarithmic=True)
        axes.set_title(words, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        if number >= len(panels) - 4:
            axes.set_xlabel("temperature")
    beside = f"; grey: {human['tunes'].iloc[0]} human tunes that were held out" if len(human) else ""
    figure.suptitle(f"{drawn['tunes'].iloc[0]} tunes at each temperature, mean and 95 % interval over tunes{beside}")
    return figure
