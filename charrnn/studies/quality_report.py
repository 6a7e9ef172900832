"""python analyze.py analysis=quality tunes=…: how well-formed and original tunes are, beside human ones."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.music import form, originality, quality
from charrnn.music.notation import Reading, read
from charrnn.studies.form_plot import plot_self_similarity
from charrnn.studies.inference import wilson_interval
from charrnn.studies.pages import CommandLine, Paragraph, Picture, Section, Table, TuneCard, provenance, render_page
from charrnn.studies.style import save_figure
from charrnn.studies.tune_sets import (
    TUNE_SHARES,
    HumanTunes,
    engrave_tunes,
    load_human_tunes,
    measure_tunes,
    read_tunes,
)
from charrnn.studies.two_sample import tell_apart

# measure, label, number format
QUALITY_ROWS = (
    ("well_formed", "well-formed", ".1%"),
    ("key_missing", "without K:", ".1%"),
    ("junk_per_100_notes", "junk per 100 notes", ".2f"),
    ("bar_fit", "bars as long as the meter", ".1%"),
    ("notes", "notes a tune", ".1f"),
    ("length_entropy", "entropy of note lengths, bits", ".3f"),
    ("same_length", "next note as long as this one", ".1%"),
    ("interval", "mean interval, semitones", ".2f"),
    ("stepwise", "steps of one or two semitones", ".1%"),
    ("square", "parts of 8 or 16 bars, all of them", ".1%"),
    ("returns", "bars that stood in the tune before", ".1%"),
    ("variants", "and nearly so", ".1%"),
    ("phrases", "phrases of four bars that return", ".1%"),
    ("repeats", "with a repeated part", ".1%"),
    ("tonic", "ends on the tonic", ".1%"),
    ("half", "fourth bars that rest on the dominant", ".1%"),
    ("adds_up", "pick-up and last bar make one", ".1%"),
    ("in_key", "notes in the key", ".1%"),
    ("leaps", "leaps of more than a fifth", ".1%"),
    ("range", "range, semitones", ".1f"),
    ("pitch_class_distance", "distance of pitch classes", ".3f"),
    ("length_distance", "distance of note lengths", ".3f"),
    ("interval_distance", "distance of intervals", ".3f"),
    ("copied", "longest copied run, characters: median", ".1f"),
    ("copied_most", "of all tunes", ".0f"),
    ("copied_share", "20-character runs that are copied", ".1%"),
    ("told_apart", "told from human by a small model", ".1%"),
    ("similarity", "similarity to the nearest training tune", ".3f"),
    ("near_duplicates", "near-duplicates of a training tune", ".1%"),
)
NUM_SHOWN = 6  # tunes on the page


def report_quality(config: AnalyzeConfig) -> Path:
    """Write tunes.csv (a row a tune), quality.json, a page to report/<name>/; print every rate beside the human one."""
    if config.tunes is None:
        raise UserError("tunes: expected a samples folder, a tunes.jsonl or ABC, got none; give tunes=…")
    source = Path(os.path.expanduser(config.tunes))
    texts, ckpt = read_tunes(source)
    human = load_human_tunes(config.ckpt or ckpt, required=config.ckpt is not None)
    readings, reference = _readings(texts), _readings(human.tunes if human else [])
    ours = _measured(texts, readings, human, reference)
    columns = {"these": ours}
    if human:
        columns["human"] = _measured(human.tunes, reference, human, [])
        first = len(human.halves[0])
        distances = quality.summarize(reference[first:], reference[:first])["distance"]
        columns["human"]["summary"] |= {f"{name}_distance": value for name, value in distances.items()}
        if (apart := tell_apart(readings, reference)) is not None:
            ours["summary"] |= {"told_apart": apart.mean, "told_apart_low": apart.low, "told_apart_high": apart.high}
    named = source.parent if source.name == "tunes.jsonl" else source
    folder = Path(config.report_dir) / (config.name or f"quality_{named.name}")
    folder.mkdir(parents=True, exist_ok=True)
    run.write_text(folder / "tunes.csv", pd.DataFrame(ours["tunes"]).to_csv(index_label="tune"))
    run.write_json(folder / "quality.json", {name: column["summary"] for name, column in columns.items()})
    rates, faults = _rates(columns), _faults(ours["summary"])
    print("\n".join([*_lines(rates), *(f"{label:<40}{counts}" for label, counts in faults.items())]))
    shown = {f"{number:03d}": text for number, text in enumerate(texts[:NUM_SHOWN])}
    cards = [_with_form(card) for card in engrave_tunes(folder / "tunes", shown)]
    run.write_text(folder / "index.html", _page(folder, config, rates, faults, cards))
    print(f"report    {folder}: index.html, tunes.csv, quality.json")
    return folder


def _readings(texts: Sequence[str]) -> list[Reading]:
    """Judged as composed tunes, human ones too: only so can their rates be compared."""
    return [read(text, strict=True) for text in texts]


def _measured(
    texts: Sequence[str], readings: Sequence[Reading], human: HumanTunes | None, reference: Sequence[Reading]
) -> dict[str, Any]:
    """`tunes`, the measures of each tune, and `summary`, the measures of the set."""
    schemes = [shape.scheme if (shape := form.form(reading)) else "" for reading in readings]
    tunes = [row | {"form": scheme} for row, scheme in zip(measure_tunes(texts, human), schemes, strict=True)]
    summary = quality.summarize(readings, reference) | form.summarize(readings)
    for name, distance in summary.pop("distance", {}).items():
        summary[f"{name}_distance"] = distance
    if human:
        summary |= originality.summarize(tunes)
    for key in TUNE_SHARES:
        share = wilson_interval(round(summary[key] * len(texts)), len(texts))
        summary |= {f"{key}_low": share.low, f"{key}_high": share.high}
    return {"tunes": tunes, "summary": summary}


def _with_form(card: TuneCard) -> TuneCard:
    """The card with the scheme of the tune's form, and with its self-similarity as a picture beside its score."""
    shape = form.form(read(card.text, strict=True))
    if shape is None:
        return card
    stem = card.stem.with_name(f"{card.stem.name}_form")
    save_figure(plot_self_similarity(shape), stem)
    alt = f"How alike the bars of {card.title} are: {shape.scheme}"
    picture = Picture(stem.with_name(f"{stem.name}.png"), alt, "Bars against bars, dark where they sound the same")
    return replace(card, note=f"Form: {shape.scheme}", picture=picture)


