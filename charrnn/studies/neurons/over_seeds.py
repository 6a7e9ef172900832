"""The part of analysis=neurons that reads several seeds: partners of every unit, and the statement about the 52nd."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.learning.activations import trace, units
from charrnn.music.features import features_of
from charrnn.studies.look import save
from charrnn.studies.neurons.asked import asked_unit
from charrnn.studies.neurons.following import follow
from charrnn.studies.neurons.pictures import claim_over_seeds
from charrnn.studies.neurons.seeds import OFF_AT, Seed, judge, matches, read_seeds
from charrnn.studies.neurons.texts import Watched
from charrnn.studies.neurons.untrained import untrained
from charrnn.studies.table import select


def report_seeds(config: AnalyzeConfig) -> None:
    """Write report/<name>/neurons/: claim.json, matches.csv and a picture; print a line a seed and the verdict."""
    selection = select(config.runs)
    seeds, watched = read_seeds(selection.folders)
    asked = asked_unit(config.unit, units(seeds[0].model))
    folder = Path(config.report_dir) / (config.name or selection.name) / "neurons"
    folder.mkdir(parents=True, exist_ok=True)
    found = judge(seeds, watched)
    run.write_json(folder / "claim.json", found)
    _print_claim(found)
    partners = matches(seeds, watched)
    run.write_text(folder / "matches.csv", partners.to_csv(index=False, float_format="%.4f"))
    _print_matches(partners, seeds[0].folder.name, asked)
    files = save(claim_over_seeds(found, _auc_by_run(seeds, watched)), folder / "claim")
    print(f"report    {folder}: claim.json, matches.csv, {', '.join(files)}")


def _print_claim(found: dict[str, Any]) -> None:
    for row in found["seeds"]:
        print(_sentence(row))
    verdict = "supported" if found["supported"] else "not supported"
    print(f"claim     {found['statement']}: in {found['holding']} of {found['of']} seeds, {verdict}")
    print(f"          with high for low, which a network can be written as, in {found['holding_either_way']}")


def _print_matches(partners: pd.DataFrame, first: str, asked: list[int]) -> None:
    for name, rows in partners.groupby("run", sort=False):
        alike = rows["correlation"].abs()
        spread = f"{alike.median():.2f} (median), {alike.min():.2f} to {alike.max():.2f}"
        print(f"matched   {first} with {name}: |correlation| {spread}")
    for unit in asked:
        rows = partners[partners["unit"] == unit]
        others = ", ".join(f"{name} {partner} ({c:+.2f})" for _, name, _, partner, c in rows.itertuples())
        print(f"partners  of unit {unit}, with their correlation: {others}")


def _auc_by_run(seeds: Sequence[Seed], watched: Watched) -> dict[str, pd.DataFrame]:
    """Of every run, and of "untrained" networks together, the AUCs of each unit in the statement's two places."""
    features = {name: values for name, values in features_of(watched.followed).items() if name in OFF_AT}
    rivals = [trace(other, seeds[0].vocab, watched.followed).activations for other in untrained(seeds[0].model)]
    activations = {"untrained": np.hstack(rivals), **{seed.folder.name: seed.activations for seed in seeds}}
    tables = {name: follow(values, features, shifts=False) for name, values in activations.items()}
    return {name: table.pivot(index="unit", columns="feature", values="auc") for name, table in tables.items()}


def _sentence(row: dict[str, Any]) -> str:
    auc = f"AUC {row['long_word_auc']:.3f} in long words and {row['field_colon_auc']:.3f} at colons"
    both = f"low in both {row['both']:.3f} (untrained {row['untrained_both']:.3f})"
    without = f"{row['line_end_change']:+.3f} nats at line ends, more than {row['hurts_more_than']:.0%} of other units"
    verdict = "holds" if row["holds"] else "does not hold"
    return f"{row['run']}: unit {row['unit']}, {auc}, {both}; held at its mean it costs {without}: {verdict}"
