"""The paper's figures by their numbers: which runs show them, and what it says of them."""

from dataclasses import dataclass, field

from charrnn.studies.claims.evidence import PAPERS, Setting
from charrnn.studies.claims.optimizers import at


@dataclass(frozen=True)
class Curves:
    """A plot of training and validation loss."""

    number: int
    title: str
    setting: Setting
    said: str


@dataclass(frozen=True)
class Composed:
    """Text and score of one tune, two figures: tune `index` that the first seed of `setting` draws."""

    text: int
    score: int
    temperature: float
    index: int
    said: str
    setting: Setting = field(default_factory=lambda: PAPERS)

    @property
    def title(self) -> str:
        dropout = self.setting.get("regularization.dropout")
        return f"Figures {self.text} and {self.score}: " + (
            f"dropout {dropout:g}" if dropout else f"tune {self.index + 1} at T = {self.temperature:g}"
        )


def hidden(units: int) -> Setting:
    return {"model.hidden": units}


def dropout(p: float) -> Setting:
    return {"regularization.dropout": p}


_UNITS = "as the number of hidden units increased, the final loss decreased"
_DROPOUT = "The loss increases a tiny bit as dropout increases but the change is not too great."
_COOL = "songs with notes that are very close together and barely vary at all in terms of note lengths"
_HOT = "they have a lot more variation in the rhythm and beats"
_PLAIN = "our songs generated at T = 1 in figures 1, 2, 3, and 4 as a reference point"
_DREW = "it does not affect the results much"

CURVES = (
    Curves(13, "100 hidden units", PAPERS, "the training loss decreased very fast initially but slowed down at later "
           "epochs (around epoch 5). We stopped training at 16 epochs because the validation loss had actually reached "
           "a small value at epoch 13 and only got losses above that for the next 3 iterations."),
    Curves(14, "50 hidden units", hidden(50), _UNITS),
    Curves(15, "75 hidden units", hidden(75), _UNITS),
    Curves(16, "150 hidden units", hidden(150), _UNITS),
    Curves(17, "dropout 0.1", dropout(0.1), _DROPOUT),
    Curves(18, "dropout 0.2", dropout(0.2), _DROPOUT),
    Curves(19, "dropout 0.3", dropout(0.3), _DROPOUT),
    Curves(26, "Adagrad at 0.01", at("adagrad", 0.01), "the Adagrad validation loss is still falling"),
    Curves(27, "RMSProp at 0.001", at("rmsprop", 0.001), "RMSProp does better for both training and validation loss "
           "than Adagrad. But the validation loss for RMSProp seems to plateau towards the end"),
)  # fmt: skip
TUNES = (
    Composed(1, 2, 1.0, 0, _PLAIN),
    Composed(3, 4, 1.0, 1, _PLAIN),
    Composed(5, 6, 0.5, 0, _COOL),
    Composed(7, 8, 0.5, 1, _COOL),
    Composed(9, 10, 2.0, 0, _HOT),
    Composed(11, 12, 2.0, 1, _HOT),
    Composed(20, 21, 1.0, 0, _DREW, dropout(0.1)),
    Composed(22, 23, 1.0, 0, _DREW, dropout(0.2)),
    Composed(24, 25, 1.0, 0, _DREW, dropout(0.3)),
)
TEMPERATURES = (1.0, 0.5, 2.0)
HEAT_MAP = 28
HEAT_MAP_SAID = (
    "It is unclear which feature this neuron has learned. We notice that this neuron turns off during parts of the "
    "header which are long words. It also turns off whenever there is a colon."
)
