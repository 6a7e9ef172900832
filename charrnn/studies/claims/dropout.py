"""Section 2(d): whether dropout speeds training up, and what it does to results."""

from collections.abc import Callable

import pandas as pd

from charrnn.studies.claims.evidence import Evidence, difference
from charrnn.studies.claims.statement import Claim

D = "2(d)"
SPEED = "increasing dropout increases training speed"
ALIKE = "it does not affect the results much"
RISE = "The loss increases a tiny bit as dropout increases but the change is not too great"
LITTLE, MUCH, NONE = {"regularization.dropout": 0.1}, {"regularization.dropout": 0.3}, {"regularization.dropout": 0.0}


def faster(slow: dict, fast: dict) -> Callable[[Evidence], pd.Series]:
    """How much more epochs a second there are with `fast`, by turn."""
    return lambda evidence: (evidence.epoch_seconds(slow) / evidence.epoch_seconds(fast) - 1).dropna()


def songs(name: str) -> Callable[[Evidence], pd.Series]:
    return lambda evidence: (evidence.drawn(name, 1.0, MUCH) - evidence.drawn(name, 1.0, LITTLE)).dropna()


CLAIMS = [
    Claim("speed-epoch", D, SPEED, "epochs a processor second, dropout 0.3 over 0.1, minus 1", "of the speed", 0.05,
          "above", faster(LITTLE, MUCH), "turns"),
    Claim("speed-epoch-none", D, SPEED, "epochs a processor second, dropout 0.3 over none, minus 1", "of the speed",
          0.05, "above", faster(NONE, MUCH), "turns"),
    Claim("speed-best", D, SPEED, "epochs to the smallest validation loss of 30, dropout 0.3 minus 0.1", "epochs", 2,
          "below", difference(MUCH, LITTLE, "best_epoch")),
    Claim("speed-to-loss", D, SPEED, "epochs to 0.05 nats above the best without dropout, 0.3 minus 0.1 (never: the "
          "epoch after the last)", "epochs", 2, "below", difference(MUCH, LITTLE, "reached")),
    Claim("dropout-alike", D, ALIKE, "smallest validation loss, dropout 0.3 minus 0.1", "nats", 0.02, "alike",
          difference(MUCH, LITTLE, "best_val_loss")),
    Claim("dropout-alike-wide", D, ALIKE, "the same, asking for less", "nats", 0.05, "alike",
          difference(MUCH, LITTLE, "best_val_loss")),
    Claim("dropout-alike-none", D, ALIKE, "smallest validation loss, dropout 0.3 minus none", "nats", 0.02, "alike",
          difference(MUCH, NONE, "best_val_loss")),
    Claim("dropout-songs", D, ALIKE, "share of malformed tunes at T = 1, dropout 0.3 minus 0.1", "of tunes", 0.05,
          "alike", songs("malformed")),
    Claim("dropout-bars", D, ALIKE, "share of bars not as long as the meter at T = 1, dropout 0.3 minus 0.1", "of bars",
          0.05, "alike", songs("wrong_bars")),
    Claim("dropout-rise-best", D, RISE, "smallest validation loss, dropout 0.3 minus 0.1", "nats", 0.05, "small rise",
          difference(MUCH, LITTLE, "best_val_loss")),
    Claim("dropout-rise-val", D, RISE, "validation loss at epoch 16, dropout 0.3 minus 0.1", "nats", 0.05,
          "small rise", difference(MUCH, LITTLE, "val_16")),
    Claim("dropout-rise-train", D, RISE, "training loss at epoch 16, measured with dropout on, 0.3 minus 0.1", "nats",
          0.05, "small rise", difference(MUCH, LITTLE, "train_16")),
]  # fmt: skip
