"""Section 2(e): Adagrad and RMSProp. The paper names no learning rates, so each statement has three readings."""

import pandas as pd

from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.evidence import Contrast, Evidence, Setting
from charrnn.studies.claims.training_claims import LONG_COMMAND

SECTION = "2(e)"
LEARNING_RATES = (0.001, 0.01, 0.03)
BEST_RATE = "best"
# Adagrad's and RMSProp's learning rate, and whose defaults they are.
DEFAULT_RATES = {
    "keras": (0.01, 0.001, "Keras' defaults of 2017, 0.01 and 0.001"),
    "torch": (0.01, 0.01, "PyTorch's defaults, 0.01 both"),
}
_BETTER = "RMSProp does better for both training and validation loss than Adagrad"
_PLATEAU = "the validation loss for RMSProp seems to plateau towards the end"
_FALLING = "the Adagrad validation loss is still falling"


def optimizer_setting(name: str, lr: float) -> Setting:
    return {"optim.name": name, "optim.lr": lr}


def best_setting(evidence: Evidence, name: str) -> Setting:
    """The learning rate with the smallest mean best validation loss, among those with the most seeds."""
    by_rate = {lr: evidence.measure("best_val_loss", optimizer_setting(name, lr)) for lr in LEARNING_RATES}
    most_seeds = max(map(len, by_rate.values()))
    mean = {lr: losses.mean() for lr, losses in by_rate.items() if len(losses) == most_seeds}
    return optimizer_setting(name, min(mean, key=lambda lr: mean[lr]))


def adagrad_and_rmsprop(evidence: Evidence, rates: str) -> tuple[Setting, Setting]:
    """Their settings under one reading of the learning rates: BEST_RATE or a key of DEFAULT_RATES."""
    if rates == BEST_RATE:
        return best_setting(evidence, "adagrad"), best_setting(evidence, "rmsprop")
    adagrad, rmsprop, _ = DEFAULT_RATES[rates]
    return optimizer_setting("adagrad", adagrad), optimizer_setting("rmsprop", rmsprop)


def optimizer_contrast(rates: str, measure: str, long: bool = False) -> Contrast:
    """RMSProp minus Adagrad, by seed."""

    def contrast(evidence: Evidence) -> pd.Series:
        adagrad, rmsprop = adagrad_and_rmsprop(evidence, rates)
        return (evidence.measure(measure, rmsprop, long) - evidence.measure(measure, adagrad, long)).dropna()

    return contrast


def adagrad_slope(rates: str) -> Contrast:
    return lambda evidence: evidence.measure("val_slope", adagrad_and_rmsprop(evidence, rates)[0]).dropna()


def rmsprop_slope(rates: str) -> Contrast:
    return lambda evidence: evidence.measure("val_slope", adagrad_and_rmsprop(evidence, rates)[1]).dropna()


def _claims(rates: str, described: str) -> list[Claim]:
    slope = f"median slope of the validation loss over epochs 12 to 16; {described}"
    return [
        Claim(f"optimizer-train-{rates}", SECTION, _BETTER, f"training loss at epoch 16, RMSProp minus Adagrad; "
              f"{described}", "nats", 0.02, "below", optimizer_contrast(rates, "train_loss_16")),
        Claim(f"optimizer-val-{rates}", SECTION, _BETTER, f"validation loss at epoch 16, RMSProp minus Adagrad; "
              f"{described}", "nats", 0.02, "below", optimizer_contrast(rates, "val_loss_16")),
        Claim(f"plateau-{rates}", SECTION, _PLATEAU, slope, "nats an epoch", 0.005, "equivalent", rmsprop_slope(rates)),
        Claim(f"falling-{rates}", SECTION, _FALLING, slope, "nats an epoch", 0.005, "below", adagrad_slope(rates)),
    ]  # fmt: skip


CLAIMS = [
    *_claims(BEST_RATE, "each at its best of 0.001, 0.01, 0.03"),
    *(claim for rates, (_, _, described) in DEFAULT_RATES.items() for claim in _claims(rates, described)),
    *(
        Claim(f"optimizer-long-{rates}", SECTION, _BETTER, "validation loss after 100 epochs, RMSProp minus Adagrad; "
              f"{described}", "nats", 0.02, "below", optimizer_contrast(rates, "end_val_loss", long=True),
              command=LONG_COMMAND)
        for rates, (_, _, described) in DEFAULT_RATES.items()
    ),
]  # fmt: skip
