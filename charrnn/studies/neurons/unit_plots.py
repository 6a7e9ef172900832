"""Figures of units: all activations over a tune, one unit on the text, AUCs, ablations, units across seeds."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import StrMethodFormatter

from charrnn.music.features import WORDS
from charrnn.studies.style import COLOURS

COLOUR_MAP = "RdBu_r"  # as in the paper: red is high, blue is low
MONO = "DejaVu Sans Mono"  # part of matplotlib
LINE_WIDTH = 72  # characters, before a line is broken
CELL_INCHES = 0.115, 0.23  # width and height of a character


def plot_activations(activations: np.ndarray, text: str) -> Figure:
    """A heat map of activations (n, U): a row a unit, a column a character of a tune, on one scale from -1 to 1."""
    n, units = activations.shape
    width = min(0.085 * n, 60)
    figure = Figure(figsize=(1.5 + width, 1.2 + max(2.5, 0.06 * units)), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(activations.T, cmap=COLOUR_MAP, vmin=-1, vmax=1, aspect="auto", interpolation="none")
    letters = [_legible(c) for c in text]
    axes.set_xticks(range(n), letters, fontfamily=MONO, fontsize=min(7, 72 * width / n))
    axes.set_yticks(range(0, units, max(1, math.ceil(units / 200)) * 10))
    axes.tick_params(length=0)
    axes.set(xlabel="character (activations after it was read)", ylabel="unit")
    figure.colorbar(shown, label="activation", fraction=0.02, pad=0.01, aspect=30)
    return figure


def plot_unit_on_text(values: np.ndarray, text: str, title: str) -> Figure:
    """One unit's activations (n,) as the background of the text; the scale ends at the largest absolute value."""
    places, rows = _places(text)
    width = max(24, 1 + max(column for _, column in places))
    limit = max(float(np.abs(values).max()), 1e-6)
    grid = np.full((rows, width), np.nan)
    for (row, column), value in zip(places, values, strict=True):
        grid[row, column] = value
    figure = Figure(figsize=(0.4 + CELL_INCHES[0] * width + 1, 0.6 + CELL_INCHES[1] * rows), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(
        grid, cmap=COLOUR_MAP, vmin=-limit, vmax=limit, aspect=CELL_INCHES[1] / CELL_INCHES[0], interpolation="none"
    )
    for (row, column), value, letter in zip(places, values, text, strict=True):
        axes.text(
            column, row, _legible(letter), ha="center", va="center_baseline", family=MONO, fontsize=9,
            color="white" if abs(value) > 0.6 * limit else "black", parse_math=False,
        )  # fmt: skip
    axes.set_axis_off()
    axes.set_title(title, fontsize=10, loc="left")
    figure.colorbar(shown, shrink=min(1, 3 / (CELL_INCHES[1] * rows)), aspect=12, pad=0.02)
    return figure


def plot_feature_auc(table: pd.DataFrame, best: pd.DataFrame, title: str) -> Figure:
    """A heat map of the AUC of every unit and feature; beside it the best unit and the best of untrained networks.

    `table` is of `feature_auc`, `best` of `learned_features`.
    """
    names = [name for name in WORDS if name in best.index]
    auc = table.pivot(index="feature", columns="unit", values="auc").loc[names]
    figure = Figure(figsize=(4 + max(5, 0.08 * auc.shape[1]) + 3, 1.6 + 0.28 * len(names)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[max(5, 0.08 * auc.shape[1]), 3], sharey=True)
    shown = left.imshow(auc, cmap=COLOUR_MAP, vmin=0, vmax=1, aspect="auto", interpolation="none")
    left.plot(best.loc[names, "unit"], range(len(names)), "o", color="none", markeredgecolor="black", markersize=7)
    left.set_yticks(range(len(names)), [WORDS[name] for name in names])
    left.set(xlabel="unit (ring: the best unit of the feature)", title=title)
    figure.colorbar(shown, ax=left, label="AUC", location="right", pad=0.01, aspect=30)
    rows = range(len(names))
    right.hlines(rows, 0.5, 1, color="#E5E5E5", linewidth=0.7, zorder=0)
    style: dict[str, Any] = {"linestyle": "none", "markersize": 6}
    right.plot(best.loc[names, "untrained"], rows, "x", color="#7F7F7F", label="five untrained", **style)
    right.plot(best.loc[names, "bound"], rows, "|", color="#7F7F7F", label="bound", **style)
    learned = best.loc[names, "learned"].to_numpy(bool)
    for kind, fill, label in ((learned, COLOURS[2], "learned"), (~learned, "white", "not shown to be learned")):
        values, at = best.loc[names, "selectivity"].to_numpy()[kind], np.flatnonzero(kind)
        right.plot(values, at, "o", color=fill, markeredgecolor=COLOURS[2], label=label, **style)
    right.set(xlim=(0.5, 1.005), xlabel="best unit: larger of AUC, 1 - AUC")
    right.spines[["top", "right", "left"]].set_visible(False)
    right.tick_params(axis="y", length=0)
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=4, frameon=False)
    return figure


def plot_ablation(changes: pd.DataFrame, best: pd.DataFrame) -> Figure:
    """The change of loss where each feature is on, for each ablated unit (grey) and for the feature's best unit."""
    names = [name for name in WORDS if name in best.index and best["change_on"].notna()[name]]
    figure = Figure(figsize=(8, 1.4 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    for row, name in enumerate(names):
        others = changes.loc[changes["feature"] == name, "change_on"]
        axes.plot(others, [row] * len(others), "|", color="#9A9A9A", markersize=9)
    needed = best.loc[names, "needed"].to_numpy(bool)
    for kind, marker, label in ((needed, "o", "best unit, needed"), (~needed, "D", "best unit, not needed")):
        rows = np.flatnonzero(kind)
        colour = COLOURS[1] if marker == "o" else "white"
        change_on = best.loc[names, "change_on"].to_numpy()[rows]
        axes.plot(change_on, rows, marker, color=colour, markeredgecolor="black", label=label)
    axes.axvline(0, color="#7F7F7F", linewidth=0.8)
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_yticks(range(len(names)), [WORDS[name] for name in names])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.margins(x=0.04)
    axes.set_xlabel("change of loss where the feature is on, nats (line: another ablated unit)")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False)
    return figure


def plot_across_seeds(claim: dict[str, Any], auc_by_run: dict[str, pd.DataFrame]) -> Figure:
    """A panel a run: how low every unit is in long words and at colons.

    Units above and right of the lines are lower in both than untrained ones. `auc_by_run` holds, for every run and
    "untrained", the AUCs of each unit in the columns `long_word` and `field_colon`.
    """
    rows = claim["seeds"]
    figure = Figure(figsize=(2.6 * len(rows) + 0.6, 3.4), layout="constrained")
    panels = figure.subplots(1, len(rows), sharex=True, sharey=True, squeeze=False)[0]
    untrained = auc_by_run["untrained"]
    for axes, row in zip(panels, rows, strict=True):
        axes.plot(1 - untrained["long_word"], 1 - untrained["field_colon"], ".", color="#C4C4C4", markersize=3)
        auc = auc_by_run[row["run"]]
        axes.plot(1 - auc["long_word"], 1 - auc["field_colon"], "o", color=COLOURS[2], markersize=3)
        axes.plot(1 - row["long_word_auc"], 1 - row["field_colon_auc"], "o", color=COLOURS[1], markeredgecolor="black")
        bound = row["joint_bound"]
        axes.plot([bound, bound, 1], [1, bound, bound], color="black", linewidth=0.8)
        verdict = "holds" if row["holds"] else "does not hold"
        axes.set_title(f"unit {row['unit']}: {verdict}", fontsize=9)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("1 - AUC, long words")
    panels[0].set_ylabel("1 - AUC, colons of fields")
    figure.suptitle(
        "lower in both is further up and right (grey: five untrained networks; orange: the tested unit)", size=10
    )
    return figure


def _places(text: str) -> tuple[list[tuple[int, int]], int]:
    """Row and column of every character with long lines broken, and the number of rows."""
    places, row, column = [], 0, 0
    for letter in text:
        if column == LINE_WIDTH:
            row, column = row + 1, 0
        places.append((row, column))
        column += 1
        if letter == "\n":
            row, column = row + 1, 0
    return places, 1 + max((row for row, _ in places), default=0)


_FONT = FT2Font(font_manager.findfont(MONO))


def _legible(letter: str) -> str:
    """The character as it is drawn: a sign for a line feed, a square for what the font lacks."""
    if letter == "\n":
        return "↵"
    return letter if letter.isprintable() and _FONT.get_char_index(ord(letter)) else "□"


def unit_title(unit: int, features: list[str]) -> str:
    """The title of a unit's figure; `features` are those for which it is the best unit."""
    words = ", ".join(WORDS[name] for name in features)
    return f"unit {unit}" + (f", the best unit for: {words}" if words else "")
