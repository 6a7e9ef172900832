"""Settings compared over seeds: means with t intervals, and differences from a base setting, paired by seed.

A setting is the part of the configuration that differs between the compared runs, without the seed.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from charrnn import run
from charrnn.errors import UserError
from charrnn.studies.inference import (
    Interval,
    comparison_verdict,
    detectable_difference,
    holm_adjust,
    p_value,
    t_interval,
)
from charrnn.studies.runs import CURVE_MEASURES, RUN_STATES, records

SETTING_MEASURES = (*CURVE_MEASURES, "test_loss", "epochs_to_loss", "seconds_to_loss")


def varied_keys(runs: pd.DataFrame, known: Collection[str] = ()) -> list[str]:
    """The keys whose values differ between runs, without the seed; `known` are keys that a sweep's manifest names."""
    present = runs[~runs["state"].isin(["damaged", "missing"])]
    dotted = [key for key in runs.columns if "." in key]
    return [key for key in dotted if key in known or present[key].map(repr).nunique() > 1]


def setting_label(settings: dict[str, Any]) -> str:
    """`hidden=50 dropout=0.1`; `all` where nothing varies. Inputs are named together: `inputs=meter+phrase`."""
    inputs = {key.removeprefix("inputs."): value for key, value in settings.items() if key.startswith("inputs.")}
    parts = [
        f"{run.short(key)}={format_value(value)}" for key, value in settings.items() if not key.startswith("inputs.")
    ]
    if inputs:
        parts.insert(0, f"inputs={'+'.join(name for name, is_on in inputs.items() if is_on) or 'chars'}")
    return " ".join(parts) or "all"


def format_value(value: Any) -> str:
    """A configuration value as a label shows it; different values stay different."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "null"
    if isinstance(value, int | float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)


def with_setting_column(runs: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """`runs` with a column `setting`: each run's label, `?` for a damaged run."""
    shown = list(keys)
    if any(key.startswith("inputs.") for key in keys):  # they are named together, those that all runs have included
        shown += [key for key in runs.columns if key.startswith("inputs.") and key not in keys]
    labels = [setting_label({key: row[key] for key in shown}) for row in records(runs)]
    states = runs["state"]
    return runs.assign(setting=["?" if s == "damaged" else text for s, text in zip(states, labels, strict=True)])


def choose_base(runs: pd.DataFrame, keys: Sequence[str], default: dict[str, Any], requested: str | None) -> str:
    """The setting that others are compared with: the requested one, else the nearest to the defaults.

    Raises UserError unless `requested` fits exactly one setting.
    """
    usable = runs[runs["setting"] != "?"]
    labels = list(dict.fromkeys(usable["setting"]))
    if requested is not None:
        matching = [label for label in labels if set(requested.replace(",", " ").split()) <= set(label.split())]
        if len(matching) != 1:
            some = "; ".join(labels[:8]) + ("; …" if len(labels) > 8 else "")
            raise UserError(
                f"base: expected one of {some}, got {requested!r}, which fits {len(matching)}; write one out"
            )
        return matching[0]
    first = usable.drop_duplicates("setting").set_index("setting")

    def distance(label: str) -> int:
        return sum(format_value(first.loc[label, key]) != format_value(default.get(key)) for key in keys)

    return min(labels, key=distance)


def settings_table(runs: pd.DataFrame, keys: Sequence[str], base: str) -> pd.DataFrame:
    """One row a setting: runs by state, every measure over the finished runs, the difference from `base`."""
    rows = []
    finished = runs[runs["state"] == "finished"]
    base_losses = finished[finished["setting"] == base].set_index("seed")["best_val_loss"]
    for name, group in runs[runs["setting"] != "?"].groupby("setting", sort=False):
        done = group[group["state"] == "finished"]
        row: dict[str, Any] = {"setting": name, **{key: group[key].iloc[0] for key in keys}}
        row |= {state: int((group["state"] == state).sum()) for state in RUN_STATES}
        for measure in SETTING_MEASURES:
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
        table["p_holm"] = holm_adjust(table["p"].to_list())
        comparisons = max(1, int(table["p"].notna().sum()))
        pairs = table["pairs"].fillna(0).astype(int)
        table["detectable_difference"] = [
            detectable_difference(n, sd, comparisons) for n, sd in zip(pairs, table["difference_sd"], strict=True)
        ]
        table["verdict"] = [
            "base" if row["setting"] == base else comparison_verdict(_interval(row), row["p_holm"])
            for row in records(table)
        ]
    return table


def _difference(losses: pd.Series, base: pd.Series) -> dict[str, Any]:
    shared = losses.index.intersection(base.index)
    difference = t_interval(losses[shared] - base[shared])
    return {
        "pairs": difference.n,
        "difference": difference.mean,
        "difference_sd": difference.sd,
        "difference_low": difference.low,
        "difference_high": difference.high,
        "p": p_value(difference),
    }


def _interval(row: dict[str, Any]) -> Interval:
    return Interval(
        int(row["pairs"]), row["difference"], row["difference_sd"], row["difference_low"], row["difference_high"]
    )
