"""python analyze.py analysis=temperature ckpt=RUN: what temperature does to sampled tunes, none of them picked."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.likelihood import Scores, estimate_temperature, score_tunes
from charrnn.learning.sampling import sample
from charrnn.music import quality
from charrnn.music.notation import read
from charrnn.studies.inference import Interval, t_interval, wilson_interval
from charrnn.studies.pages import CommandLine, Paragraph, Picture, Section, Table, TuneCard, provenance, render_page
from charrnn.studies.runs import records
from charrnn.studies.style import save_figure
from charrnn.studies.temperature_plot import plot_temperature
from charrnn.studies.tune_sets import (
    TUNE_SHARES,
    HumanTunes,
    engrave_tunes,
    load_human_tunes,
    measure_tunes,
    read_tunes,
)

SAMPLING_TEMPERATURES = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0)
SHOWN_TEMPERATURES, TUNES_PER_TEMPERATURE = (1.0, 0.5, 2.0), 2  # the paper's six tunes, in its order
# Measures of a tune; the last five are shares.
SHARE_MEANS = ("bar_fit", "same_length", "stepwise", "copied_share", "similarity")
TUNE_MEANS = ("junk_per_100_notes", "notes", "length_entropy", "interval", *SHARE_MEANS)
BOOTSTRAP_RESAMPLES = 300


def report_temperature(config: AnalyzeConfig) -> Path:
    """Write temperature.csv (a row a temperature, one for human tunes), a figure, tunes, a page to report/<name>/."""
    if config.ckpt is None:
        raise UserError("ckpt: expected a run folder or a checkpoint, got none; give ckpt=…")
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    model, vocab = checkpoint.load_model(config.ckpt)
    human = load_human_tunes(config.ckpt)
    file = checkpoint.find(config.ckpt).resolve()
    folder = Path(config.report_dir) / (config.name or f"temperature_{file.parent.name}")
    rows = []
    shown: dict[str, str] = {}
    for temperature in SAMPLING_TEMPERATURES:
        tunes = list(sample(model, vocab, temperature=temperature, num_tunes=config.num_tunes, seed=0))
        texts = [tune.text for tune in tunes]
        scores = list(score_tunes(model, vocab, texts, [tune.ended for tune in tunes]))
        estimate = estimate_temperature(scores)
        rows.append(temperature_row(f"{temperature:g}", texts, scores, temperature, human))
        ends = {"": estimate.value, "_low": estimate.low, "_high": estimate.high}
        rows[-1] |= {f"estimated_temperature{end}": value for end, value in ends.items()}
        if temperature in SHOWN_TEMPERATURES:
            shown |= {f"T{temperature:g}_{number}": text for number, text in enumerate(texts[:TUNES_PER_TEMPERATURE])}
        print(_line(rows[-1]), flush=True)
    tunes_shown = engrave_tunes(folder / "tunes", shown)
    if human:
        scores = list(score_tunes(model, vocab, human.tunes, [True] * len(human.tunes)))
        rows.append(temperature_row("human", human.tunes, scores, 1.0, human))
        print(_line(rows[-1]))
    table = pd.DataFrame(rows)
    run.write_text(folder / "temperature.csv", table.to_csv(index=False))
    figures = save_figure(plot_temperature(table), folder / "temperature")
    run.write_text(folder / "index.html", _page(folder, table, tunes_shown, config.ckpt))
    if config.tunes is not None:
        for number, text in enumerate(read_tunes(Path(config.tunes).expanduser())[0]):
            estimate = estimate_temperature(list(score_tunes(model, vocab, [text], [False])))
            interval = f"[{estimate.low:.2f}, {estimate.high:.2f}]"
            print(f"tune {number:<4} of {config.tunes}: likeliest temperature {estimate.value:.2f} {interval}")
    print(f"report    {folder}: temperature.csv, {', '.join(figures)}, {len(shown)} tunes")
    return folder


def _page(folder: Path, table: pd.DataFrame, tunes: list[TuneCard], ckpt: str) -> str:
    rates = [name for name in table.columns if f"{name}_low" in table]
    texts = pd.DataFrame({"T": table["temperature"], **{name: table[name].map("{:.3g}".format) for name in rates}})
    lines = [Paragraph(_line(row)) for row in records(table)]
    line = f"python analyze.py analysis=temperature ckpt={ckpt}"
    sections = [
        Section("In short", lines),
        Section("Figure", [Picture(folder / "temperature.png", "Every rate against temperature, human tunes in grey")]),
        Section("Tunes", tunes),
        Section("Every rate", [Table(texts, "Means over tunes.")]),
        Section("Where this comes from", [*provenance(), CommandLine(line)]),
    ]
    return render_page(f"Temperature: {folder.name}", "Tunes at six temperatures, none of them picked.", sections)


def temperature_row(
    name: str, texts: list[str], scores: list[Scores], temperature: float, human: HumanTunes | None
) -> dict[str, Any]:
    """The mean of every measure over the tunes, with its 95 % interval."""
    tunes = measure_tunes(texts, human)
    intervals = {key: wilson_interval(sum(tune[key] for tune in tunes), len(texts)) for key in TUNE_SHARES}
    for key in TUNE_MEANS:
        intervals[key] = t_interval(tune[key] for tune in tunes if tune.get(key) is not None)
    scored = [score for score in scores if len(score.ids)]
    intervals["entropy"] = t_interval(float(score.entropy(temperature).mean()) for score in scored)
    intervals["log_prob"] = t_interval(float(score.log_prob(1.0).mean()) for score in scored)
    if human:
        # One half of the human tunes is compared with the other.
        reference, compared = human.halves if name == "human" else (human.tunes, texts)
        intervals |= {f"{key}_distance": value for key, value in _distances(compared, reference).items()}
    row: dict[str, Any] = {"temperature": name, "tunes": len(texts)}
    for key, interval in intervals.items():
        low, high = interval.low, interval.high
        if key in SHARE_MEANS:  # with few tunes a t interval leaves the range of a share
            low, high = max(low, 0.0), min(high, 1.0)
        row |= {key: interval.mean, f"{key}_low": low, f"{key}_high": high}
    return row


def _distances(texts: Sequence[str], reference: Sequence[str]) -> dict[str, Interval]:
    """Jensen-Shannon distances of the histograms, with percentile bootstrap intervals over `texts`."""
    ours, theirs = ([_counts(text) for text in some] for some in (texts, reference))
    random = np.random.default_rng(0)
    distances = {}
    for name in quality.HISTOGRAMS:
        keys = sorted({key for counts in (*ours, *theirs) for key in counts[name]})
        by_tune = _matrix([c[name] for c in ours], keys)
        expected = _matrix([c[name] for c in theirs], keys).sum(0)
        weights = random.multinomial(len(ours), np.full(len(ours), 1 / len(ours)), BOOTSTRAP_RESAMPLES)
        spread = np.array([quality.distance(row, expected) for row in weights @ by_tune])
        low, high = (float(end) for end in np.nanpercentile(spread, [2.5, 97.5]))
        distance = quality.distance(by_tune.sum(0), expected)
        distances[name] = Interval(len(ours), distance, float(np.nanstd(spread)), low, high)
    return distances


@lru_cache(4096)  # the human tunes are counted at every temperature
def _counts(text: str) -> dict[str, Counter]:
    return quality.counts(read(text))


def _matrix(counters: Sequence[Counter], keys: Sequence[Any]) -> np.ndarray:
    return np.array([[counter[key] for key in keys] for counter in counters], dtype=float)


def _line(row: dict[str, Any]) -> str:
    estimate = row.get("estimated_temperature", np.nan)
    likeliest = "" if np.isnan(estimate) else f"  likeliest T {estimate:.3f}"
    return (
        f"{'T = ' + row['temperature'] if row['temperature'] != 'human' else 'human':<9} {row['tunes']} tunes  "
        f"well-formed {row['well_formed']:4.0%}  without K: {row['key_missing']:4.0%}  "
        f"bar fit {row['bar_fit']:4.0%}  note-length entropy {row['length_entropy']:.2f} bits  "
        f"next-character entropy {row['entropy']:.2f} nats{likeliest}"
    )
