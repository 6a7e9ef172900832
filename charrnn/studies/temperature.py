"""python analyze.py analysis=temperature ckpt=RUN: what temperature does to tunes, none of them picked."""

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
from charrnn.learning.likelihood import Scores, Temperature, estimate_temperature, score_tunes
from charrnn.learning.sampling import sample
from charrnn.music import quality
from charrnn.music.notation import read
from charrnn.studies.figures import against_temperature
from charrnn.studies.look import save
from charrnn.studies.page import Command, Picture, Section, Table, Text, Tune, origin, page
from charrnn.studies.settings import Interval, t_interval, wilson
from charrnn.studies.table import records
from charrnn.studies.tunes import SHARES, Human, engrave, human_tunes, measure_tunes, read_tunes

TEMPERATURES = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0)
SHOWN, EACH = (1.0, 0.5, 2.0), 2  # the paper's six, in its order
SHARES_OVER_TUNES = ("bar_fit", "same_length", "stepwise", "copied_share", "similarity")
OVER_TUNES = ("junk_per_100_notes", "notes", "length_entropy", "interval", *SHARES_OVER_TUNES)
RESAMPLES = 300


def report_temperature(config: AnalyzeConfig) -> Path:
    """Write report/<name>/: temperature.csv, a row a temperature and one for human tunes, the figure, six tunes."""
    if config.ckpt is None:
        raise UserError("ckpt: expected a run folder or a checkpoint, got none; give ckpt=…")
    torch.set_num_threads(1)  # of two, one waits for the other where the machine does something else, too
    model, vocab = checkpoint.load(config.ckpt)
    human = human_tunes(config.ckpt, must_be=False)
    file = checkpoint.find(config.ckpt).resolve()
    folder = Path(config.report_dir) / (config.name or f"temperature_{file.parent.name}")
    rows = []
    shown: dict[str, str] = {}
    for temperature in TEMPERATURES:
        tunes = list(sample(model, vocab, temperature=temperature, num_tunes=config.num_tunes, seed=0))
        texts = [tune.text for tune in tunes]
        scores = list(score_tunes(model, vocab, texts, [tune.ended for tune in tunes]))
        likeliest = estimate_temperature(scores)
        rows.append(measured(f"{temperature:g}", texts, scores, temperature, human))
        rows[-1] |= {"likeliest": likeliest.value, "likeliest_low": likeliest.low, "likeliest_high": likeliest.high}
        if temperature in SHOWN:
            shown |= {f"T{temperature:g}_{number}": text for number, text in enumerate(texts[:EACH])}
        print(_line(rows[-1]), flush=True)
    tunes_shown = engrave(folder / "tunes", shown)
    if human:
        scores = list(score_tunes(model, vocab, human.tunes, [True] * len(human.tunes)))
        rows.append(measured("human", human.tunes, scores, 1.0, human))
        print(_line(rows[-1]))
    table = pd.DataFrame(rows)
    run.write_text(folder / "temperature.csv", table.to_csv(index=False))
    pictures = save(against_temperature(table), folder / "temperature")
    run.write_text(folder / "index.html", _page(folder, table, tunes_shown, config.ckpt))
    if config.tunes is not None:
        for number, text in enumerate(read_tunes(Path(config.tunes).expanduser())[0]):
            found = estimate_temperature(list(score_tunes(model, vocab, [text], [False])))
            print(f"tune {number:<4} of {config.tunes}: as if drawn at temperature {_shown(found)}")
    print(f"report    {folder}: temperature.csv, {', '.join(pictures)}, {len(SHOWN) * EACH} tunes")
    return folder


