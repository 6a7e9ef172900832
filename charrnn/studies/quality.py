"""python analyze.py analysis=quality tunes=…: every rate of a collection of tunes, beside the human one."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.music import originality, quality
from charrnn.music.notation import read
from charrnn.studies.page import Command, Section, Table, Text, Tune, origin, page
from charrnn.studies.settings import wilson
from charrnn.studies.tunes import SHARES, Human, engrave, human_tunes, measure_tunes, read_tunes

# key, words, how it is written
ROWS = (
    ("well_formed", "well-formed", ".1%"),
    ("key_missing", "without K:", ".1%"),
    ("junk_per_100_notes", "junk per 100 notes", ".2f"),
    ("bar_fit", "bars as long as the meter", ".1%"),
    ("notes", "notes a tune", ".1f"),
    ("length_entropy", "entropy of note lengths, bits", ".3f"),
    ("same_length", "next note as long as this one", ".1%"),
    ("interval", "mean interval, semitones", ".2f"),
    ("stepwise", "steps of one or two semitones", ".1%"),
    ("pitch_class_distance", "distance of pitch classes", ".3f"),
    ("length_distance", "distance of note lengths", ".3f"),
    ("interval_distance", "distance of intervals", ".3f"),
    ("copied", "longest copied run, characters: median", ".1f"),
    ("copied_most", "of all tunes", ".0f"),
    ("copied_share", "20-character runs that are copied", ".1%"),
    ("similarity", "similarity to the nearest training tune", ".3f"),
    ("near_duplicates", "near-duplicates of a training tune", ".1%"),
)
SHOWN = 6  # tunes on the page


def report_quality(config: AnalyzeConfig) -> Path:
    """Write report/<name>/: tunes.csv, a row a tune, quality.json, a page; print every rate beside the human one."""
    if config.tunes is None:
        raise UserError("tunes: expected a samples folder, a tunes.jsonl or ABC, got none; give tunes=…")
    source = Path(os.path.expanduser(config.tunes))
    texts, ckpt = read_tunes(source)
    human = human_tunes(config.ckpt or ckpt, must_be=config.ckpt is not None)
    ours = _measured(texts, human, human.tunes if human else [])
    columns = {"these": ours}
    if human:
        columns["human"] = _measured(human.tunes, human, [])
        distances = quality.summarize([*map(read, human.halves[1])], [*map(read, human.halves[0])])["distance"]
        columns["human"]["summary"] |= {f"{name}_distance": value for name, value in distances.items()}
    named = source.parent if source.name == "tunes.jsonl" else source
    folder = Path(config.report_dir) / (config.name or f"quality_{named.name}")
    folder.mkdir(parents=True, exist_ok=True)
    run.write_text(folder / "tunes.csv", pd.DataFrame(ours["tunes"]).to_csv(index_label="tune"))
    run.write_json(folder / "quality.json", {name: column["summary"] for name, column in columns.items()})
    rates, faults = _rates(columns), _faults(ours["summary"])
    print("\n".join([*_lines(rates), *(f"{words:<40}{counts}" for words, counts in faults.items())]))
    shown = {f"{number:03d}": text for number, text in enumerate(texts[:SHOWN])}
    tunes = engrave(folder / "tunes", shown)
    run.write_text(folder / "index.html", _page(folder, config, rates, faults, tunes))
    print(f"report    {folder}: index.html, tunes.csv, quality.json")
    return folder


def _measured(texts: Sequence[str], human: Human | None, reference: Sequence[str]) -> dict[str, Any]:
    """`tunes`, the measures of each, and `summary`, those of all."""
    tunes = measure_tunes(texts, human)
    summary = quality.summarize([*map(read, texts)], [*map(read, reference)])
    for name, distance in summary.pop("distance", {}).items():
        summary[f"{name}_distance"] = distance
    if human:
        summary |= originality.summarize(tunes)
    for key in SHARES:
        found = wilson(round(summary[key] * len(texts)), len(texts))
        summary |= {f"{key}_low": found.low, f"{key}_high": found.high}
    return {"tunes": tunes, "summary": summary}


def _rates(columns: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """A row a rate, a column a collection of tunes, as texts."""
    summaries = {name: column["summary"] for name, column in columns.items()}
    rows = []
    for key, words, digits in ROWS:
        cells = []
        for summary in summaries.values():
            value = summary.get(key)
            spread = f" [{summary[f'{key}_low']:.0%}, {summary[f'{key}_high']:.0%}]" if key in SHARES else ""
            cells.append("-" if value is None else f"{value:{digits}}{spread}")
        if set(cells) != {"-"}:
            rows.append([words, *cells])
    return pd.DataFrame(rows, columns=["rate", *(f"{name}, {s['tunes']} tunes" for name, s in summaries.items())])


def _lines(rates: pd.DataFrame) -> list[str]:
    _, *heads = rates.columns
    rows = [("", *heads), *rates.itertuples(index=False)]
    return [f"{words:<40}" + "".join(f"{cell:<24}" for cell in cells).rstrip() for words, *cells in rows]


def _faults(summary: dict[str, Any]) -> dict[str, str]:
    """What is wrong with tunes and how often, the most frequent eight."""
    found = {}
    for key, words in (("faults", "not well-formed for"), ("first_problem", "first problem of a tune")):
        counts = sorted(summary[key].items(), key=lambda item: -item[1])
        if counts:
            found[words] = ", ".join(f"{kind} {n}" for kind, n in counts[:8])
    return found


def _page(folder: Path, config: AnalyzeConfig, rates: pd.DataFrame, faults: dict[str, str], tunes: list[Tune]) -> str:
    beside = "Beside human tunes that the network never saw." if len(rates.columns) > 2 else "No human tunes are known."
    line = f"python analyze.py analysis=quality tunes={config.tunes}"
    sections = [
        Section("Rates", [Table(rates, f"Means over tunes; shares with 95 % interval. {beside}")]),
        Section("What is wrong", [Text(f"{words}: {counts}") for words, counts in faults.items()]),
        Section("The first tunes", tunes),
        Section("Where this comes from", [*origin(), Command(line)]),
    ]
    return page(f"Quality: {folder.name}", "Tunes measured, none of them picked.", sections)
