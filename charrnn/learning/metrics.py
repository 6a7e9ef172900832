"""metrics.csv: a row an epoch, added at its end."""

import csv
import io
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from charrnn import run
from charrnn.errors import UserError

COLUMNS = ("epoch", "step", "train/loss", "val/loss", "val/bpc", "lr", "seconds", "chars_per_second")


class Metrics(Callback):
    """metrics.csv, and for the loggers what LitCharRNN does not know: time and speed.

    A checkpoint holds how many epochs it knows of; a run that goes on from it removes the rows of later ones.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]):
        self.file, self.say, self.epochs = folder / "metrics.csv", say, 0
        self._start: float | None = None
        self._seconds: float | None = None

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, block: Any, index: int) -> None:
        if index == 0:
            self._start = time.perf_counter()

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        # Without a start the epoch was resumed in the middle, and its time would be a fiction.
        self._seconds = None if self._start is None else time.perf_counter() - self._start

    def on_validation_end(self, trainer: pl.Trainer, module: Any) -> None:
        row = {
            "epoch": trainer.current_epoch,
            "step": trainer.global_step,
            "train/loss": module.train_loss,
            "val/loss": module.val_loss,
            "val/bpc": module.val_loss / math.log(2),
            "lr": trainer.optimizers[0].param_groups[0]["lr"],
        }
        speed = ""
        if self._start is not None and self._seconds is not None:
            seconds, per_second = time.perf_counter() - self._start, module.characters / self._seconds
            row |= {"seconds": round(seconds, 3), "chars_per_second": round(per_second)}
            speed = f"  {per_second / 1e3:.0f}k char/s"
            for logger in trainer.loggers:
                logger.log_metrics({"seconds": seconds, "chars_per_second": per_second}, trainer.global_step)
        self._start = None
        self.append(row)
        self.say(
            f"epoch {row['epoch'] + 1:3d}  train {row['train/loss']:#.5g}  val {row['val/loss']:#.5g} nats "
            f"{row['val/bpc']:#.5g} bpc{speed}"
        )

    def append(self, row: dict[str, Any]) -> None:
        """Add a row, on the disk before any checkpoint that counts it."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        if self.epochs == 0:
            writer.writeheader()
        writer.writerow(row)
        with open(self.file, "a" if self.epochs else "w", encoding="utf-8") as file:
            file.write(text.getvalue())
            file.flush()
            os.fsync(file.fileno())
        self.epochs += 1

    def seconds(self) -> float | None:
        """What all epochs took; None where one was resumed in the middle."""
        with open(self.file, encoding="utf-8", newline="") as file:
            times = [row["seconds"] for row in csv.DictReader(file)]
        return None if "" in times else sum(map(float, times))

    def state_dict(self) -> dict[str, Any]:
        return {"epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epochs = state["epochs"]
        if self.epochs == 0:
            return
        lines = self.file.read_text(encoding="utf-8").splitlines(keepends=True) if self.file.exists() else []
        if len(lines) <= self.epochs:
            raise UserError(
                f"expected a run that can be resumed, but {str(self.file)!r} has not the {self.epochs} epochs of its "
                "checkpoint; put the file back, or remove the folder to train the run from its beginning"
            )
        run.write_text(self.file, "".join(lines[: self.epochs + 1]))
