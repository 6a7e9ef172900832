"""How every figure looks: colours, lines, axes, files.

Settings differ by colour, line style and marker at once, so that they stay apart for colour-blind eyes and in grey.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from charrnn import run

# Okabe and Ito's colours, told apart by colour-blind eyes; black first, since one setting is the usual case. Their
# yellow is left out: on white it is hardly seen.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (10, 3)), (0, (1, 1)), (0, (4, 1, 1, 1, 1, 1)), "-")


def style(number: int) -> dict[str, Any]:
    """Colour, line and marker of the setting with this number; beyond eight the line styles shift."""
    turn, place = divmod(number, len(COLOURS))
    return {
        "color": COLOURS[place],
        "linestyle": DASHES[(place + turn) % len(DASHES)],
        "marker": MARKERS[(place + 3 * turn) % len(MARKERS)],
        "markersize": 5,
        "linewidth": 1.6,
    }


def new_figure(wide: float = 1, layout: Literal["constrained"] | None = "constrained") -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7 * min(max(1, wide), 3), 4.4), layout=layout)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E5E5E5", linewidth=0.7)
    axes.set_axisbelow(True)
    return figure, axes


def draw_baseline(axes: Axes, baseline: float | None) -> None:
    if baseline is not None:
        axes.axhline(baseline, color="#7F7F7F", linewidth=1)
        axes.annotate("n-gram model", (1, baseline), xycoords=("axes fraction", "data"), ha="right", va="bottom")


def name_loss_axis(axes: Axes, name: str, losses: Any) -> None:
    """A run that diverged would flatten all others on an even axis."""
    axes.set_ylabel(name)
    if is_wide(losses):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())


def is_wide(losses: Any) -> bool:
    return len(losses) > 0 and max(losses) > 5 * min(losses)


def tick_at(axes: Axes, values: list[float], logarithmic: bool | None = None) -> None:
    """Ticks at these places and nowhere else; on a logarithmic axis where asked for, or where they lie far apart."""
    if logarithmic or (logarithmic is None and values[0] > 0 and values[-1] / values[0] > 20):
        axes.set_xscale("log")
    shown = values[:: 1 + len(values) // 12]
    axes.set_xticks(shown, [f"{v:g}" for v in shown])
    axes.xaxis.set_minor_locator(NullLocator())


def draw_legend(axes: Axes) -> None:
    count = len(axes.get_legend_handles_labels()[0])
    if count <= 5:
        axes.legend(frameon=False, fontsize="small")
    elif axes.figure is not None:
        axes.figure.legend(frameon=False, fontsize="small", loc="outside right upper")


def save(figure: Figure, stem: Path) -> list[str]:
    """As PNG and, with text kept as text, as SVG; the names of the files. The same table gives the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "charrnn", "svg.fonttype": "none"}):
        # Found once for both files: matplotlib would look for the layout before each, which takes as long as drawing.
        if (layout := figure.get_layout_engine()) is not None:
            layout.execute(figure)
            figure.set_layout_engine("none")
        with run.replacing(Path(f"{stem}.png")) as part:
            figure.savefig(part, dpi=150, metadata={"Software": None})
        with run.replacing(Path(f"{stem}.svg")) as part:
            figure.savefig(part, metadata={"Date": None})
    return [f"{stem.name}.png", f"{stem.name}.svg"]


def legible(settings: Sequence[str]) -> bool:
    """Whether so many settings can be told apart when laid over each other."""
    return len(settings) <= 3 * len(COLOURS)
