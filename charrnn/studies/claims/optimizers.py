"""Section 2(e): Adagrad and RMSProp. The paper names no learning rates, so three readings stand side by side."""

from collections.abc import Callable

import pandas as pd

from charrnn.studies.claims.evidence import Evidence, Setting
from charrnn.studies.claims.statement import Claim
from charrnn.studies.claims.training import LONGER

E = "2(e)"
BETTER = "RMSProp does better for both training and validation loss than Adagrad"
PLATEAU = "the validation loss for RMSProp seems to plateau towards the end"
FALLING = "the Adagrad validation loss is still falling"
RATES = (0.001, 0.01, 0.03)
FIXED = {
    "keras": ("Keras' defaults of 2017, 0.01 and 0.001", 0.01, 0.001),
    "torch": ("PyTorch's defaults, 0.01 both", 0.01, 0.01),
}


def at(name: str, lr: float) -> Setting:
    return {"optim.name": name, "optim.lr": lr}


def best(evidence: Evidence, name: str) -> Setting:
    """Of RATES the one with the smallest mean best validation loss, among those with the most seeds."""
    found = {lr: evidence.of("best_val_loss", at(name, lr)) for lr in RATES}
    most = max(map(len, found.values()))
    mean = {lr: losses.mean() for lr, losses in found.items() if len(losses) == most}
    return at(name, min(mean, key=lambda lr: mean[lr]))


def settings(evidence: Evidence, rates: str) -> tuple[Setting, Setting]:
    """Adagrad's and RMSProp's under one reading of their rates."""
    if rates == "best":
        return best(evidence, "adagrad"), best(evidence, "rmsprop")
    _, adagrad, rmsprop = FIXED[rates]
    return at("adagrad", adagrad), at("rmsprop", rmsprop)


def ahead(rates: str, measure: str, long: bool = False) -> Callable[[Evidence], pd.Series]:
    """RMSProp minus Adagrad, by seed."""

    def values(evidence: Evidence) -> pd.Series:
        adagrad, rmsprop = settings(evidence, rates)
        return (evidence.of(measure, rmsprop, long) - evidence.of(measure, adagrad, long)).dropna()

    return values


def slope(rates: str, which: int) -> Callable[[Evidence], pd.Series]:
    return lambda evidence: evidence.of("val_slope", settings(evidence, rates)[which]).dropna()


def _claims(rates: str, words: str) -> list[Claim]:
    slopes = f"median slope of the validation loss over epochs 12 to 16; {words}"
    return [
        Claim(f"optimizer-train-{rates}", E, BETTER, f"training loss at epoch 16, RMSProp minus Adagrad; {words}",
              "nats", 0.02, "below", ahead(rates, "train_16")),
        Claim(f"optimizer-val-{rates}", E, BETTER, f"validation loss at epoch 16, RMSProp minus Adagrad; {words}",
              "nats", 0.02, "below", ahead(rates, "val_16")),
        Claim(f"plateau-{rates}", E, PLATEAU, slopes, "nats an epoch", 0.005, "alike", slope(rates, 1)),
        Claim(f"falling-{rates}", E, FALLING, slopes, "nats an epoch", 0.005, "below", slope(rates, 0)),
    ]  # fmt: skip


CLAIMS = [
    claim
    for rates, words in {"best": "each at its best of 0.001, 0.01, 0.03", **{k: v[0] for k, v in FIXED.items()}}.items()
    for claim in _claims(rates, words)
] + [
    Claim(f"optimizer-long-{rates}", E, BETTER, f"validation loss after 100 epochs, RMSProp minus Adagrad; {words}",
          "nats", 0.02, "below", ahead(rates, "end_val_loss", long=True), needs=LONGER)
    for rates, (words, _, _) in FIXED.items()
]  # fmt: skip
