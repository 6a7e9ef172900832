"""The figures of the paper by number: which runs show them, and what the paper says of them."""

from dataclasses import dataclass, field

from charrnn.studies.claims.evidence import PAPER_SETTING, Setting
from charrnn.studies.claims.optimizer_claims import optimizer_setting


@dataclass(frozen=True)
class LossFigure:
    """A plot of training and validation loss."""

    number: int
    title: str
    setting: Setting
    quotation: str


@dataclass(frozen=True)
class TuneFigure:
    """The two figures of a tune, text and score: tune `index` of those that the first seed of `setting` samples."""

    text: int
    score: int
    temperature: float
    index: int
    quotation: str
    setting: Setting = field(default_factory=lambda: PAPER_SETTING)

    @property
    def title(self) -> str:
        dropout = self.setting.get("regularization.dropout")
        return f"Figures {self.text} and {self.score}: " + (
            f"dropout {dropout:g}" if dropout else f"tune {self.index + 1} at T = {self.temperature:g}"
        )


_UNITS = "as the number of hidden units increased, the final loss decreased"
_DROPOUT = "The loss increases a tiny bit as dropout increases but the change is not too great."
_COOL = "songs with notes that are very close together and barely vary at all in terms of note lengths"
_HOT = "they have a lot more variation in the rhythm and beats"
_REFERENCE = "our songs generated at T = 1 in figures 1, 2, 3, and 4 as a reference point"
_ALIKE = "it does not affect the results much"

LOSS_FIGURES = (
    LossFigure(13, "100 hidden units", PAPER_SETTING, "the training loss decreased very fast initially but slowed down "
               "at later epochs (around epoch 5). We stopped training at 16 epochs because the validation loss had "
               "actually reached a small value at epoch 13 and only got losses above that for the next 3 iterations."),
    LossFigure(14, "50 hidden units", {"model.hidden": 50}, _UNITS),
    LossFigure(15, "75 hidden units", {"model.hidden": 75}, _UNITS),
    LossFigure(16, "150 hidden units", {"model.hidden": 150}, _UNITS),
    LossFigure(17, "dropout 0.1", {"regularization.dropout": 0.1}, _DROPOUT),
    LossFigure(18, "dropout 0.2", {"regularization.dropout": 0.2}, _DROPOUT),
    LossFigure(19, "dropout 0.3", {"regularization.dropout": 0.3}, _DROPOUT),
    LossFigure(26, "Adagrad at 0.01", optimizer_setting("adagrad", 0.01), "the Adagrad validation loss is still "
               "falling"),
    LossFigure(27, "RMSProp at 0.001", optimizer_setting("rmsprop", 0.001), "RMSProp does better for both training and "
               "validation loss than Adagrad. But the validation loss for RMSProp seems to plateau towards the end"),
)  # fmt: skip
TUNE_FIGURES = (
    TuneFigure(1, 2, 1.0, 0, _REFERENCE),
    TuneFigure(3, 4, 1.0, 1, _REFERENCE),
    TuneFigure(5, 6, 0.5, 0, _COOL),
    TuneFigure(7, 8, 0.5, 1, _COOL),
    TuneFigure(9, 10, 2.0, 0, _HOT),
    TuneFigure(11, 12, 2.0, 1, _HOT),
    TuneFigure(20, 21, 1.0, 0, _ALIKE, {"regularization.dropout": 0.1}),
    TuneFigure(22, 23, 1.0, 0, _ALIKE, {"regularization.dropout": 0.2}),
    TuneFigure(24, 25, 1.0, 0, _ALIKE, {"regularization.dropout": 0.3}),
)
PAPER_TEMPERATURES = (1.0, 0.5, 2.0)
UNIT_FIGURE = 28
UNIT_QUOTATION = (
    "It is unclear which feature this neuron has learned. We notice that this neuron turns off during parts of the "
    "header which are long words. It also turns off whenever there is a colon."
)
