"""Section 2(d): whether dropout speeds training up, and what it does to results."""

from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.evidence import Contrast, Setting, setting_contrast

SECTION = "2(d)"
_SPEED = "increasing dropout increases training speed"
_ALIKE = "it does not affect the results much"
_RISE = "The loss increases a tiny bit as dropout increases but the change is not too great"
_NONE, _LOW, _HIGH = {"regularization.dropout": 0.0}, {"regularization.dropout": 0.1}, {"regularization.dropout": 0.3}


def speed_contrast(setting: Setting, relative_to: Setting) -> Contrast:
    """Epochs a second of one setting relative to another, minus 1, by turn of timing."""
    return lambda evidence: (evidence.epoch_seconds(relative_to) / evidence.epoch_seconds(setting) - 1).dropna()


def sample_contrast(name: str) -> Contrast:
    """A rate of tunes at temperature 1, dropout 0.3 minus 0.1, by seed."""
    return lambda evidence: (evidence.sample_rate(name, 1.0, _HIGH) - evidence.sample_rate(name, 1.0, _LOW)).dropna()


CLAIMS = [
    Claim("speed-epoch", SECTION, _SPEED, "epochs a processor second, dropout 0.3 relative to 0.1, minus 1",
          "of the speed", 0.05, "above", speed_contrast(_HIGH, relative_to=_LOW), "turns"),
    Claim("speed-epoch-none", SECTION, _SPEED, "epochs a processor second, dropout 0.3 relative to none, minus 1",
          "of the speed", 0.05, "above", speed_contrast(_HIGH, relative_to=_NONE), "turns"),
    Claim("speed-best", SECTION, _SPEED, "epochs, of 30, to the smallest validation loss, dropout 0.3 minus 0.1",
          "epochs", 2, "below", setting_contrast(_HIGH, _LOW, "best_epoch")),
    Claim("speed-to-loss", SECTION, _SPEED, "epochs to 0.05 nats above the best without dropout, 0.3 minus 0.1 (if "
          "never reached: the epoch after the last)", "epochs", 2, "below",
          setting_contrast(_HIGH, _LOW, "epochs_to_target")),
    Claim("dropout-alike", SECTION, _ALIKE, "smallest validation loss, dropout 0.3 minus 0.1", "nats", 0.02,
          "equivalent", setting_contrast(_HIGH, _LOW, "best_val_loss")),
    Claim("dropout-alike-wide", SECTION, _ALIKE, "smallest validation loss, dropout 0.3 minus 0.1, with a wider margin",
          "nats", 0.05, "equivalent", setting_contrast(_HIGH, _LOW, "best_val_loss")),
    Claim("dropout-alike-none", SECTION, _ALIKE, "smallest validation loss, dropout 0.3 minus none", "nats", 0.02,
          "equivalent", setting_contrast(_HIGH, _NONE, "best_val_loss")),
    Claim("dropout-malformed", SECTION, _ALIKE, "share of malformed tunes at T = 1, dropout 0.3 minus 0.1", "of tunes",
          0.05, "equivalent", sample_contrast("malformed")),
    Claim("dropout-bars", SECTION, _ALIKE, "share of bars not as long as the meter at T = 1, dropout 0.3 minus 0.1",
          "of bars", 0.05, "equivalent", sample_contrast("wrong_bars")),
    Claim("dropout-rise-best", SECTION, _RISE, "smallest validation loss, dropout 0.3 minus 0.1", "nats", 0.05,
          "small rise", setting_contrast(_HIGH, _LOW, "best_val_loss")),
    Claim("dropout-rise-val", SECTION, _RISE, "validation loss at epoch 16, dropout 0.3 minus 0.1", "nats", 0.05,
          "small rise", setting_contrast(_HIGH, _LOW, "val_loss_16")),
    Claim("dropout-rise-train", SECTION, _RISE, "training loss at epoch 16, measured with dropout on, 0.3 minus 0.1",
          "nats", 0.05, "small rise", setting_contrast(_HIGH, _LOW, "train_loss_16")),
]  # fmt: skip
