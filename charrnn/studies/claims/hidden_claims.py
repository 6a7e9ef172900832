"""Section 2(c): what more hidden units cost and gain."""

from itertools import pairwise

import pandas as pd

from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.evidence import Evidence, setting_contrast
from charrnn.studies.claims.training_claims import LONG_COMMAND

SECTION = "2(c)"
HIDDEN_SIZES = (50, 75, 100, 150)
_TIME = "increasing the number of hidden units increases the training time of the network"
_LOSS = "as the number of hidden units increased, the final loss decreased"
_UNITS_50, _UNITS_150 = {"model.hidden": 50}, {"model.hidden": 150}
_LSTM = {"model.cell": "lstm"}


def epoch_time_contrast(evidence: Evidence) -> pd.Series:
    """Seconds of an epoch, 150 units relative to 50, minus 1, by turn of timing."""
    return (evidence.epoch_seconds(_UNITS_150) / evidence.epoch_seconds(_UNITS_50) - 1).dropna()


def time_to_loss_contrast(evidence: Evidence) -> pd.Series:
    """Time to the same loss, 150 units relative to 50, minus 1: epochs by seed times median seconds of an epoch."""
    small, large = (
        evidence.measure("epochs_to_target", setting) * evidence.epoch_seconds(setting).median()
        for setting in (_UNITS_50, _UNITS_150)
    )
    return (large / small - 1).dropna()


def smallest_step(evidence: Evidence) -> pd.Series:
    """The smallest decrease of the best validation loss from one hidden size to the next, by seed."""
    best = [evidence.measure("best_val_loss", {"model.hidden": size}) for size in HIDDEN_SIZES]
    return pd.concat([a - b for a, b in pairwise(best)], axis=1).dropna().min(axis=1)


CLAIMS = [
    Claim("time-epoch", SECTION, _TIME, "processor seconds an epoch, 150 units relative to 50, minus 1", "of the time",
          0.05, "above", epoch_time_contrast, "turns"),
    Claim("time-best", SECTION, _TIME, "epochs to the smallest validation loss, 150 units minus 50", "epochs", 2,
          "above", setting_contrast(_UNITS_150, _UNITS_50, "best_epoch")),
    Claim("time-to-loss", SECTION, _TIME, "processor seconds to 0.05 nats above the best of 100 units, 150 units "
          "relative to 50, minus 1 (if never reached: until the epoch after the last)", "of the time", 0.05, "above",
          time_to_loss_contrast),
    Claim("units-train", SECTION, _LOSS, "training loss at epoch 16, 150 units minus 50", "nats", 0.02, "below",
          setting_contrast(_UNITS_150, _UNITS_50, "train_loss_16")),
    Claim("units-val", SECTION, _LOSS, "validation loss at epoch 16, 150 units minus 50", "nats", 0.02, "below",
          setting_contrast(_UNITS_150, _UNITS_50, "val_loss_16")),
    Claim("units-best", SECTION, _LOSS, "smallest validation loss of 30 epochs, 150 units minus 50", "nats", 0.02,
          "below", setting_contrast(_UNITS_150, _UNITS_50, "best_val_loss")),
    Claim("units-steps", SECTION, _LOSS, "smallest decrease of it from one size to the next (50, 75, 100, 150)", "nats",
          0.02, "above", smallest_step),
    Claim("units-end", SECTION, _LOSS, "validation loss after 30 epochs, 150 units minus 50", "nats", 0.02, "below",
          setting_contrast(_UNITS_150, _UNITS_50, "end_val_loss")),
    Claim("units-end-long", SECTION, _LOSS, "validation loss after 100 epochs, 150 units minus 50", "nats", 0.02,
          "below", setting_contrast(_UNITS_150, _UNITS_50, "end_val_loss", long=True), command=LONG_COMMAND),
    Claim("units-lstm", SECTION, _LOSS, "smallest validation loss of 30 epochs, 150 LSTM units minus 50", "nats", 0.02,
          "below", setting_contrast(_UNITS_150 | _LSTM, _UNITS_50 | _LSTM, "best_val_loss"), command=LONG_COMMAND),
    Claim("units-split", SECTION, _LOSS, "smallest validation loss of 30 epochs on the second split, 150 units minus "
          "50", "nats", 0.02, "below", setting_contrast(_UNITS_150, _UNITS_50, "best_val_loss", other_split=True),
          command=LONG_COMMAND),
]  # fmt: skip
