"""Units across seeds: matched by correlation, and the paper's statement on its 52nd unit, tested as a function.

A unit's number means nothing between runs, but what it does may. The paper says that its unit "turns off during parts
of the header which are long words" and "whenever there is a colon", and guesses that "there should be a new line
character coming up soon". Tested here: is there a unit that is low in both places, more so than any unit of untrained
networks, and whose ablation makes line ends harder to predict?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import linear_sum_assignment

from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.activations import trace, units
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import WORDS, features_of
from charrnn.studies.neurons.ablation import NEEDED_QUANTILE, ablate_units
from charrnn.studies.neurons.probe_tunes import ProbeTunes, held_out_tunes
from charrnn.studies.neurons.selectivity import FALSE_DISCOVERY_RATE, MIN_CHARACTERS, feature_auc, untrained_bound
from charrnn.studies.neurons.unit_choice import units_to_ablate
from charrnn.studies.neurons.untrained import untrained_networks

UNIT_STATEMENT = (
    "a unit is low in long words of the header and at the colons of its fields, more than in untrained networks, and "
    "ablating it costs more at line ends than ablating 95 % of other units"
)
LOW_AT, ABLATED_AT = ("long_word", "field_colon"), "line_end"  # features
MIN_SHARE_OF_SEEDS = 0.8  # four of five


@dataclass(frozen=True)
class SeedRun:
    """One run: its network and its units' activations (n, U) on the tunes that all runs are probed on."""

    folder: Path
    model: CharRNN
    vocab: Vocabulary
    activations: np.ndarray


def read_seed_runs(folders: Sequence[Path]) -> tuple[list[SeedRun], ProbeTunes]:
    """The runs and the held-out tunes they share; UserError unless they differ only in their seed."""
    finished = [folder for folder in folders if (folder / checkpoint.BEST).is_file()]
    if len(finished) < 2:
        raise UserError(f"runs: expected two seeds or more with a best.ckpt, got {len(finished)}; train.py -m seed=0,1")
    first = _setting(finished[0])
    for folder in finished[1:]:
        if _setting(folder) != first:
            raise UserError(
                f"runs: expected runs that differ only in their seed, but {finished[0].name} and {folder.name} differ "
                "in more; choose by a pattern, such as runs='runs/hidden-50_*'"
            )
    loaded = [checkpoint.load_model(str(folder)) for folder in finished]
    probe = ProbeTunes.of(held_out_tunes(str(finished[0]), loaded[0][1]))
    if not probe.selectivity:
        raise UserError(f"runs: expected runs whose data can be read, but that of {finished[0].name} cannot; bring it")
    return [
        SeedRun(folder, model, vocab, trace(model, vocab, probe.selectivity).activations)
        for folder, (model, vocab) in zip(finished, loaded, strict=True)
    ], probe


def _setting(folder: Path) -> dict[str, Any]:
    settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return {part: settings.get(part) for part in ("data", "model", "regularization", "optim")}


def evaluate_unit_claim(runs: Sequence[SeedRun], probe: ProbeTunes) -> dict[str, Any]:
    """The statement tested on every run, as plain JSON: `seeds` has a row a run; `supported` by MIN_SHARE_OF_SEEDS."""
    features = {name: values for name, values in features_of(probe.selectivity).items() if name in LOW_AT}
    _check_enough(features, probe)
    untrained = [
        _joint_auc(feature_auc(trace(network, runs[0].vocab, probe.selectivity).activations, features, shifts=False))
        for network in untrained_networks(runs[0].model)
    ]
    rows = [_evaluate_run(run, probe, features, untrained) for run in runs]
    num_holding = sum(row["holds"] for row in rows)
    return {
        "statement": UNIT_STATEMENT,
        "seeds": rows,
        "num_seeds": len(rows),
        "num_holding": num_holding,
        "num_holding_either_sign": sum(row["holds"] or row["opposite_sign"]["holds"] for row in rows),
        "supported": num_holding >= MIN_SHARE_OF_SEEDS * len(rows),
    }


