"""What statements are judged on: finished runs by setting and seed, the tunes they drew, human ones, units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from charrnn.studies.claims.curves import read_curves
from charrnn.studies.table import records

LONG = 100  # epochs; runs of fewer are the paper's
# What a run is called by here; in all else that varies it is that of the other runs.
KEYS = ("model.cell", "model.hidden", "model.layers", "regularization.dropout", "optim.name", "optim.lr")
Setting = Mapping[str, Any]
PAPERS: Setting = {}


@dataclass(frozen=True)
class Evidence:
    """`runs` and `epochs` as `table.load` gives them, of finished runs, with the numbers of `read_curves`.

    `seconds` are those of an epoch by run and turn, `tunes` a row of rates for every run and temperature, `human` those
    of held-out tunes, `corpus` a row for every tune of the data, `units` what `neurons.seeds.claim` says.
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
        """A row a seed of the default network with the changes of `setting`, indexed by seed; perhaps none."""
        if self.runs.empty:
            return self.runs
        wanted = {key: setting.get(key, self.default[key]) for key in KEYS}
        chosen = (self.runs["trainer.max_epochs"] >= LONG) == long
        chosen &= (self.runs["data.split"] != self.split) == other_split
        for key, value in wanted.items():
            chosen &= self.runs[key] == value
        return self.runs[chosen].drop_duplicates("seed").set_index("seed").sort_index()

    @property
    def split(self) -> str:
        """That of most runs."""
        return str(self.runs["data.split"].mode().iloc[0])

    def of(self, name: str, setting: Setting = PAPERS, long: bool = False, other_split: bool = False) -> pd.Series:
        """One measure of such runs by seed."""
        found = self.runs_of(setting, long, other_split)
        return found[name].astype(float) if name in found else pd.Series(dtype=float)

    def drawn(self, name: str, temperature: float, setting: Setting = PAPERS) -> pd.Series:
        """One rate of the tunes that such runs drew, by seed."""
        found = self.runs_of(setting)
        if self.tunes.empty or name not in self.tunes or found.empty:
            return pd.Series(dtype=float)
        at = self.tunes[self.tunes["temperature"] == temperature].set_index("run")[name]
        return pd.Series({seed: at.get(row["run"]) for seed, row in found.iterrows()}, dtype=float)

    def epoch_seconds(self, setting: Setting) -> pd.Series:
        """Seconds of an epoch by turn, in which settings were timed one after the other."""
        found = self.runs_of(setting)
        return pd.Series(self.seconds.get(found["run"].iloc[0], []) if len(found) else [], dtype=float)


def with_curves(runs: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """`runs` with the numbers of `read_curves`."""
    if epochs.empty:
        return runs
    by_run = {str(name): rows for name, rows in epochs.groupby("run")}
    read = pd.DataFrame([read_curves(by_run[row["run"]]) if row["run"] in by_run else {} for row in records(runs)])
    return pd.concat([runs.reset_index(drop=True), read], axis=1)


def with_target(evidence: Evidence, margin: float) -> Evidence:
    """`evidence` with `reached` in its runs: epochs until `margin` above the mean best loss of the default network.

    A run that never gets there counts as the epoch after its last.
    """
    best = evidence.of("best_val_loss")
    if best.empty or evidence.epochs.empty:
        return evidence
    below = evidence.epochs[evidence.epochs["val/loss"] <= best.mean() + margin].groupby("run")["epoch"].min()
    reached = evidence.runs["run"].map(below).fillna(evidence.runs["epochs"] + 1)
    return replace(evidence, runs=evidence.runs.assign(reached=reached))


def difference(
    one: Setting, other: Setting, name: str, *, long: bool = False, other_split: bool = False
) -> Callable[[Evidence], pd.Series]:
    """A measure of `one` setting minus that of the `other`, by seed."""
    return lambda evidence: (
        evidence.of(name, one, long, other_split) - evidence.of(name, other, long, other_split)
    ).dropna()
