"""Numbers of a run's loss curves that the paper's statements are about."""

import numpy as np
import pandas as pd

PAPER_EPOCHS = 16  # after which the paper stopped
LAST_EPOCHS = 5  # "towards the end"
EARLY_EPOCHS = 5  # "(around epoch 5)"


def paper_curve_measures(epochs: pd.DataFrame) -> dict[str, float]:
    """From `train/loss` and `val/loss` by `epoch`; empty if the run has fewer than 16 epochs.

    `train_loss_16` and `val_loss_16` are the losses at epoch 16; `val_slope` is Theil and Sen's slope of the validation
    loss over the last five of the 16 epochs; `early_decrease` and `late_decrease` are the mean decreases of the
    training loss until epoch 5 and from there to epoch 16; all in nats an epoch. `bend_epoch` is that of `bend_epoch()`
    on the training loss, `num_rises` the number of epochs at which the validation loss rose.
    """
    first = epochs.sort_values("epoch").head(PAPER_EPOCHS)
    if len(first) < PAPER_EPOCHS:
        return {}
    train, val = first["train/loss"].to_numpy(), first["val/loss"].to_numpy()
    early = (train[0] - train[EARLY_EPOCHS - 1]) / (EARLY_EPOCHS - 1)
    late = (train[EARLY_EPOCHS - 1] - train[-1]) / (PAPER_EPOCHS - EARLY_EPOCHS)
    return {
        "train_loss_16": float(train[-1]),
        "val_loss_16": float(val[-1]),
        "val_slope": _slope(val[-LAST_EPOCHS:]),
        "early_decrease": float(early),
        "late_decrease": float(late),
        "bend_epoch": bend_epoch(train),
        "num_rises": float((np.diff(val) > 0).sum()),
    }


def bend_epoch(losses: np.ndarray) -> float:
    """The epoch, counted from 1, at which the two straight lines meet that fit the losses best (least squares)."""
    epoch = np.arange(1, len(losses) + 1, dtype=float)
    squared_error = {}
    for corner in np.arange(2, len(losses) - 0.9, 0.25):
        design = np.column_stack([np.ones_like(epoch), epoch, np.maximum(epoch - corner, 0)])
        residual = losses - design @ np.linalg.lstsq(design, losses, rcond=None)[0]
        squared_error[float(corner)] = float(residual @ residual)
    return min(squared_error, key=lambda corner: squared_error[corner])


def _slope(losses: np.ndarray) -> float:
    i, j = np.triu_indices(len(losses), 1)
    return float(np.median((losses[j] - losses[i]) / (j - i)))
