"""python analyze.py analysis=neurons ckpt=RUN: what each unit follows, whether that was learned, what it is for."""

from pathlib import Path
from typing import Any

import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.activations import Trace, trace, units
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import features_of
from charrnn.studies.look import save
from charrnn.studies.neurons import pictures, texts
from charrnn.studies.neurons.breaking import broken, chosen_units, with_breaking
from charrnn.studies.neurons.following import follow, learned
from charrnn.studies.neurons.over_seeds import report_seeds
from charrnn.studies.neurons.page import page
from charrnn.studies.neurons.sentences import sentences
from charrnn.studies.neurons.untrained import untrained

ALL_RUNS = "runs"  # the default of runs=, which asks for nothing here
PAPERS_UNIT = 52
DRAWN = 5  # units besides the paper's


def report_neurons(config: AnalyzeConfig) -> None:
    """Write report/<name>/neurons/ for the run of `ckpt`, and for the seeds of `runs` if they were asked for."""
    if config.ckpt is None and config.runs == ALL_RUNS:
        raise UserError("ckpt: expected a run folder or a checkpoint, got none; give ckpt=…, or seeds: runs='PATTERN'")
    torch.set_num_threads(1)  # of two, one waits for the other where the machine does something else, too
    if config.ckpt is not None:
        _report_run(config, config.ckpt)
    if config.runs != ALL_RUNS:
        report_seeds(config)


def _report_run(config: AnalyzeConfig, ckpt: str) -> None:
    model, vocab = checkpoint.load(ckpt)
    drawn = _asked_unit(config.unit, units(model))
    human, own = texts.held_out(ckpt, vocab), texts.generated(model, vocab, config.seed)
    shown = texts.shown(config.text, vocab, human, own)
    if not human and not own:
        raise UserError("ckpt: expected a run whose data can be read or that writes tunes; this one writes nothing")
    if not human:
        print("held-out  none: the run's data cannot be read; units are watched on what the network writes itself")
    watched = texts.Watched.of(human or own)
    table, best, changes = _find(model, vocab, watched)
    tables = {"held-out" if human else "generated": table}
    if human:
        tables["generated"] = follow(trace(model, vocab, own).activations, features_of(own))
    said = sentences(best, tables["generated"], texts_named="held-out human" if human else "generated")
    print(*said.values(), sep="\n")
    folder = Path(config.report_dir) / (config.name or checkpoint.find(ckpt).resolve().parent.name) / "neurons"
    folder.mkdir(parents=True, exist_ok=True)
    every = pd.concat([one.assign(text=name) for name, one in tables.items()], ignore_index=True)
    run.write_text(folder / "neurons.csv", every.to_csv(index=False, float_format="%.6g"))
    run.write_text(folder / "features.csv", best.assign(sentence=pd.Series(said)).to_csv(float_format="%.6g"))
    run.write_text(folder / "breaking.csv", changes.to_csv(index=False, float_format="%.6g"))
    traced = trace(model, vocab, shown)
    telling = pictures.strongest_first(best)
    open_on = drawn[0] if config.unit is not None else next(iter(telling), 0)
    name = f"Units of {folder.parent.name}"
    run.write_text(folder / "index.html", page(name, shown, traced, vocab, table, said, open_on))
    if config.unit is None:
        drawn = list(dict.fromkeys([*telling[:DRAWN], *drawn]))
    files = _draw(folder, traced, shown[0], drawn, best)
    on = f"{sum(map(len, watched.followed)):,} characters of {'held-out tunes' if human else 'its own tunes'}"
    files += save(pictures.matrix(table, best, f"every unit and feature, on {on}"), folder / "matrix")
    files += save(pictures.broken_units(changes, best), folder / "breaking")
    print(f"report    {folder}: index.html, neurons.csv, features.csv, breaking.csv, {', '.join(files)}")


def _asked_unit(unit: int | None, count: int) -> list[int]:
    """The unit asked for, or the paper's where there are as many."""
    if unit is not None and unit >= count:
        raise UserError(f"unit: expected 0 to {count - 1}, for this network has {count} units, got {unit}; give unit=…")
    return [unit] if unit is not None else [PAPERS_UNIT] if count > PAPERS_UNIT else []


def _find(model: CharRNN, vocab: Vocabulary, watched: texts.Watched) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What `follow`, `with_breaking` and `broken` find on the watched tunes."""
    features = features_of(watched.followed)
    activations = trace(model, vocab, watched.followed).activations
    table = follow(activations, features)
    rivals = [
        follow(trace(other, vocab, watched.followed).activations, features, shifts=False) for other in untrained(model)
    ]
    best = learned(table, rivals)
    held = chosen_units(model, best["unit"].to_list())
    changes = broken(model, vocab, watched.broken, held, activations.mean(0))
    return table, with_breaking(best, changes), changes


def _draw(folder: Path, traced: Trace, text: str, drawn: list[int], best: pd.DataFrame) -> list[str]:
    """The atlas, and a picture of the text for each unit `drawn`; older ones of other units go."""
    for older in folder.glob("unit_*.*"):
        older.unlink()
    activations = traced.activations[: len(text)]
    files = save(pictures.atlas(activations, text), folder / "atlas")
    for unit in drawn:
        at: list[Any] = [name for name, row in best.iterrows() if row["unit"] == unit]
        files += save(pictures.on_text(activations[:, unit], text, pictures.caption(unit, at)), folder / f"unit_{unit}")
    return files
