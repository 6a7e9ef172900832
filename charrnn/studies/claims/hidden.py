"""Section 2(c): what more hidden units cost and bring."""

from itertools import pairwise

import pandas as pd

from charrnn.studies.claims.evidence import Evidence, difference
from charrnn.studies.claims.statement import Claim
from charrnn.studies.claims.training import LONGER

C = "2(c)"
TIME = "increasing the number of hidden units increases the training time of the network"
LOSS = "as the number of hidden units increased, the final loss decreased"
SIZES = (50, 75, 100, 150)
SMALL, LARGE = {"model.hidden": 50}, {"model.hidden": 150}
LSTM = {"model.cell": "lstm"}


def longer_epochs(evidence: Evidence) -> pd.Series:
    return (evidence.epoch_seconds(LARGE) / evidence.epoch_seconds(SMALL) - 1).dropna()


def longer_to_loss(evidence: Evidence) -> pd.Series:
    """Time to the same loss, 150 units against 50: epochs by seed, with the median seconds of an epoch."""
    small, large = (evidence.of("reached", s) * evidence.epoch_seconds(s).median() for s in (SMALL, LARGE))
    return (large / small - 1).dropna()


def smallest_step(evidence: Evidence) -> pd.Series:
    """The least that any step to more units lowers the best validation loss, by seed."""
    best = [evidence.of("best_val_loss", {"model.hidden": size}) for size in SIZES]
    return pd.concat([a - b for a, b in pairwise(best)], axis=1).dropna().min(axis=1)


CLAIMS = [
    Claim("time-epoch", C, TIME, "processor seconds an epoch, 150 units over 50 units, minus 1", "of the time",
          0.05, "above", longer_epochs, "turns"),
    Claim("time-best", C, TIME, "epochs to the smallest validation loss, 150 units minus 50", "epochs", 2, "above",
          difference(LARGE, SMALL, "best_epoch")),
    Claim("time-to-loss", C, TIME, "processor seconds to 0.05 nats above the best of 100 units, 150 units over 50, "
          "minus 1 (50 units may never reach it: then the epoch after their last)", "of the time", 0.05, "above",
          longer_to_loss),
    Claim("units-train", C, LOSS, "training loss at epoch 16, 150 units minus 50", "nats", 0.02, "below",
          difference(LARGE, SMALL, "train_16")),
    Claim("units-val", C, LOSS, "validation loss at epoch 16, 150 units minus 50", "nats", 0.02, "below",
          difference(LARGE, SMALL, "val_16")),
    Claim("units-best", C, LOSS, "smallest validation loss of 30 epochs, 150 units minus 50", "nats", 0.02, "below",
          difference(LARGE, SMALL, "best_val_loss")),
    Claim("units-steps", C, LOSS, "the least that a step (50, 75, 100, 150) lowers it by", "nats", 0.02, "above",
          smallest_step),
    Claim("units-end", C, LOSS, "validation loss after 30 epochs, 150 units minus 50", "nats", 0.02, "below",
          difference(LARGE, SMALL, "end_val_loss")),
    Claim("units-end-long", C, LOSS, "validation loss after 100 epochs, 150 units minus 50", "nats", 0.02, "below",
          difference(LARGE, SMALL, "end_val_loss", long=True), needs=LONGER),
    Claim("units-lstm", C, LOSS, "smallest validation loss of 30 epochs, 150 LSTM units minus 50", "nats", 0.02,
          "below", difference(LARGE | LSTM, SMALL | LSTM, "best_val_loss"), needs=LONGER),
    Claim("units-split", C, LOSS, "smallest validation loss of 30 epochs on the second split, 150 units minus 50",
          "nats", 0.02, "below", difference(LARGE, SMALL, "best_val_loss", other_split=True), needs=LONGER),
]  # fmt: skip
