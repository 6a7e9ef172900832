"""Collects the evidence from a folder of runs: finished runs, samples of their networks, the data, the units."""

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
from charrnn.studies.claims.data_claims import note_pair_table
from charrnn.studies.claims.evidence import PAPER_SETTING, Evidence, with_curve_measures, with_epochs_to_target
from charrnn.studies.claims.sample_rates import sample_rates, tune_rates
from charrnn.studies.comparison_report import TARGET_MARGIN
from charrnn.studies.epoch_times import read_epoch_times, seconds_by_setting, timing_key
from charrnn.studies.neurons.across_seeds import evaluate_unit_claim, read_seed_runs
from charrnn.studies.paper.paper_figures import PAPER_TEMPERATURES
from charrnn.studies.runs import RunSelection, load_runs, records
from charrnn.studies.tune_sets import load_human_tunes

DROPOUT_RATES = (0.1, 0.2, 0.3)


@dataclass(frozen=True)
class PaperEvidence:
    """The evidence, the table of all runs, their parent folder, data.json, and messages on what is missing."""

    evidence: Evidence
    runs: pd.DataFrame
    runs_dir: Path
    data: Mapping[str, Any]
    missing: list[str]

    @property
    def commands(self) -> list[str]:
        """The commands of the sweeps of these runs."""
        manifests = (self.runs_dir / "sweeps").glob("*.yaml")
        return sorted(yaml.safe_load(file.read_text(encoding="utf-8"))["command"] for file in manifests)

    def first_seed(self, setting: Mapping[str, Any]) -> Path | None:
        """The folder of the first finished seed of a setting."""
        runs = self.evidence.runs_of(setting)
        return self.runs_dir / runs["run"].iloc[0] if len(runs) else None


def collect_evidence(
    selection: RunSelection, default: Mapping[str, Any], num_tunes: int, folder: Path
) -> PaperEvidence:
    """Read the runs and sample their networks; samples and unit analyses that `folder` holds are not made again."""
    runs, epochs = load_runs(selection)
    if "data" in runs and runs["data"].nunique() > 1:
        raise UserError(
            f"runs: expected runs on the same tunes, but those of {selection.name!r} are on "
            f"{runs['data'].nunique()} collections; give each a folder of its own: make reproduce name=…"
        )
    finished = runs[runs["state"] == "finished"].reset_index(drop=True)
    runs_dir = selection.folders[0].parent
    missing = _unfinished(runs)
    if finished.empty:
        empty = Evidence(finished, epochs, default)
        return PaperEvidence(empty, runs, runs_dir, {}, ["No run has finished.", *missing])
    times = seconds_by_setting(read_epoch_times(runs_dir), cpu=True)
    seconds = {row["run"]: times[key] for row in records(finished) if (key := timing_key(row)) in times}
    if not seconds:
        missing.append("No epoch was timed alone: python -m charrnn.cli.epoch_time RUNS does it.")
    curves = Evidence(with_curve_measures(finished, epochs), epochs, default, seconds)
    evidence = with_epochs_to_target(curves, TARGET_MARGIN)
    base = evidence.runs_of(PAPER_SETTING)["run"].tolist()
    first = runs_dir / (base[0] if base else finished["run"].iloc[0])
    human = load_human_tunes(str(first))
    to_sample: list[tuple[Path, tuple[float, ...]]] = [(runs_dir / name, PAPER_TEMPERATURES) for name in base]
    for p in DROPOUT_RATES:
        to_sample += [(runs_dir / name, (1.0,)) for name in evidence.runs_of({"regularization.dropout": p})["run"]]
    tunes = sample_rates(folder / "tunes.csv", to_sample, num_tunes, human)
    corpus = pd.DataFrame()
    if human is None:
        missing.append(f"The data of {first.name} cannot be read: nothing is compared with human tunes.")
    else:
        corpus = note_pair_table(_all_tunes(first))
    units, reason = _unit_claim([runs_dir / name for name in base], folder / "units.json")
    missing += [f"The 52nd unit was not tested: {reason}."] if reason else []
    human_rates = tune_rates(human.tunes, None) if human else {}
    evidence = Evidence(evidence.runs, epochs, default, seconds, tunes, human_rates, corpus, units)
    return PaperEvidence(evidence, runs, runs_dir, run.read_json(first / "data.json"), missing)


def _unfinished(runs: pd.DataFrame) -> list[str]:
    lines = []
    for row in records(runs[runs["state"] != "finished"]):
        error = row.get("error")
        why = f", {error}" if isinstance(error, str) else ""
        lines.append(f"{row['run']}: {row['state']}{why}; the same command continues it.")
    return lines


def _all_tunes(folder: Path) -> list[str]:
    settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    prepared = prepare(build(Data, settings["data"], "data."))
    ids = np.concatenate([getattr(prepared, part) for part in PARTS])
    return prepared.vocab.decode_tunes(ids)


def _unit_claim(folders: list[Path], file: Path) -> tuple[dict[str, Any], str | None]:
    """The record of `evaluate_unit_claim`, from `file` if it is of these runs; or the reason why there is none."""
    names = [folder.name for folder in folders]
    try:
        record = run.read_json(file)
        if [row["run"] for row in record["seeds"]] == names:
            return record, None
    except (OSError, ValueError, LookupError):
        pass
    try:
        record = evaluate_unit_claim(*read_seed_runs(folders))
    except UserError as error:
        return {}, str(error)
    run.write_json(file, record)
    return record, None
