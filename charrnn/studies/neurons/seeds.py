"""The statement about the 52nd unit over seeds: a unit's number means nothing between runs, what it does may.

The paper says of its unit that it "turns off during parts of the header which are long words" and "whenever there is a
colon", and guesses that "there should be a new line character coming up soon". Here: is there a unit that is low in
both places, more so than any unit of networks that were never trained, and without which a line's end is harder to
guess?
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
from charrnn.learning.activations import trace
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import WORDS, features_of
from charrnn.studies.neurons.breaking import CARRIES, broken, chosen_units
from charrnn.studies.neurons.following import FEWEST, RATE, beaten_by, follow
from charrnn.studies.neurons.texts import Watched, held_out
from charrnn.studies.neurons.untrained import untrained

STATEMENT = (
    "a unit switches off in long words of the header and at the colons of its fields, more than in networks that were "
    "never trained, and breaking it hurts the line's end more than breaking 95 % of other units"
)
OFF_AT, HURTS = ("long_word", "field_colon"), "line_end"
ENOUGH = 0.8  # of the seeds: four of five


@dataclass(frozen=True)
class Seed:
    """One run: its network, and what its units do on the tunes that all runs are watched on, (n, U)."""

    folder: Path
    model: CharRNN
    vocab: Vocabulary
    activations: np.ndarray


def read_seeds(folders: Sequence[Path]) -> tuple[list[Seed], Watched]:
    """The runs and the held-out tunes they share; UserError unless they differ in nothing but their seed."""
    finished = [folder for folder in folders if (folder / checkpoint.BEST).is_file()]
    if len(finished) < 2:
        raise UserError(f"runs: expected two seeds or more with a best.ckpt, got {len(finished)}; train.py -m seed=0,1")
    first = _setting(finished[0])
    for folder in finished[1:]:
        if _setting(folder) != first:
            raise UserError(
                f"runs: expected runs that differ in their seed alone, but {finished[0].name} and {folder.name} differ "
                "in more; choose by a pattern, such as runs='runs/hidden-50_*'"
            )
    loaded = [checkpoint.load(str(folder)) for folder in finished]
    watched = Watched.of(held_out(str(finished[0]), loaded[0][1]))
    if not watched.followed:
        raise UserError(f"runs: expected runs whose data can be read, but that of {finished[0].name} cannot; bring it")
    return [
        Seed(folder, model, vocab, trace(model, vocab, watched.followed).activations)
        for folder, (model, vocab) in zip(finished, loaded, strict=True)
    ], watched


def _setting(folder: Path) -> dict[str, Any]:
    settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return {part: settings.get(part) for part in ("data", "model", "regularization", "optim")}


def claim(folders: Sequence[Path]) -> dict[str, Any]:
    """The statement over seeds as plain JSON: `seeds`, a row a run; how many are `holding`; `supported` by ENOUGH."""
    return judge(*read_seeds(folders))


def judge(seeds: Sequence[Seed], watched: Watched) -> dict[str, Any]:
    """`claim` for runs that were read."""
    features = {name: values for name, values in features_of(watched.followed).items() if name in OFF_AT}
    _check_enough(features, watched)
    rivals = [
        _joint(follow(trace(other, seeds[0].vocab, watched.followed).activations, features, shifts=False))
        for other in untrained(seeds[0].model)
    ]
    rows = [_judge(seed, watched, features, rivals) for seed in seeds]
    holding = sum(row["holds"] for row in rows)
    return {
        "statement": STATEMENT,
        "seeds": rows,
        "holding": holding,
        "of": len(rows),
        "supported": holding >= ENOUGH * len(rows),
        "holding_either_way": sum(row["holds"] or row["opposite"]["holds"] for row in rows),
    }


def _check_enough(features: dict[str, np.ndarray], watched: Watched) -> None:
    on = {**features, HURTS: features_of(watched.broken)[HURTS]}
    for name, values in on.items():
        counts = np.count_nonzero(values == 1), np.count_nonzero(values == 0)
        if min(counts) < FEWEST:
            raise UserError(
                f"runs: expected held-out tunes with at least {FEWEST} characters {WORDS[name]}, and as many that are "
                f"not, got {counts[0]} and {counts[1]}; train on more tunes"
            )


def _judge(
    seed: Seed, watched: Watched, features: dict[str, np.ndarray], rivals: Sequence[pd.DataFrame]
) -> dict[str, Any]:
    table = follow(seed.activations, features)
    joint = _joint(table).assign(believed=table.pivot(index="unit", columns="feature", values="q").max(axis=1) <= RATE)
    means = seed.activations.mean(0)
    able = {way: _able(joint, way, rivals) for way in ("off", "on")}
    best = {way: int(joint[way].to_numpy().argmax()) for way in able}
    held = chosen_units(seed.model, [*best.values(), *able["off"], *able["on"]])
    changes = broken(seed.model, seed.vocab, watched.broken, held, means)
    hurt = changes[changes["feature"] == HURTS].set_index("unit")["there"]
    auc = table.pivot(index="unit", columns="feature", values="auc")

    def found(way: str) -> dict[str, Any]:
        unit = max(able[way], key=lambda u: float(hurt[u]), default=best[way])
        others, change = hurt.drop(unit), float(hurt[unit])
        bound = float(others.quantile(CARRIES))
        return {
            "unit": unit,
            **{f"{name}_auc": float(auc[name].to_numpy()[unit]) for name in OFF_AT},
            "both": float(joint[way].to_numpy()[unit]),
            "untrained_both": _bound(rivals, way),
            "learned_units": len(able[way]),
            "line_end_change": change,
            "line_end_others_95": bound,
            "hurts_more_than": float((others < change).mean()),
            "holds": bool(able[way]) and change > max(bound, 0.0),
        }

    # The sign of a unit is arbitrary: the same network can be written with it turned round.
    return {"run": seed.folder.name, **found("off"), "opposite": found("on")}


def _joint(table: pd.DataFrame) -> pd.DataFrame:
    """Of every unit how well it tells both places by being low, `off`, or high, `on`: the worse of its two AUCs."""
    auc = table.pivot(index="unit", columns="feature", values="auc")
    return pd.DataFrame({"off": 1 - auc.max(axis=1), "on": auc.min(axis=1)})


def _able(joint: pd.DataFrame, way: str, rivals: Sequence[pd.DataFrame]) -> list[int]:
    """The units that tell both places better than any that was never trained."""
    return np.flatnonzero((joint[way] > max(0.5, _bound(rivals, way))) & joint["believed"]).tolist()


def _bound(rivals: Sequence[pd.DataFrame], way: str) -> float:
    return beaten_by(float(rival[way].max()) for rival in rivals)


def matches(seeds: Sequence[Seed], watched: Watched) -> pd.DataFrame:
    """Every unit of the first run with its partner in each other one: `run`, `unit`, `partner`, `correlation`.

    Partners are those for which the sum of absolute correlations over the watched characters is largest (Kuhn's
    Hungarian method). The last `run`, "untrained", is a network that never learned: what matching gives by chance.
    """
    first = seeds[0].activations
    other_runs = {seed.folder.name: seed.activations for seed in seeds[1:]}
    stranger = next(iter(untrained(seeds[0].model)))
    other_runs["untrained"] = trace(stranger, seeds[0].vocab, watched.followed).activations
    tables = []
    for name, activations in other_runs.items():
        correlation = _correlation(first, activations)
        unit, partner = linear_sum_assignment(np.abs(correlation), maximize=True)
        row = {"run": name, "unit": unit, "partner": partner, "correlation": correlation[unit, partner]}
        tables.append(pd.DataFrame(row))
    return pd.concat(tables, ignore_index=True)


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of every unit with every other, (U, U); a unit that never moves correlates with none."""
    scaled = []
    for values in (one, other):
        centred = values - values.mean(0)
        length = np.sqrt((centred**2).sum(0))
        scaled.append(centred / np.where(length > 0, length, 1))
    return scaled[0].T @ scaled[1]
