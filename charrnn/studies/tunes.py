"""python analyze.py analysis=quality tunes=…: tunes measured beside human ones that the network never saw."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from charrnn import run
from charrnn.config import AnalyzeConfig, Data, build
from charrnn.errors import UserError
from charrnn.learning.prepare import prepare
from charrnn.music import corpus, originality, quality
from charrnn.studies.settings import wilson

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
SHARES = ("well_formed", "key_missing")


@dataclass(frozen=True)
class Human:
    """The tunes of a run's data that it never trained on, in two halves, and those that it did, indexed."""

    halves: tuple[list[str], list[str]]
    training: originality.Training

    @property
    def tunes(self) -> list[str]:
        return [*self.halves[0], *self.halves[1]]


def report_quality(config: AnalyzeConfig) -> Path:
    """Write report/<name>/: tunes.csv, a row a tune, and quality.json; print every rate beside the human one."""
    if config.tunes is None:
        raise UserError("tunes: expected a samples folder, a tunes.jsonl or ABC, got none; give tunes=…")
    source = Path(os.path.expanduser(config.tunes))
    texts, ckpt = read_tunes(source)
    human = human_tunes(config.ckpt or ckpt, must_be=config.ckpt is not None)
    ours = _measured(texts, human, human.tunes if human else [])
    columns = {"these": ours}
    if human:
        columns["human"] = _measured(human.tunes, human, [])
        distances = quality.summarize(human.halves[1], human.halves[0])["distance"]
        columns["human"]["summary"] |= {f"{name}_distance": value for name, value in distances.items()}
    named = source.parent if source.name == "tunes.jsonl" else source
    folder = Path(config.report_dir) / (config.name or f"quality_{named.name}")
    folder.mkdir(parents=True, exist_ok=True)
    run.write_text(folder / "tunes.csv", pd.DataFrame(ours["tunes"]).to_csv(index_label="tune"))
    run.write_json(folder / "quality.json", {name: column["summary"] for name, column in columns.items()})
    print(_table(columns))
    print(f"report    {folder}: tunes.csv, quality.json")
    return folder


def read_tunes(source: Path) -> tuple[list[str], str | None]:
    """The texts, and the checkpoint that sampled them where the file says so."""
    file = source / "tunes.jsonl" if source.is_dir() else source
    if file.suffix != ".jsonl" or not file.is_file():
        return corpus.parse(corpus.find_sources("file", str(source))).tunes, None
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [str(row["text"]) for row in rows], rows[0].get("ckpt")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"tunes: expected a line of JSON with a text for every tune, but {str(file)!r}: {error}"
        ) from error


def human_tunes(ckpt: str | None, must_be: bool) -> Human | None:
    """Those of the run's data; None where there is no run, or, unless they `must_be`, its data cannot be read."""
    if ckpt is None:
        return None
    path = Path(os.path.expanduser(ckpt))
    folder = path if path.is_dir() else path.parent
    try:
        settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        prepared = prepare(build(Data, settings["data"], "data."))
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        if must_be:
            raise UserError(f"ckpt: expected a run whose data can be read, but {ckpt!r}: {error}") from error
        return None
    held_out = [*prepared.vocab.decode_tunes(prepared.val), *prepared.vocab.decode_tunes(prepared.test)]
    training = originality.Training(prepared.vocab.decode_tunes(prepared.train))
    return Human((held_out[::2], held_out[1::2]), training)


def measure_tunes(texts: Sequence[str], human: Human | None) -> list[dict[str, Any]]:
    """Of each tune its quality, and its originality where the training tunes are known."""
    if human is None:
        return [quality.measure(text) for text in texts]
    return [quality.measure(text) | human.training.originality(text) for text in texts]


def _measured(texts: Sequence[str], human: Human | None, reference: Sequence[str]) -> dict[str, Any]:
    """`tunes`, the measures of each, and `summary`, those of all."""
    tunes = measure_tunes(texts, human)
    summary = quality.summarize(texts, reference)
    for name, distance in summary.pop("distance", {}).items():
        summary[f"{name}_distance"] = distance
    if human:
        summary |= originality.summarize(tunes)
    for key in SHARES:
        found = wilson(round(summary[key] * len(texts)), len(texts))
        summary |= {f"{key}_low": found.low, f"{key}_high": found.high}
    return {"tunes": tunes, "summary": summary}


def _table(columns: dict[str, dict[str, Any]]) -> str:
    summaries = {name: column["summary"] for name, column in columns.items()}
    heads = [f"{name}, {summary['tunes']} tunes" for name, summary in summaries.items()]
    lines = [f"{'':<40}" + "".join(f"{head:<24}" for head in heads).rstrip()]
    for key, words, digits in ROWS:
        cells = []
        for summary in summaries.values():
            value = summary.get(key)
            spread = f" [{summary[f'{key}_low']:.0%}, {summary[f'{key}_high']:.0%}]" if key in SHARES else ""
            cells.append("-" if value is None else f"{value:{digits}}{spread}")
        if set(cells) != {"-"}:
            lines.append(f"{words:<40}" + "".join(f"{cell:<24}" for cell in cells).rstrip())
    for key, words in (("faults", "not well-formed for"), ("first_problem", "first problem of a tune")):
        counts = sorted(summaries["these"][key].items(), key=lambda item: -item[1])
        if counts:
            lines.append(f"{words:<40}" + ", ".join(f"{kind} {n}" for kind, n in counts[:8]))
    return "\n".join(lines)