def _page(folder: Path, table: pd.DataFrame, tunes: list[Tune], ckpt: str) -> str:
    rates = [name for name in table.columns if f"{name}_low" in table]
    texts = pd.DataFrame({"T": table["temperature"], **{name: table[name].map("{:.3g}".format) for name in rates}})
    lines = [Text(_line(row)) for row in records(table)]
    sections = [
        Section("In short", lines),
        Section("Figure", [Picture(folder / "temperature.png", "Every rate against temperature, human tunes in grey")]),
        Section("Tunes", tunes),
        Section("Every rate", [Table(texts, "Means over tunes.")]),
        Section("Where this comes from", [*origin(), Command(f"python analyze.py analysis=temperature ckpt={ckpt}")]),
    ]
    return page(f"Temperature: {folder.name}", "Tunes at six temperatures, none of them picked.", sections)


def measured(
    name: str, texts: list[str], scores: list[Scores], temperature: float, human: Human | None
) -> dict[str, Any]:
    """Every measure with its 95 % interval over tunes."""
    tunes = measure_tunes(texts, human)
    found = {key: wilson(sum(tune[key] for tune in tunes), len(texts)) for key in SHARES}
    for key in OVER_TUNES:
        found[key] = t_interval(tune[key] for tune in tunes if tune.get(key) is not None)
    written = [score for score in scores if len(score.ids)]
    found["entropy"] = t_interval(float(score.entropy(temperature).mean()) for score in written)
    found["log_prob"] = t_interval(float(score.log_prob(1.0).mean()) for score in written)
    if human:
        reference = human.halves[0] if name == "human" else human.tunes
        held = human.halves[1] if name == "human" else texts
        found |= {f"{key}_distance": value for key, value in _distances(held, reference).items()}
    row: dict[str, Any] = {"temperature": name, "tunes": len(texts)}
    for key, interval in found.items():
        low, high = interval.low, interval.high
        if key in SHARES_OVER_TUNES:  # of few tunes t says more than a share can be
            low, high = max(low, 0.0), min(high, 1.0)
        row |= {key: interval.mean, f"{key}_low": low, f"{key}_high": high}
    return row


def _distances(texts: Sequence[str], reference: Sequence[str]) -> dict[str, Interval]:
    """Jensen-Shannon distances of the histograms, with intervals from tunes drawn anew (percentile bootstrap)."""
    ours, theirs = ([_counts(text) for text in some] for some in (texts, reference))
    random = np.random.default_rng(0)
    found = {}
    for name in quality.HISTOGRAMS:
        keys = sorted({key for counts in (*ours, *theirs) for key in counts[name]})
        counted = _matrix([c[name] for c in ours], keys)
        wanted = _matrix([c[name] for c in theirs], keys).sum(0)
        drawn = random.multinomial(len(ours), np.full(len(ours), 1 / len(ours)), RESAMPLES) @ counted
        spread = np.array([quality.distance(row, wanted) for row in drawn])
        low, high = (float(end) for end in np.nanpercentile(spread, [2.5, 97.5]))
        found[name] = Interval(len(ours), quality.distance(counted.sum(0), wanted), float(np.nanstd(spread)), low, high)
    return found


@lru_cache(4096)  # the human tunes are asked for at every temperature
def _counts(text: str) -> dict[str, Counter]:
    return quality.counts(read(text))


def _matrix(counters: Sequence[Counter], keys: Sequence[Any]) -> np.ndarray:
    return np.array([[counter[key] for key in keys] for counter in counters], dtype=float)


def _line(row: dict[str, Any]) -> str:
    likeliest = f"  likeliest T {row['likeliest']:.3f}" if "likeliest" in row else ""
    return (
        f"{'T = ' + row['temperature'] if row['temperature'] != 'human' else 'human':<9} {row['tunes']} tunes  "
        f"well-formed {row['well_formed']:4.0%}  without K: {row['key_missing']:4.0%}  "
        f"bar fit {row['bar_fit']:4.0%}  note-length entropy {row['length_entropy']:.2f} bits  "
        f"next-character entropy {row['entropy']:.2f} nats{likeliest}"
    )


def _shown(found: Temperature) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
