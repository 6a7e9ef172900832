"""The form of what the networks of a comparison compose: a row a run and temperature, and intervals over seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn.learning import checkpoint
from charrnn.learning.likelihood import nats_per_note
from charrnn.learning.sampling import sample
from charrnn.music import form, quality
from charrnn.music.notation import read
from charrnn.studies.inference import t_interval

TEMPERATURES = (1.0, 0.8)
MEASURES = ("well_formed", "square", "returns", "phrases", "tonic", "adds_up")  # shares, in the order of panels


def measure_run(folder: Path, held_out: Sequence[str], num_tunes: int) -> list[dict[str, Any]]:
    """A row a temperature: the shares of MEASURES among `num_tunes` tunes, and nats a note on the held-out tunes."""
    model, vocab = checkpoint.load_model(str(folder))
    nats = nats_per_note(model, vocab, held_out)
    rows = []
    for temperature in TEMPERATURES:
        tunes = sample(model, vocab, temperature=temperature, num_tunes=num_tunes, seed=0)
        row = measure_tunes([tune.text for tune in tunes])
        rows.append({"temperature": temperature, "nats_per_note": nats, **row})
    return rows


def measure_tunes(texts: Sequence[str]) -> dict[str, float | None]:
    """The shares of MEASURES, all tunes judged as composed ones are, human ones too."""
    readings = [read(text, strict=True) for text in texts]
    summary = quality.summarize(readings) | form.summarize(readings)
    return {name: summary[name] for name in MEASURES}


def over_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a setting and temperature: the mean of each measure over its runs, with the 95 % t interval."""
    table = []
    for (setting, temperature), group in rows.groupby(["setting", "temperature"], sort=False):
        row: dict[str, Any] = {"setting": setting, "temperature": temperature, "runs": len(group)}
        for name in ("nats_per_note", *MEASURES):
            interval = t_interval(group[name].astype(float))
            row |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        table.append(row)
    return pd.DataFrame(table)