def _check_enough(features: dict[str, np.ndarray], probe: ProbeTunes) -> None:
    needed = {**features, ABLATED_AT: features_of(probe.ablation)[ABLATED_AT]}
    for name, values in needed.items():
        counts = np.count_nonzero(values == 1), np.count_nonzero(values == 0)
        if min(counts) < MIN_CHARACTERS:
            raise UserError(
                f"runs: expected held-out tunes with at least {MIN_CHARACTERS} characters {WORDS[name]}, and as many "
                f"that are not, got {counts[0]} and {counts[1]}; train on more tunes"
            )


def _evaluate_run(
    run: SeedRun, probe: ProbeTunes, features: dict[str, np.ndarray], untrained: Sequence[pd.DataFrame]
) -> dict[str, Any]:
    table = feature_auc(run.activations, features)
    q = table.pivot(index="unit", columns="feature", values="q").max(axis=1)
    joint = _joint_auc(table).assign(significant=q <= FALSE_DISCOVERY_RATE)
    bound = {sign: untrained_bound(float(network[sign].max()) for network in untrained) for sign in ("low", "high")}
    learned = {
        sign: np.flatnonzero((joint[sign] > max(0.5, bound[sign])) & joint["significant"]).tolist() for sign in bound
    }
    best = {sign: int(joint[sign].to_numpy().argmax()) for sign in bound}
    ablated = units_to_ablate(units(run.model), [*best.values(), *learned["low"], *learned["high"]])
    changes = ablate_units(run.model, run.vocab, probe.ablation, ablated, run.activations.mean(0))
    line_end_change = changes[changes["feature"] == ABLATED_AT].set_index("unit")["change_on"]
    auc = table.pivot(index="unit", columns="feature", values="auc")

    def evaluate(sign: str) -> dict[str, Any]:
        unit = max(learned[sign], key=lambda u: float(line_end_change[u]), default=best[sign])
        others, change = line_end_change.drop(unit), float(line_end_change[unit])
        others_95 = float(others.quantile(NEEDED_QUANTILE))
        return {
            "unit": unit,
            **{f"{name}_auc": float(auc[name].to_numpy()[unit]) for name in LOW_AT},
            "joint_auc": float(joint[sign].to_numpy()[unit]),
            "joint_bound": bound[sign],
            "num_learned": len(learned[sign]),
            "line_end_change": change,
            "line_end_others_95": others_95,
            "share_exceeded": float((others < change).mean()),
            "holds": bool(learned[sign]) and change > max(others_95, 0.0),
        }

    # The sign of a unit is arbitrary: the same network can be written with it reversed.
    return {"run": run.folder.name, **evaluate("low"), "opposite_sign": evaluate("high")}


def _joint_auc(table: pd.DataFrame) -> pd.DataFrame:
    """How well every unit tells both places by being `low`, or `high`, there: the worse of its two AUCs."""
    auc = table.pivot(index="unit", columns="feature", values="auc")
    return pd.DataFrame({"low": 1 - auc.max(axis=1), "high": auc.min(axis=1)})


def match_units(runs: Sequence[SeedRun], probe: ProbeTunes) -> pd.DataFrame:
    """Every unit of the first run with its partner in each other run: `run`, `unit`, `partner`, `correlation`.

    Partners maximise the sum of absolute correlations over the probe tunes (the Hungarian method). The last `run`,
    "untrained", is an untrained network: it shows what matching gives by chance.
    """
    first = runs[0].activations
    others = {run.folder.name: run.activations for run in runs[1:]}
    untrained = next(iter(untrained_networks(runs[0].model)))
    others["untrained"] = trace(untrained, runs[0].vocab, probe.selectivity).activations
    tables = []
    for name, activations in others.items():
        correlation = _correlation(first, activations)
        unit, partner = linear_sum_assignment(np.abs(correlation), maximize=True)
        columns = {"run": name, "unit": unit, "partner": partner, "correlation": correlation[unit, partner]}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The correlation of every unit with every other, (U, U); 0 for a unit that is constant."""
    scaled = []
    for values in (one, other):
        centred = values - values.mean(0)
        length = np.sqrt((centred**2).sum(0))
        scaled.append(centred / np.where(length > 0, length, 1))
    return scaled[0].T @ scaled[1]
