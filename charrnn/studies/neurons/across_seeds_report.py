"""python analyze.py analysis=neurons runs=…: the paper's statement on its 52nd unit across seeds, and matched units."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.learning.activations import trace, units
from charrnn.music.features import features_of
from charrnn.studies.neurons.across_seeds import LOW_AT, SeedRun, evaluate_unit_claim, match_units, read_seed_runs
from charrnn.studies.neurons.probe_tunes import ProbeTunes
from charrnn.studies.neurons.selectivity import feature_auc
from charrnn.studies.neurons.unit_choice import requested_units
from charrnn.studies.neurons.unit_plots import plot_across_seeds
from charrnn.studies.neurons.untrained import untrained_networks
from charrnn.studies.runs import select_runs
from charrnn.studies.style import save_figure


def report_across_seeds(config: AnalyzeConfig) -> None:
    """Write unit_claim.json, matched_units.csv and a figure to report/<name>/neurons/; print the verdict."""
    selection = select_runs(config.runs)
    runs, probe = read_seed_runs(selection.folders)
    requested = requested_units(config.unit, units(runs[0].model))
    folder = Path(config.report_dir) / (config.name or selection.name) / "neurons"
    folder.mkdir(parents=True, exist_ok=True)
    claim = evaluate_unit_claim(runs, probe)
    run.write_json(folder / "unit_claim.json", claim)
    _print_claim(claim)
    matched = match_units(runs, probe)
    run.write_text(folder / "matched_units.csv", matched.to_csv(index=False, float_format="%.4f"))
    _print_matches(matched, runs[0].folder.name, requested)
    files = save_figure(plot_across_seeds(claim, _auc_by_run(runs, probe)), folder / "unit_claim")
    print(f"report    {folder}: unit_claim.json, matched_units.csv, {', '.join(files)}")


def _print_claim(claim: dict[str, Any]) -> None:
    for row in claim["seeds"]:
        print(_seed_line(row))
    verdict = "supported" if claim["supported"] else "not supported"
    print(f"claim     {claim['statement']}: in {claim['num_holding']} of {claim['num_seeds']} seeds, {verdict}")
    print(f"          with either sign of the unit, which is arbitrary, in {claim['num_holding_either_sign']}")


def _print_matches(matched: pd.DataFrame, first: str, requested: list[int]) -> None:
    for name, rows in matched.groupby("run", sort=False):
        strength = rows["correlation"].abs()
        spread = f"{strength.median():.2f} (median), {strength.min():.2f} to {strength.max():.2f}"
        print(f"matched   {first} with {name}: |correlation| {spread}")
    for unit in requested:
        rows = matched[matched["unit"] == unit]
        others = ", ".join(f"{name} {partner} ({c:+.2f})" for _, name, _, partner, c in rows.itertuples())
        print(f"partners  of unit {unit}, with their correlation: {others}")


def _auc_by_run(runs: Sequence[SeedRun], probe: ProbeTunes) -> dict[str, pd.DataFrame]:
    """The AUCs of each unit for the statement's two features, by run; all "untrained" networks together."""
    features = {name: values for name, values in features_of(probe.selectivity).items() if name in LOW_AT}
    untrained = [
        trace(network, runs[0].vocab, probe.selectivity).activations for network in untrained_networks(runs[0].model)
    ]
    activations = {"untrained": np.hstack(untrained), **{one.folder.name: one.activations for one in runs}}
    tables = {name: feature_auc(values, features, shifts=False) for name, values in activations.items()}
    return {name: table.pivot(index="unit", columns="feature", values="auc") for name, table in tables.items()}


def _seed_line(row: dict[str, Any]) -> str:
    auc = f"AUC {row['long_word_auc']:.3f} in long words and {row['field_colon_auc']:.3f} at colons"
    joint = f"low in both {row['joint_auc']:.3f} (bound {row['joint_bound']:.3f})"
    change = f"{row['line_end_change']:+.3f} nats at line ends, more than {row['share_exceeded']:.0%} of other units"
    verdict = "holds" if row["holds"] else "does not hold"
    return f"{row['run']}: unit {row['unit']}, {auc}, {joint}; ablating it costs {change}: {verdict}"
