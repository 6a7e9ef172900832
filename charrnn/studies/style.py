"""The style of all figures: colours, lines, axes, files.

Settings differ in colour, line style and marker at once, so that they stay apart in grey and for colour-blind readers.
"""

from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from charrnn import run

# Okabe and Ito's colours, which colour-blind readers can tell apart; black first, since one setting is the usual case.
# Their yellow is left out: it is hardly visible on white.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (10, 3)), (0, (1, 1)), (0, (4, 1, 1, 1, 1, 1)), "-")
MAX_LINES = 3 * len(COLOURS)  # that can be told apart in one figure


def line_style(number: int) -> dict[str, Any]:
    """Colour, line and marker of the setting with this number; from the ninth on the combinations shift."""
    turn, place = divmod(number, len(COLOURS))
    return {
        "color": COLOURS[place],
        "linestyle": DASHES[(place + turn) % len(DASHES)],
        "marker": MARKERS[(place + 3 * turn) % len(MARKERS)],
        "markersize": 5,
        "linewidth": 1.6,
    }


def new_figure(width: float = 1, layout: Literal["constrained"] | None = "constrained") -> tuple[Figure, Axes]:
    """A figure of one pair of axes; `width` is a multiple of 7 inches, from 1 to 3."""
    figure = Figure(figsize=(7 * min(max(1, width), 3), 4.4), layout=layout)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.7)
    axes.set_axisbelow(True)
    return figure, axes


def draw_baseline(axes: Axes, baseline: float | None) -> None:
    if baseline is not None:
        axes.axhline(baseline, color="#7F7F7F", linewidth=1)
        axes.annotate("n-gram model", (1, baseline), xycoords=("axes fraction", "data"), ha="right", va="bottom")


def label_loss_axis(axes: Axes, label: str, losses: Any) -> None:
    """Label the y axis; logarithmic where one diverged run would flatten all others."""
    axes.set_ylabel(label)
    if spans_wide_range(losses):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())


def spans_wide_range(losses: Any) -> bool:
    return len(losses) > 0 and max(losses) > 5 * min(losses)


def set_ticks(axes: Axes, values: list[float], logarithmic: bool | None = None) -> None:
    """Ticks at these values only; by default the axis is logarithmic where they lie far apart."""
    if logarithmic or (logarithmic is None and values[0] > 0 and values[-1] / values[0] > 20):
        axes.set_xscale("log")
    shown = values[:: 1 + len(values) // 12]
    axes.set_xticks(shown, [f"{v:g}" for v in shown])
    axes.xaxis.set_minor_locator(NullLocator())


def draw_legend(axes: Axes) -> None:
    """Inside the axes if it is short, else beside them."""
    count = len(axes.get_legend_handles_labels()[0])
    if count <= 5:
        axes.legend(frameon=False, fontsize="small")
    elif axes.figure is not None:
        axes.figure.legend(frameon=False, fontsize="small", loc="outside right upper")


def save_figure(figure: Figure, stem: Path) -> list[str]:
    """Save as PNG and, with text kept as text, as SVG; return the file names. The same data give the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "charrnn", "svg.fonttype": "none"}):
        # Once for both files: matplotlib would compute the layout before each, which takes as long as drawing.
        if (layout := figure.get_layout_engine()) is not None:
            layout.execute(figure)
            figure.set_layout_engine("none")
        with run.replacing(Path(f"{stem}.png")) as part:
            figure.savefig(part, dpi=150, metadata={"Software": None})
        with run.replacing(Path(f"{stem}.svg")) as part:
            figure.savefig(part, metadata={"Date": None})
    return [f"{stem.name}.png", f"{stem.name}.svg"]
