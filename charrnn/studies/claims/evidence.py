"""The evidence for claims: finished runs by setting and seed, their samples, human tunes, epoch times and units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from charrnn.studies.claims.curve_measures import paper_curve_measures
from charrnn.studies.runs import records

LONG_EPOCHS = 100  # runs with fewer stand for the paper's
# The keys that a setting may change; all other keys are expected to be the same in all runs.
SETTING_KEYS = ("model.cell", "model.hidden", "model.layers", "regularization.dropout", "optim.name", "optim.lr")
Setting = Mapping[str, Any]
PAPER_SETTING: Setting = {}
Contrast = Callable[["Evidence"], pd.Series]


@dataclass(frozen=True)
class Evidence:
    """`runs` and `epochs` are the tables of `load_runs`, of finished runs, with the numbers of `paper_curve_measures`.

    `seconds` are the seconds of an epoch by run and turn; `tunes` has a row of rates for every run and temperature;
    `human` the same rates of held-out tunes; `corpus` a row for every tune of the data; `units` is the record of
    `evaluate_unit_claim`.
    """

    runs: pd.DataFrame
    epochs: pd.DataFrame
    default: Mapping[str, Any]
    seconds: Mapping[str, list[float]] = field(default_factory=dict)
    tunes: pd.DataFrame = field(default_factory=pd.DataFrame)
    human: Mapping[str, Any] = field(default_factory=dict)
    corpus: pd.DataFrame = field(default_factory=pd.DataFrame)
    units: Mapping[str, Any] = field(default_factory=dict)

    def runs_of(self, setting: Setting, long: bool = False, other_split: bool = False) -> pd.DataFrame:
        """The runs of the default network with the changes of `setting`, one a seed, indexed by seed; may be empty."""
        if self.runs.empty:
            return self.runs
        selected = (self.runs["trainer.max_epochs"] >= LONG_EPOCHS) == long
        selected &= (self.runs["data.split"] != self.split) == other_split
        for key in SETTING_KEYS:
            selected &= self.runs[key] == setting.get(key, self.default[key])
        return self.runs[selected].drop_duplicates("seed").set_index("seed").sort_index()

    @property
    def split(self) -> str:
        """The kind of split that most runs have."""
        return str(self.runs["data.split"].mode().iloc[0])

    def measure(
        self, name: str, setting: Setting = PAPER_SETTING, long: bool = False, other_split: bool = False
    ) -> pd.Series:
        """One measure of the runs of `setting`, by seed."""
        runs = self.runs_of(setting, long, other_split)
        return runs[name].astype(float) if name in runs else pd.Series(dtype=float)

    def sample_rate(self, name: str, temperature: float, setting: Setting = PAPER_SETTING) -> pd.Series:
        """One rate of the tunes sampled from the runs of `setting`, by seed."""
        runs = self.runs_of(setting)
        if self.tunes.empty or name not in self.tunes or runs.empty:
            return pd.Series(dtype=float)
        by_run = self.tunes[self.tunes["temperature"] == temperature].set_index("run")[name]
        return pd.Series({seed: by_run.get(row["run"]) for seed, row in runs.iterrows()}, dtype=float)

    def epoch_seconds(self, setting: Setting) -> pd.Series:
        """Seconds of an epoch by turn of timing."""
        runs = self.runs_of(setting)
        return pd.Series(self.seconds.get(runs["run"].iloc[0], []) if len(runs) else [], dtype=float)


def with_curve_measures(runs: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """`runs` with the numbers of `paper_curve_measures`."""
    if epochs.empty:
        return runs
    by_run = {str(name): rows for name, rows in epochs.groupby("run")}
    names = [row["run"] for row in records(runs)]
    numbers = pd.DataFrame([paper_curve_measures(by_run[name]) if name in by_run else {} for name in names])
    return pd.concat([runs.reset_index(drop=True), numbers], axis=1)


def with_epochs_to_target(evidence: Evidence, margin: float) -> Evidence:
    """`evidence` whose runs have `epochs_to_target`: until `margin` above the default network's mean best loss.

    A run that never gets there counts as the epoch after its last.
    """
    best = evidence.measure("best_val_loss")
    if best.empty or evidence.epochs.empty:
        return evidence
    below = evidence.epochs[evidence.epochs["val/loss"] <= best.mean() + margin].groupby("run")["epoch"].min()
    epochs = evidence.runs["run"].map(below).fillna(evidence.runs["epochs"] + 1)
    return replace(evidence, runs=evidence.runs.assign(epochs_to_target=epochs))


def setting_contrast(
    setting: Setting, minus: Setting, name: str, *, long: bool = False, other_split: bool = False
) -> Contrast:
    """The contrast of two settings: a measure of the first minus that of the second, paired by seed."""
    return lambda evidence: (
        evidence.measure(name, setting, long, other_split) - evidence.measure(name, minus, long, other_split)
    ).dropna()
