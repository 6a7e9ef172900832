"""What happens during training beside it: checkpoints, tunes to look at, a bar."""

import math
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, Checkpoint, TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

from charrnn.learning.best_tunes import as_code
from charrnn.learning.checkpoint import BEST, LAST
from charrnn.learning.loggers import tensorboard_writers
from charrnn.learning.module import LitCharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.trainer import Patience
from charrnn.learning.vocab import Vocabulary

SECONDS_BETWEEN_CHECKPOINTS = 30.0
# TensorBoard's custom scalars: the two losses in one picture.
LAYOUT = {"loss": {"training and validation": ["Multiline", ["^train/loss$", "^val/loss$"]]}}


class Stopped(Exception):
    """Somebody asked the run to stop; it can be continued exactly where it stands."""


class Checkpoints(Checkpoint):
    """best.ckpt by validation loss, to sample from, and last.ckpt, to go on from.

    Lightning's own ModelCheckpoint resumes wrongly from a step checkpoint on an epoch's last batch: the validation due
    there is skipped. Here such a batch waits for the end of its epoch. `stop_requested` is asked after every block.
    """

    def __init__(self, folder: Path, stop_requested: Any):
        self.folder, self.stop_requested = folder, stop_requested
        self.best_loss, self.best_epoch = math.inf, -1
        self.stop_reason: str | None = None  # while the run is not at its end
        self._saved = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.is_last_batch:
            return
        if self.stop_requested() or time.monotonic() - self._saved > SECONDS_BETWEEN_CHECKPOINTS:
            self._save_last(trainer)

    def on_validation_end(self, trainer: pl.Trainer, module: Any) -> None:
        if module.val_loss < self.best_loss:
            self.best_loss, self.best_epoch = module.val_loss, trainer.current_epoch
            trainer.save_checkpoint(self.folder / BEST, weights_only=True)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.current_epoch + 1 == trainer.max_epochs:
            self.stop_reason = "max_epochs"
        elif trainer.should_stop:
            is_patience = any(isinstance(c, Patience) and c.stopped_epoch for c in trainer.callbacks)  # type: ignore[attr-defined]
            self.stop_reason = "patience" if is_patience else "callback"
        self._save_last(trainer)

    def _save_last(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self.folder / LAST)
        self._saved = time.monotonic()
        if self.stop_requested() and self.stop_reason is None:
            raise Stopped

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("best_loss", "best_epoch", "stop_reason")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best_loss, self.best_epoch, self.stop_reason = (
            state["best_loss"],
            state["best_epoch"],
            state["stop_reason"],
        )


class ComposedTunes(Callback):
    """Two tunes at temperature 1 after every epoch, as text in TensorBoard: one hears of progress before it ends."""

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        for writer in tensorboard_writers(trainer.loggers):
            writer.add_custom_scalars(LAYOUT)

    def on_validation_end(self, trainer: pl.Trainer, module: Any) -> None:
        if not (writers := tensorboard_writers(trainer.loggers)):
            return
        module.model.eval()
        vocab = Vocabulary(module.hparams.vocabulary)
        tunes = sample(module.model, vocab, temperature=1.0, num_tunes=2, seed=0, max_chars=400, width=2)
        for writer in writers:
            writer.add_text("tunes", "\n\n".join(as_code(tune.text) for tune in tunes), trainer.global_step)


class EpochBar(TQDMProgressBar):
    """One bar an epoch with the loss and the speed; validation is too short for a bar of its own."""

    _start: float | None = None  # of the epoch; none before the first, and where one was resumed in the middle

    def init_validation_tqdm(self) -> Tqdm:
        return Tqdm(disable=True)

    def get_metrics(self, trainer: pl.Trainer, module: Any) -> dict[str, Any]:
        return {"loss": f"{module.block_loss:.3f}", "char/s": f"{self._speed(module) / 1e3:.0f}k"}

    def on_train_epoch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        super().on_train_epoch_start(trainer, *args)
        self._start = time.perf_counter()

    def _speed(self, module: LitCharRNN) -> float:
        return 0.0 if self._start is None else module.characters / max(time.perf_counter() - self._start, 1e-9)
