"""Figures of form: a tune's bars against each other, as in music information retrieval; settings against each other."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from charrnn.music.form import Form
from charrnn.studies.style import line_style

INCHES = 1.9


def plot_self_similarity(form: Form) -> Figure:
    """Dark where two bars sound the same, lines between parts; a stripe off the diagonal is a phrase that returns."""
    figure = Figure(figsize=(INCHES, INCHES), layout="constrained")
    axes = figure.subplots()
    bars = len(form.similarity)
    axes.imshow(form.similarity, cmap="Greys", vmin=0, vmax=1, extent=(0, bars, bars, 0))
    for border in form.borders:
        axes.axhline(border, color="#D55E00", linewidth=0.8)
        axes.axvline(border, color="#D55E00", linewidth=0.8)
    ticks = np.arange(0, bars + 1, 8 if bars > 8 else 4)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.tick_params(labelsize=7)
    return figure


def plot_form(table: pd.DataFrame, human: Mapping[str, float | None], labels: Mapping[str, str]) -> Figure:
    """A panel for every measure that `labels` names: settings from top to bottom, a mark and interval a temperature.

    `table` is that of `over_seeds`; what `human` tunes have is a vertical line.
    """
    settings = list(dict.fromkeys(table["setting"]))
    columns = 4
    rows = -(-len(labels) // columns)
    figure = Figure(figsize=(13, rows * (1.2 + 0.42 * len(settings))), layout="constrained")
    panels = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for axes, (name, words) in zip(panels, labels.items(), strict=False):
        for number, (temperature, group) in enumerate(table.groupby("temperature", sort=False)):
            if name == "nats_per_note" and number:
                continue  # of the network, whatever the temperature
            at = np.array([settings.index(setting) for setting in group["setting"]]) + 0.16 * number
            spread = np.nan_to_num([group[name] - group[f"{name}_low"], group[f"{name}_high"] - group[name]])
            style = {**line_style(number), "linestyle": "none", "capsize": 3}
            axes.errorbar(group[name], at, xerr=np.maximum(spread, 0), label=f"temperature {temperature:g}", **style)
        if human.get(name) is not None:
            axes.axvline(human[name], color="#7F7F7F", linewidth=1)
        axes.set_title(words, fontsize=10)
        axes.set_yticks(range(len(settings)), settings)
        axes.spines[["top", "right"]].set_visible(False)
        if name != "nats_per_note":
            axes.set_xlim(-0.02, 1.02)
            axes.xaxis.set_major_formatter(PercentFormatter(1))
    for axes in panels[len(labels) :]:
        axes.set_axis_off()
    panels[0].invert_yaxis()
    figure.legend(*panels[1].get_legend_handles_labels(), loc="outside lower right", frameon=False, ncols=2)
    return figure
