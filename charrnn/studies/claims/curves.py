"""What one run's loss curves say of the things that the paper says of its own."""

import numpy as np
import pandas as pd

PAPER_EPOCHS = 16  # after which the paper stopped
LAST = 5  # epochs that count as "towards the end"
EARLY = 5  # "(around epoch 5)"


def read_curves(epochs: pd.DataFrame) -> dict[str, float]:
    """Of `train/loss` and `val/loss` by `epoch`; nan where a run ended before the paper's did.

    Losses after 16 epochs; slopes of the validation loss over the last five of these, Theil and Sen's, in nats an
    epoch; falls of the training loss in nats an epoch until epoch 5 and from there on; the epoch at which two straight
    pieces fit the training loss best; rises of the validation loss from one epoch to the next.
    """
    shown = epochs.sort_values("epoch").head(PAPER_EPOCHS)
    if len(shown) < PAPER_EPOCHS:
        return {}
    train, val = shown["train/loss"].to_numpy(), shown["val/loss"].to_numpy()
    early, late = (train[0] - train[EARLY - 1]) / (EARLY - 1), (train[EARLY - 1] - train[-1]) / (PAPER_EPOCHS - EARLY)
    return {
        "train_16": float(train[-1]),
        "val_16": float(val[-1]),
        "val_slope": _slope(val[-LAST:]),
        "early_fall": float(early),
        "late_fall": float(late),
        "bend": bend(train),
        "rises": float((np.diff(val) > 0).sum()),
    }


def bend(losses: np.ndarray) -> float:
    """The epoch, counted from 1, in which the two straight lines meet that are fitted best together (least squares)."""
    at = np.arange(1, len(losses) + 1, dtype=float)
    misfit = {}
    for corner in np.arange(2, len(losses) - 0.9, 0.25):
        pieces = np.column_stack([np.ones_like(at), at, np.maximum(at - corner, 0)])
        left = losses - pieces @ np.linalg.lstsq(pieces, losses, rcond=None)[0]
        misfit[float(corner)] = float(left @ left)
    return min(misfit, key=lambda corner: misfit[corner])


def _slope(losses: np.ndarray) -> float:
    i, j = np.triu_indices(len(losses), 1)
    return float(np.median((losses[j] - losses[i]) / (j - i)))
