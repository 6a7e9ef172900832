"""The self-similarity of a tune as a small picture: every bar against every bar, as in music information retrieval."""

import numpy as np
from matplotlib.figure import Figure

from charrnn.music.form import Form

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
