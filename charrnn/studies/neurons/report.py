"""python analyze.py analysis=neurons ckpt=RUN: what each unit follows, whether that was learned, what it is for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.activations import trace, units
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import features_of
from charrnn.studies.look import save
from charrnn.studies.neurons import pictures, texts
from charrnn.studies.neurons.asked import asked_unit
from charrnn.studies.neurons.breaking import broken, chosen_units, with_breaking
from charrnn.studies.neurons.following import follow, learned
from charrnn.studies.neurons.over_seeds import report_seeds
from charrnn.studies.neurons.page import page
from charrnn.studies.neurons.sentences import sentences
from charrnn.studies.neurons.untrained import untrained

ALL_RUNS = "runs"  # the default of runs=, which asks for nothing here
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


@dataclass(frozen=True)
class Found:
    """What `follow`, `broken` and `with_breaking` tell of a network, each on the texts it was watched on."""

    tables: dict[str, pd.DataFrame]  # by "held-out" and "generated"
    changes: pd.DataFrame
    best: pd.DataFrame
    said: dict[str, str]

    @property
    def table(self) -> pd.DataFrame:
        """That of human tunes, where there are any."""
        return next(iter(self.tables.values()))


def _report_run(config: AnalyzeConfig, ckpt: str) -> None:
    model, vocab = checkpoint.load(ckpt)
    asked = asked_unit(config.unit, units(model))
    human, own = texts.held_out(ckpt, vocab), texts.generated(model, vocab, config.seed)
    shown = texts.shown(config.text, vocab, human, own)
    print(_watched_line(human, own))
    found = _find(model, vocab, human, own)
    print(*found.said.values(), sep="\n")
    folder = Path(config.report_dir) / (config.name or checkpoint.find(ckpt).resolve().parent.name) / "neurons"
    folder.mkdir(parents=True, exist_ok=True)
    files = _write_tables(folder, found)
    traced, telling = trace(model, vocab, shown), pictures.strongest_first(found.best)
    name, open_on = f"Units of {folder.parent.name}", next(iter(asked if config.unit is not None else telling), 0)
    run.write_text(folder / "index.html", page(name, shown, traced, vocab, found.table, found.said, open_on))
    drawn = asked if config.unit is not None else list(dict.fromkeys([*telling[:DRAWN], *asked]))
    files += _draw(folder, found, traced.activations[: len(shown[0])], shown[0], drawn)
    print(f"report    {folder}: index.html, {', '.join(files)}")


def _watched_line(human: list[str], own: list[str]) -> str:
    if not human:
        return "held-out  none: the run's data cannot be read; units are watched on what the network writes itself"
    count = sum(map(len, texts.Watched.of(human).followed))
    few = f", fewer than {texts.FOLLOWED:,}: surprising figures may be chance" if count < texts.FOLLOWED else ""
    return f"watched   {count:,} characters of held-out tunes, {sum(map(len, own)):,} of its own{few}"


def _find(model: CharRNN, vocab: Vocabulary, human: list[str], own: list[str]) -> Found:
    watched = texts.Watched.of(human or own)
    features = features_of(watched.followed)
    activations = trace(model, vocab, watched.followed).activations
    table = follow(activations, features)
    if table["auc"].isna().all():
        raise UserError(f"ckpt: expected more text to watch units on than {len(activations)} characters; train longer")
    rivals = [
        follow(trace(other, vocab, watched.followed).activations, features, shifts=False) for other in untrained(model)
    ]
    best = learned(table, rivals)
    held = chosen_units(model, best["unit"].to_list())
    changes = broken(model, vocab, watched.broken, held, activations.mean(0))
    best = with_breaking(best, changes)
    tables = {"held-out": table} if human else {}
    if own:
        tables["generated"] = follow(trace(model, vocab, own).activations, features_of(own)) if human else table
    return Found(tables, changes, best, sentences(best, tables.get("generated"), human=bool(human)))


def _write_tables(folder: Path, found: Found) -> list[str]:
    every = pd.concat([table.assign(text=name) for name, table in found.tables.items()], ignore_index=True)
    best = found.best.assign(sentence=pd.Series(found.said)).reset_index()
    tables = {"neurons.csv": every, "features.csv": best, "breaking.csv": found.changes}
    for name, table in tables.items():
        run.write_text(folder / name, table.to_csv(index=False, float_format="%.6g"))
    return list(tables)


def _draw(folder: Path, found: Found, activations: np.ndarray, text: str, drawn: list[int]) -> list[str]:
    """The atlas, a picture of the text for each unit `drawn`, and what was found; older ones of other units go."""
    for older in folder.glob("unit_*.*"):
        older.unlink()
    files = save(pictures.atlas(activations, text), folder / "atlas")
    best_at = found.best["unit"]
    for unit in drawn:
        title = pictures.caption(unit, [str(name) for name in best_at.index[best_at == unit]])
        files += save(pictures.on_text(activations[:, unit], text, title), folder / f"unit_{unit}")
    where = "held-out tunes" if "held-out" in found.tables else "its own tunes"
    files += save(pictures.matrix(found.table, found.best, f"every unit and feature, on {where}"), folder / "matrix")
    return files + save(pictures.broken_units(found.changes, found.best), folder / "breaking")
