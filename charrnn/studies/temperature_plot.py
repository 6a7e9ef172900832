"""The figure of analysis=temperature: every measure against temperature."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from charrnn.studies.style import COLOURS, set_ticks

TEMPERATURE_PANELS = {
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


def plot_temperature(table: pd.DataFrame) -> Figure:
    """Every measure against temperature with its 95 % interval over tunes; grey is the interval of human tunes.

    `table` holds one row a temperature, and possibly one whose `temperature` is "human": `temperature`, `tunes`, and
    for every measure its mean, `…_low` and `…_high`.
    """
    panels = {key: words for key, words in TEMPERATURE_PANELS.items() if key in table}
    figure = Figure(figsize=(13, 8.4), layout="constrained")
    sampled = table[table["temperature"] != "human"]
    human = table[table["temperature"] == "human"]
    at = sampled["temperature"].astype(float)
    for number, (key, words) in enumerate(panels.items()):
        axes = figure.add_subplot(3, 4, number + 1)
        spread = np.maximum([sampled[key] - sampled[f"{key}_low"], sampled[f"{key}_high"] - sampled[key]], 0)
        axes.errorbar(at, sampled[key], spread, fmt="o-", color=COLOURS[0], markersize=4, capsize=3, linewidth=1.2)
        if len(human):
            low, high = (float(human[f"{key}_{end}"].iloc[0]) for end in ("low", "high"))
            axes.axhspan(low, high, color="#BDBDBD", linewidth=0)
            axes.axhline(float(human[key].iloc[0]), color="#7F7F7F", linewidth=1)
        set_ticks(axes, sorted(at), logarithmic=True)
        axes.set_title(words, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        if number >= len(panels) - 4:
            axes.set_xlabel("temperature")
    beside = f"; grey: {human['tunes'].iloc[0]} held-out human tunes" if len(human) else ""
    figure.suptitle(f"{sampled['tunes'].iloc[0]} tunes at each temperature, mean and 95 % interval over tunes{beside}")
    return figure
