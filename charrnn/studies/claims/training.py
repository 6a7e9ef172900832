"""Section 2(b): the curves of the network with 100 units."""

from collections.abc import Callable

import pandas as pd

from charrnn.studies.claims.curves import EARLY
from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.claims.statement import Claim

B = "2(b)"
FAST = "the training loss decreased very fast initially but slowed down at later epochs"
BEND = "slowed down at later epochs (around epoch 5)"
STOPPED = "We stopped training at 16 epochs"
BEST = "the validation loss had actually reached a small value at epoch 13 and only got losses above that"
OVERFIT = "to avoid overfitting, we stopped our training and took the weights of the model found at epoch 13"
UP_AND_DOWN = "the validation loss moved up and down over the epochs"
LONGER = "make reproduce-long"


def minus(name: str, number: float, long: bool = False) -> Callable[[Evidence], pd.Series]:
    return lambda evidence: (evidence.of(name, long=long) - number).dropna()


CLAIMS = [
    Claim("fast-then-slow", B, FAST, f"fall of the training loss an epoch, until epoch {EARLY} minus from there to 16",
          "nats an epoch", 0.02, "above", lambda e: (e.of("early_fall") - e.of("late_fall")).dropna()),
    Claim("bend", B, BEND, "epoch where two straight lines fit the training loss best, minus 5", "epochs", 2, "alike",
          minus("bend", 5)),
    Claim("stop-16", B, STOPPED, "epoch that three epochs without a better one would have ended at, of 30, minus 16",
          "epochs", 2, "alike", minus("patience_3_epoch", 16)),
    Claim("best-13", B, BEST, "epoch of the smallest validation loss of 30, minus 13", "epochs", 2, "alike",
          minus("best_epoch", 13)),
    Claim("patience-cost", B, OVERFIT, "best validation loss until the stop, minus the best of 30 epochs", "nats", 0.02,
          "alike", minus("patience_3_cost", 0)),
    Claim("patience-cost-long", B, OVERFIT, "best validation loss until the stop, minus the best of 100 epochs", "nats",
          0.02, "alike", minus("patience_3_cost", 0, long=True), needs=LONGER),
    Claim("overfitting-long", B, OVERFIT, "validation loss after 100 epochs, minus the best of them", "nats", 0.02,
          "above", lambda e: (e.of("end_val_loss", long=True) - e.of("best_val_loss", long=True)).dropna(),
          needs=LONGER),
    Claim("up-and-down", B, UP_AND_DOWN, "of 15 steps between epochs those at which the validation loss rose", "steps",
          1, "above", minus("rises", 0)),
]  # fmt: skip
