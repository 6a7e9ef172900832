"""Figures from tables: a DataFrame in, a matplotlib Figure out; saving is the caller's."""

import pandas as pd
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by colour-blind eyes; black first, since one run is the usual case.
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#999999")


def loss_curves(metrics: pd.DataFrame, baseline: float | None = None) -> Figure:
    """Training (dashed) and validation loss (solid) in nats per character over epochs, a colour a run.

    `metrics` holds `run`, `epoch`, `train/loss` and `val/loss`; `baseline` is the n-gram model's validation loss, drawn
    where all runs share it.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    runs = metrics.groupby("run", sort=False)
    for number, (run, rows) in enumerate(runs):
        colour, epochs = COLOURS[number % len(COLOURS)], rows["epoch"] + 1
        axes.plot(epochs, rows["train/loss"], "--", color=colour, linewidth=1)
        axes.plot(epochs, rows["val/loss"], "-", color=colour, linewidth=1.8, label=str(run))
        best = rows.nsmallest(1, "val/loss")
        axes.plot(best["epoch"] + 1, best["val/loss"], "o", color=colour, markersize=5)
    if baseline is not None:
        axes.axhline(baseline, color="#999999", linewidth=1)
        axes.annotate("n-gram model", (1, baseline), xycoords=("axes fraction", "data"), ha="right", va="bottom")
    axes.set(
        xlabel="epoch",
        ylabel="loss, nats per character",
        title="validation (solid), training (dashed), best epoch (dot)",
    )
    axes.spines[["top", "right"]].set_visible(False)
    if len(runs) <= len(COLOURS):
        axes.legend(frameon=False, fontsize="small")
    return figure