def _rates(columns: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """As texts, a row a measure and a column a set of tunes."""
    summaries = {name: column["summary"] for name, column in columns.items()}
    rows = []
    for key, label, digits in QUALITY_ROWS:
        cells = []
        for summary in summaries.values():
            value = summary.get(key)
            bounds = [summary.get(f"{key}_{end}") for end in ("low", "high")]
            places = ".0%" if digits.endswith("%") else digits
            spread = "" if None in bounds else f" [{bounds[0]:{places}}, {bounds[1]:{places}}]"
            cells.append("-" if value is None else f"{value:{digits}}{spread}")
        if set(cells) != {"-"}:
            rows.append([label, *cells])
    return pd.DataFrame(rows, columns=["rate", *(f"{name}, {s['tunes']} tunes" for name, s in summaries.items())])


def _lines(rates: pd.DataFrame) -> list[str]:
    _, *heads = rates.columns
    rows = [("", *heads), *rates.itertuples(index=False)]
    return [f"{label:<40}" + "".join(f"{cell:<24}" for cell in cells).rstrip() for label, *cells in rows]


def _faults(summary: dict[str, Any]) -> dict[str, str]:
    """The eight most frequent faults, and first problems, with their counts."""
    faults = {}
    for key, label in (("faults", "not well-formed for"), ("first_problem", "first problem of a tune")):
        counts = sorted(summary[key].items(), key=lambda item: -item[1])
        if counts:
            faults[label] = ", ".join(f"{kind} {n}" for kind, n in counts[:8])
    return faults


def _page(
    folder: Path, config: AnalyzeConfig, rates: pd.DataFrame, faults: dict[str, str], tunes: list[TuneCard]
) -> str:
    beside = "Beside human tunes that the network never saw." if len(rates.columns) > 2 else "No human tunes are known."
    line = f"python analyze.py analysis=quality tunes={config.tunes}"
    sections = [
        Section("Rates", [Table(rates, f"Means over tunes; shares with 95 % interval. {beside}")]),
        Section("What is wrong", [Paragraph(f"{label}: {counts}") for label, counts in faults.items()]),
        Section("The first tunes", tunes),
        Section("Where this comes from", [*provenance(), CommandLine(line)]),
    ]
    return render_page(f"Quality: {folder.name}", "Tunes measured, none of them picked.", sections)
