"""Settings compared over seeds: means with t intervals, differences paired by seed, and what may be said of them.

A setting is what the configurations of a comparison differ in, the seed apart.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from charrnn import run
from charrnn.errors import UserError
from charrnn.studies.table import STATES, records

CONFIDENCE = 0.95
# Of a wrong verdict anywhere in one table (Holm 1979). At 0.05, half of all batches of a thousand tables would have one
# in more than 5 % of them.
LEVEL = 0.04
POWER = 0.8  # with which the smallest difference would be seen
MEASURES = (
    "best_val_loss",
    "end_val_loss",
    "best_train_loss",
    "end_train_loss",
    "test_loss",
    "best_epoch",
    "epochs",
    "patience_3_epoch",
    "patience_3_cost",
    "epochs_to_loss",
    "seconds_to_loss",
)


@dataclass(frozen=True)
class Interval:
    """Mean, standard deviation and t interval of n numbers; without a second one there is neither."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


def t_interval(values: Iterable[float]) -> Interval:
    """Two-sided 95 % by Student's t. At five seeds it covers 94 %, a bootstrap interval 83 %."""
    found = np.fromiter(values, float)
    found = found[np.isfinite(found)]
    n = len(found)
    if n < 2:
        return Interval(n, float(found[0]) if n else np.nan, np.nan, np.nan, np.nan)
    mean, sd = float(found.mean()), float(found.std(ddof=1))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * sd / n**0.5
    return Interval(n, mean, sd, mean - half, mean + half)


def wilson(successes: int, n: int) -> Interval:
    """Of a share: Wilson's 95 % interval, which stays between 0 and 1 and has a width at either end."""
    found = stats.binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    share = successes / n
    return Interval(n, share, (share * (1 - share)) ** 0.5, float(found.low), float(found.high))


def p_value(difference: Interval) -> float:
    """Two-sided, of no difference; nan without two pairs."""
    if difference.n < 2:
        return np.nan
    if difference.sd == 0:
        return 1.0 if difference.mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(difference.mean) * difference.n**0.5 / difference.sd, difference.n - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that all may be read together; nan stays nan and does not count."""
    adjusted, worst = [np.nan] * len(p_values), 0.0
    known = sorted((p, i) for i, p in enumerate(p_values) if not np.isnan(p))
    for rank, (p, i) in enumerate(known):
        worst = max(worst, min(1.0, p * (len(known) - rank)))
        adjusted[i] = worst
    return adjusted


def smallest_difference(n: int, sd: float, comparisons: int) -> float:
    """What n pairs with this standard deviation of differences would be called better or worse for, four times of five.

    In a table of so many `comparisons`, by the strictest of Holm's steps.
    """
    if n < 2 or not sd > 0:
        return np.nan
    bound = stats.t.ppf(1 - LEVEL / (2 * comparisons), n - 1)

    def missing_power(noncentrality: float) -> float:
        return float(stats.nct.sf(bound, n - 1, noncentrality)) - POWER

    return float(optimize.brentq(missing_power, 0, 10 * bound)) * sd / n**0.5


def verdict(difference: Interval, adjusted_p: float) -> str:
    """Of a loss: better is smaller."""
    if difference.n < 2:
        return f"n={difference.n}: no verdict"
    if adjusted_p <= LEVEL:
        return "better" if difference.mean < 0 else "worse"
    return "not distinguishable"


def varied_keys(runs: pd.DataFrame, known: Collection[str] = ()) -> list[str]:
    """The keys in which the runs' configurations differ, the seed apart; `known` are those that a manifest tells of."""
    present = runs[~runs["state"].isin(["damaged", "missing"])]
    dotted = [key for key in runs.columns if "." in key]
    return [key for key in dotted if key in known or present[key].map(repr).nunique() > 1]


def label(settings: dict[str, Any]) -> str:
    """`hidden=50 dropout=0.1`; of one setting alone, `all`."""
    parts = [f"{run.short(key)}={plain_value(value)}" for key, value in settings.items()]
    return " ".join(parts) or "all"


def plain_value(value: Any) -> str:
    """A setting's value as a label has it; different values stay different."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "null"
    if isinstance(value, int | float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


def with_settings(runs: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """`runs` with the label of each run's setting in a column `setting`."""
    labels = [label({key: row[key] for key in keys}) for row in records(runs)]
    return runs.assign(setting=["?" if s == "damaged" else t for s, t in zip(runs["state"], labels, strict=True)])


def choose_base(runs: pd.DataFrame, keys: Sequence[str], default: dict[str, Any], asked: str | None) -> str:
    """The setting the others are held against: the one asked for, or the nearest to the defaults."""
    usable = runs[runs["setting"] != "?"]
    labels = list(dict.fromkeys(usable["setting"]))
    if asked is not None:
        found = [one for one in labels if set(asked.replace(",", " ").split()) <= set(one.split())]
        if len(found) != 1:
            some = "; ".join(labels[:8]) + ("; …" if len(labels) > 8 else "")
            raise UserError(f"base: expected one of {some}, got {asked!r}, which fits {len(found)}; write one out")
        return found[0]
    first = usable.drop_duplicates("setting").set_index("setting")

    def distance(one: str) -> int:
        return sum(plain_value(first.loc[one, key]) != plain_value(default.get(key)) for key in keys)

    return min(labels, key=distance)


def settings_table(runs: pd.DataFrame, keys: Sequence[str], base: str) -> pd.DataFrame:
    """One row a setting: how its runs stand, every measure over the finished ones, the difference from `base`."""
    rows = []
    finished = runs[runs["state"] == "finished"]
    base_losses = finished[finished["setting"] == base].set_index("seed")["best_val_loss"]
    for name, group in runs[runs["setting"] != "?"].groupby("setting", sort=False):
        done = group[group["state"] == "finished"]
        row: dict[str, Any] = {"setting": name, **{key: group[key].iloc[0] for key in keys}}
        row |= {state: int((group["state"] == state).sum()) for state in STATES}
        for measure in MEASURES:
            if measure in done:
                over_seeds = t_interval(done[measure])
                row |= {measure: over_seeds.mean, f"{measure}_n": over_seeds.n, f"{measure}_sd": over_seeds.sd}
                row |= {f"{measure}_low": over_seeds.low, f"{measure}_high": over_seeds.high}
        if "parameters" in done and len(done):
            row["parameters"] = done["parameters"].iloc[0]
        if name != base:
            row |= _difference(done.set_index("seed")["best_val_loss"], base_losses)
        rows.append(row)
    table = pd.DataFrame(rows)
    if "p" in table:
        table["p_holm"] = holm(table["p"].to_list())
        comparisons = max(1, int(table["p"].notna().sum()))
        table["smallest_difference"] = [
            smallest_difference(0 if np.isnan(row["pairs"]) else int(row["pairs"]), row["difference_sd"], comparisons)
            for row in records(table)
        ]
        table["verdict"] = [
            "base" if row["setting"] == base else verdict(_of_row(row), row["p_holm"]) for row in records(table)
        ]
    return table


def _difference(losses: pd.Series, base: pd.Series) -> dict[str, Any]:
    shared = losses.index.intersection(base.index)
    found = t_interval(losses[shared] - base[shared])
    return {
        "pairs": found.n,
        "difference": found.mean,
        "difference_sd": found.sd,
        "difference_low": found.low,
        "difference_high": found.high,
        "p": p_value(found),
    }


def _of_row(row: dict[str, Any]) -> Interval:
    return Interval(
        int(row["pairs"]), row["difference"], row["difference_sd"], row["difference_low"], row["difference_high"]
    )
