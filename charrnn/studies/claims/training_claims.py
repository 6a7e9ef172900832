"""Section 2(b): the loss curves of the network with 100 units."""

from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.curve_measures import EARLY_EPOCHS
from charrnn.studies.claims.evidence import Contrast

SECTION = "2(b)"
LONG_COMMAND = "make reproduce-long"
_FAST = "the training loss decreased very fast initially but slowed down at later epochs"
_BEND = "slowed down at later epochs (around epoch 5)"
_STOPPED = "We stopped training at 16 epochs"
_BEST = "the validation loss had actually reached a small value at epoch 13 and only got losses above that"
_OVERFIT = "to avoid overfitting, we stopped our training and took the weights of the model found at epoch 13"
_UP_AND_DOWN = "the validation loss moved up and down over the epochs"


def number_contrast(name: str, minus: float, long: bool = False) -> Contrast:
    """A measure minus a number, by seed."""
    return lambda evidence: (evidence.measure(name, long=long) - minus).dropna()


def measure_contrast(name: str, minus: str, long: bool = False) -> Contrast:
    """One measure minus another of the same run, by seed."""
    return lambda evidence: (evidence.measure(name, long=long) - evidence.measure(minus, long=long)).dropna()


CLAIMS = [
    Claim("fast-then-slow", SECTION, _FAST, f"decrease of the training loss an epoch, until epoch {EARLY_EPOCHS} minus "
          "from there to 16", "nats an epoch", 0.02, "above", measure_contrast("early_decrease", "late_decrease")),
    Claim("bend", SECTION, _BEND, "epoch where the two straight lines meet that fit the training loss best, minus 5",
          "epochs", 2, "equivalent", number_contrast("bend_epoch", 5)),
    Claim("stop-16", SECTION, _STOPPED, "epoch, of 30, at which a patience of three epochs stops, minus 16", "epochs",
          2, "equivalent", number_contrast("patience_3_epoch", 16)),
    Claim("best-13", SECTION, _BEST, "epoch, of 30, of the smallest validation loss, minus 13", "epochs", 2,
          "equivalent", number_contrast("best_epoch", 13)),
    Claim("patience-cost", SECTION, _OVERFIT, "best validation loss until patience stops, minus the best of 30 epochs",
          "nats", 0.02, "equivalent", number_contrast("patience_3_cost", 0)),
    Claim("patience-cost-long", SECTION, _OVERFIT, "best validation loss until patience stops, minus the best of 100 "
          "epochs", "nats", 0.02, "equivalent", number_contrast("patience_3_cost", 0, long=True), command=LONG_COMMAND),
    Claim("overfitting-long", SECTION, _OVERFIT, "validation loss after 100 epochs, minus the best of them", "nats",
          0.02, "above", measure_contrast("end_val_loss", "best_val_loss", long=True), command=LONG_COMMAND),
    Claim("up-and-down", SECTION, _UP_AND_DOWN, "number of the 15 steps between epochs at which the validation loss "
          "rose", "steps", 1, "above", number_contrast("num_rises", 0)),
]  # fmt: skip
