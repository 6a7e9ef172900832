"""The evidence in a folder of runs: what is finished, what its networks draw, what the data is, what the units do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from charrnn import run
from charrnn.config import Data, build
from charrnn.errors import UserError
from charrnn.learning.prepare import PARTS, prepare
from charrnn.studies.claims.data import corpus_table
from charrnn.studies.claims.drawn import draw, rates
from charrnn.studies.claims.evidence import PAPERS, Evidence, with_curves, with_target
from charrnn.studies.comparison import MARGIN, epoch_times, time_key
from charrnn.studies.neurons.seeds import claim
from charrnn.studies.paper.figures import TEMPERATURES, dropout
from charrnn.studies.table import Selection, load, records
from charrnn.studies.tunes import human_tunes

DROPOUTS = (0.1, 0.2, 0.3)


@dataclass(frozen=True)
class Gathered:
    """The evidence, all runs whatever their state, the data's report, and what could not be had, in sentences."""

    evidence: Evidence
    runs: pd.DataFrame
    above: Path
    data: Mapping[str, Any]
    missing: list[str]

    @property
    def commands(self) -> list[str]:
        """What was typed for the sweeps of these runs."""
        read = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in (self.above / "sweeps").glob("*.yaml")]
        return sorted(sweep["command"] for sweep in read)

    def first(self, setting: Mapping[str, Any]) -> Path | None:
        """The folder of the first finished seed of a setting."""
        found = self.evidence.runs_of(setting)
        return self.above / found["run"].iloc[0] if len(found) else None


def gather(selection: Selection, default: Mapping[str, Any], num_tunes: int, folder: Path) -> Gathered:
    """Read the runs and ask their networks; what was asked before stands in `folder`, and is not asked again."""
    runs, epochs = load(selection)
    if "data" in runs and runs["data"].nunique() > 1:
        raise UserError(
            f"runs: expected runs on the same tunes, but those of {selection.name!r} are on "
            f"{runs['data'].nunique()} collections; give each a folder of its own: make reproduce name=…"
        )
    finished = runs[runs["state"] == "finished"].reset_index(drop=True)
    above = selection.folders[0].parent
    missing = _unfinished(runs)
    if finished.empty:
        return Gathered(Evidence(finished, epochs, default), runs, above, {}, ["No run has finished.", *missing])
    times = epoch_times(selection, processor=True)
    seconds = {row["run"]: times[key] for row in records(finished) if (key := time_key(row)) in times}
    if not seconds:
        missing.append("No epoch was timed alone: python -m benchmarks.epoch_time runs=… does it.")
    found = with_target(Evidence(with_curves(finished, epochs), epochs, default, seconds), MARGIN)
    base = found.runs_of(PAPERS)["run"].tolist()
    first = above / (base[0] if base else finished["run"].iloc[0])
    human = human_tunes(str(first), must_be=False)
    asked: list[tuple[Path, tuple[float, ...]]] = [(above / name, TEMPERATURES) for name in base]
    asked += [(above / name, (1.0,)) for p in DROPOUTS for name in found.runs_of(dropout(p))["run"]]
    tunes = draw(folder / "tunes.csv", asked, num_tunes, human)
    corpus = pd.DataFrame()
    if human is None:
        missing.append(f"The data of {first.name} cannot be read: nothing stands beside human tunes.")
    else:
        corpus = corpus_table(_every_tune(first))
    units, why = _units([above / name for name in base], folder / "units.json")
    missing += [f"The 52nd unit was not judged: {why}."] if why else []
    found = Evidence(found.runs, epochs, default, seconds, tunes, rates(human.tunes, None) if human else {}, corpus,
                     units)  # fmt: skip
    return Gathered(found, runs, above, run.read_json(first / "data.json"), missing)


def _unfinished(runs: pd.DataFrame) -> list[str]:
    lines = []
    for row in records(runs[runs["state"] != "finished"]):
        error = row.get("error")
        why = f", {error}" if isinstance(error, str) else ""
        lines.append(f"{row['run']}: {row['state']}{why}; the same command continues it.")
    return lines


def _every_tune(folder: Path) -> list[str]:
    settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    prepared = prepare(build(Data, settings["data"], "data."))
    ids = np.concatenate([getattr(prepared, part) for part in PARTS])
    return prepared.vocab.decode_tunes(ids)


def _units(folders: list[Path], file: Path) -> tuple[dict[str, Any], str | None]:
    """What the units of these runs do, and why that is not known."""
    names = [folder.name for folder in folders]
    try:
        known = run.read_json(file)
        if [row["run"] for row in known["seeds"]] == names:
            return known, None
    except (OSError, ValueError, LookupError):
        pass
    try:
        found = claim(folders)
    except UserError as error:
        return {}, str(error)
    run.write_json(file, found)
    return found, None
