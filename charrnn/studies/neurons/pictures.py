"""Pictures of units: all of them over a tune, one of them on the text itself, and what was found of them."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.ticker import StrMethodFormatter

from charrnn.music.features import WORDS
from charrnn.studies.look import COLOURS
from charrnn.studies.neurons.following import strength

HIGH_RED = "RdBu_r"  # the paper's colours: red is high, blue is low
MONO = "DejaVu Sans Mono"  # which matplotlib brings along
COLUMNS = 72  # of characters, before a line is broken
CELL = 0.115, 0.23  # of a character, in inches


def atlas(activations: np.ndarray, text: str) -> Figure:
    """Every unit, a row each, at every character of a tune, (n, U), on one scale from -1 to 1."""
    n, units = activations.shape
    wide = min(0.085 * n, 60)
    figure = Figure(figsize=(1.5 + wide, 1.2 + max(2.5, 0.06 * units)), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(activations.T, cmap=HIGH_RED, vmin=-1, vmax=1, aspect="auto", interpolation="none")
    letters = [_legible(c) for c in text]
    axes.set_xticks(range(n), letters, fontfamily=MONO, fontsize=min(7, 72 * wide / n))
    axes.set_yticks(range(0, units, max(1, math.ceil(units / 200)) * 10))
    axes.tick_params(length=0)
    axes.set(xlabel="character, its colour that of the unit after it was read", ylabel="unit")
    figure.colorbar(shown, label="output of the unit", fraction=0.02, pad=0.01, aspect=30)
    return figure


def on_text(values: np.ndarray, text: str, title: str) -> Figure:
    """One unit, (n,), on the text: each character on its colour, line by line, the largest value at either end."""
    places, rows = _places(text)
    wide = max(24, 1 + max(column for _, column in places))
    limit = max(float(np.abs(values).max()), 1e-6)
    grid = np.full((rows, wide), np.nan)
    for (row, column), value in zip(places, values, strict=True):
        grid[row, column] = value
    figure = Figure(figsize=(0.4 + CELL[0] * wide + 1, 0.6 + CELL[1] * rows), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(grid, cmap=HIGH_RED, vmin=-limit, vmax=limit, aspect=CELL[1] / CELL[0], interpolation="none")
    for (row, column), value, letter in zip(places, values, text, strict=True):
        axes.text(
            column, row, _legible(letter), ha="center", va="center_baseline", family=MONO, fontsize=9,
            color="white" if abs(value) > 0.6 * limit else "black", parse_math=False,
        )  # fmt: skip
    axes.set_axis_off()
    axes.set_title(title, fontsize=10, loc="left")
    figure.colorbar(shown, shrink=min(1, 3 / (CELL[1] * rows)), aspect=12, pad=0.02)
    return figure


def matrix(table: pd.DataFrame, best: pd.DataFrame, title: str) -> Figure:
    """Every unit against every feature, and beside it the best unit with the best one that was never trained.

    `table` and `best` are those of `follow` and `learned`.
    """
    names = [name for name in WORDS if name in best.index]
    auc = table.pivot(index="feature", columns="unit", values="auc").loc[names]
    figure = Figure(figsize=(4 + max(5, 0.08 * auc.shape[1]) + 3, 1.6 + 0.28 * len(names)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[max(5, 0.08 * auc.shape[1]), 3], sharey=True)
    shown = left.imshow(auc, cmap=HIGH_RED, vmin=0, vmax=1, aspect="auto", interpolation="none")
    left.plot(best.loc[names, "unit"], range(len(names)), "o", color="none", markeredgecolor="black", markersize=7)
    left.set_yticks(range(len(names)), [WORDS[name] for name in names])
    left.set(xlabel="unit (a ring: the best of the feature)", title=title)
    figure.colorbar(shown, ax=left, label="AUC", location="right", pad=0.01, aspect=30)
    rows = range(len(names))
    right.hlines(rows, 0.5, 1, color="#E5E5E5", linewidth=0.7, zorder=0)
    look: dict[str, Any] = {"linestyle": "none", "markersize": 6}
    right.plot(best.loc[names, "untrained"], rows, "x", color="#7F7F7F", label="five untrained", **look)
    right.plot(best.loc[names, "bound"], rows, "|", color="#7F7F7F", label="to be beaten", **look)
    learned = best.loc[names, "learned"].to_numpy(bool)
    for kind, fill, words in ((learned, COLOURS[2], "this one, learned"), (~learned, "white", "not shown to be")):
        ours, at = best.loc[names, "strength"].to_numpy()[kind], np.flatnonzero(kind)
        right.plot(ours, at, "o", color=fill, markeredgecolor=COLOURS[2], label=words, **look)
    right.set(xlim=(0.5, 1.005), xlabel="best unit: AUC or 1 - AUC")
    right.spines[["top", "right", "left"]].set_visible(False)
    right.tick_params(axis="y", length=0)
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=4, frameon=False)
    return figure


def broken_units(changes: pd.DataFrame, best: pd.DataFrame) -> Figure:
    """The change of loss on each feature's characters without each unit, a grey dot, and without the feature's best."""
    names = [name for name in WORDS if name in best.index and best["there"].notna()[name]]
    figure = Figure(figsize=(8, 1.4 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    for row, name in enumerate(names):
        others = changes.loc[changes["feature"] == name, "there"]
        axes.plot(others, [row] * len(others), "|", color="#9A9A9A", markersize=9)
    carries = best.loc[names, "carries"].to_numpy(bool)
    for kind, marker, words in ((carries, "o", "best unit, carries it"), (~carries, "D", "best unit, does not")):
        rows = np.flatnonzero(kind)
        colour = COLOURS[1] if marker == "o" else "white"
        there = best.loc[names, "there"].to_numpy()[rows]
        axes.plot(there, rows, marker, color=colour, markeredgecolor="black", label=words)
    axes.axvline(0, color="#7F7F7F", linewidth=0.8)
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_yticks(range(len(names)), [WORDS[name] for name in names])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.margins(x=0.04)
    axes.set_xlabel("change of loss on the feature's characters, nats (a line: another unit)")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False)
    return figure


def claim_over_seeds(claim: dict[str, Any], joint: dict[str, pd.DataFrame]) -> Figure:
    """A panel a run: of every unit how low it is in long words and at colons.

    Above and right of the lines it is lower in both than any unit that was never trained. `joint` has of every run, and
    of "untrained", `long_word` and `field_colon`, the AUCs of each unit.
    """
    rows = claim["seeds"]
    figure = Figure(figsize=(2.6 * len(rows) + 0.6, 3.4), layout="constrained")
    panels = figure.subplots(1, len(rows), sharex=True, sharey=True, squeeze=False)[0]
    rivals = joint["untrained"]
    for axes, row in zip(panels, rows, strict=True):
        axes.plot(1 - rivals["long_word"], 1 - rivals["field_colon"], ".", color="#C4C4C4", markersize=3)
        ours = joint[row["run"]]
        axes.plot(1 - ours["long_word"], 1 - ours["field_colon"], "o", color=COLOURS[2], markersize=3)
        axes.plot(1 - row["long_word_auc"], 1 - row["field_colon_auc"], "o", color=COLOURS[1], markeredgecolor="black")
        bound = row["untrained_both"]
        axes.plot([bound, bound, 1], [1, bound, bound], color="black", linewidth=0.8)
        verdict = "holds" if row["holds"] else "does not hold"
        axes.set_title(f"unit {row['unit']}: {verdict}", fontsize=9)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("1 - AUC, long words")
    panels[0].set_ylabel("1 - AUC, colons of fields")
    figure.suptitle(
        "low in both, further up and right (grey: five untrained networks; orange: the unit judged)", size=10
    )
    return figure


def strongest_first(best: pd.DataFrame) -> list[int]:
    """The units that are best at what was learned, those first that are furthest above any untrained one."""
    known = best[best["learned"]]
    order = (strength(known["auc"]) - known["untrained"]).sort_values(ascending=False).index
    return list(dict.fromkeys(int(unit) for unit in known.loc[order, "unit"]))


def _places(text: str) -> tuple[list[tuple[int, int]], int]:
    """Row and column of every character, long lines broken; how many rows."""
    places, row, column = [], 0, 0
    for letter in text:
        if column == COLUMNS:
            row, column = row + 1, 0
        places.append((row, column))
        column += 1
        if letter == "\n":
            row, column = row + 1, 0
    return places, 1 + max((row for row, _ in places), default=0)


_FONT = FT2Font(font_manager.findfont(MONO))


def _legible(letter: str) -> str:
    """As it is drawn: a line feed as its sign, what the font has not as a square."""
    if letter == "\n":
        return "↵"
    return letter if letter.isprintable() and _FONT.get_char_index(ord(letter)) else "□"


def caption(unit: int, features: list[str]) -> str:
    """What a unit's picture is called; `features` are those that it is the best at."""
    of = ", ".join(WORDS[name] for name in features)
    return f"unit {unit}" + (f", the best of: {of}" if of else "")
