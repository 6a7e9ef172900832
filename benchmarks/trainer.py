"""What Lightning costs: our path against the same steps in a bare loop, and against Lightning as its users write it."""

import contextlib
import csv
import io
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import at_least, at_most, seconds
from charrnn.config import Data
from charrnn.learning.callbacks import Checkpoints, ComposedTunes, EpochBar
from charrnn.learning.data import IGNORED, AbcDataModule
from charrnn.learning.loggers import TensorBoardEvents
from charrnn.learning.metrics import Metrics
from charrnn.learning.module import LitCharRNN
from charrnn.learning.prepare import prepare
from charrnn.learning.step.fused import FusedStep

OPTIM = {"name": "adam", "lr": 2e-3, "schedule": "constant", "gradient_clip": 5.0, "weight_decay": 0.0, "momentum": 0.0}
MODEL = {"cell": "rnn", "hidden": 100, "layers": 1, "dropout": 0.0}
BATCH, SEQ_LEN = 32, 30


class AsUsual(pl.LightningModule):
    """Automatic optimization, one window a step, self.log in every step."""

    def __init__(self, vocab_size: int):
        super().__init__()
        self.rnn, self.output, self.size = (
            nn.RNN(vocab_size, 100, batch_first=True),
            nn.Linear(100, vocab_size),
            vocab_size,
        )
        self.state = None

    def training_step(self, batch, index):
        ids, targets = batch
        hidden, state = self.rnn(F.one_hot(ids, self.size).float(), self.state)
        self.state = state.detach()
        loss = F.cross_entropy(self.output(hidden).flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
        self.log("train/loss", loss, prog_bar=True)
        return loss

    def on_train_epoch_start(self):
        self.started = time.perf_counter()

    def on_train_epoch_end(self):
        self.seconds = time.perf_counter() - self.started

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=2e-3)


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    how = {"notation": "raw", "titles": True, "key": "as_written", "split": "tunes", "split_seed": 0, "clean": False}
    prepared = prepare(Data(source="ryan", path=None, seq_len=SEQ_LEN, batch_size=BATCH, **how))  # type: ignore[arg-type]
    data = AbcDataModule(prepared, seq_len=SEQ_LEN, batch_size=BATCH)
    blocks = list(data.train_dataloader())
    module = LitCharRNN(vocabulary=prepared.vocab.characters, model=MODEL, optim=OPTIM, seq_len=SEQ_LEN, windows=1)
    optimizer = module.train().configure_optimizers()

    def bare() -> None:
        state, step = None, FusedStep(module.model)
        for block in blocks:
            for ids, targets in zip(*(part.t().contiguous().split(SEQ_LEN) for part in block), strict=True):
                _, state = step.gradients(ids, targets, None, state, int((targets != IGNORED).sum()))
                step.clip(5.0)
                optimizer.step()

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def fit(module: pl.LightningModule, data, *callbacks, **options) -> None:
            with contextlib.redirect_stdout(io.StringIO()):  # the bar stays on, but out of the table
                pl.Trainer(
                    accelerator="cpu",
                    max_epochs=1,
                    callbacks=list(callbacks),
                    enable_model_summary=False,
                    num_sanity_val_steps=0,
                    **options,
                ).fit(module, data)

        def ours() -> pl.LightningModule:
            path = LitCharRNN(
                vocabulary=prepared.vocab.characters, model=MODEL, optim=OPTIM, seq_len=SEQ_LEN, windows=1
            )
            events = TensorBoardEvents(str(folder))
            extras = Metrics(folder, lambda *_: None), Checkpoints(folder, lambda: False), ComposedTunes(), EpochBar(5)
            fit(path, data, *extras, logger=events, log_every_n_steps=1)
            return path

        def as_usual_training_seconds() -> float:
            windows = [torch.cat([b[i] for b in blocks], dim=1) for i in (0, 1)]
            whole = windows[0].shape[1] // SEQ_LEN * SEQ_LEN
            cut = [w[:, :whole].unflatten(1, (-1, SEQ_LEN)).transpose(0, 1).flatten(0, 1) for w in windows]
            loader = DataLoader(TensorDataset(*cut), batch_size=BATCH)
            usual = AsUsual(len(prepared.vocab))
            fit(usual, loader, default_root_dir=folder, gradient_clip_val=5.0)
            return usual.seconds

        training_only = []

        def ours_training_seconds() -> float:
            ours()
            with open(folder / "metrics.csv", encoding="utf-8") as file:
                row = next(csv.DictReader(file))
            training = sum(int((t != IGNORED).sum()) for _, t in blocks) / float(row["chars_per_second"])
            training_only.append((training, float(row["seconds"])))
            return training

        only = sys.argv[1:] or ["loop", "usual"]
        if "loop" in only:
            ours_training_seconds(), seconds(bare)
            ratios = [seconds(bare) / ours_training_seconds() for _ in range(7)]
            print(at_least("Trainer: speed of our path, of its own loop's", sorted(ratios)[3], "×", 0.97), flush=True)
            shares = sorted(100 * (whole - training) / whole for training, whole in training_only)
            share = shares[len(shares) // 2]
            print(at_most("epoch: validation, logging, tunes and checkpoints", share, "%", 10), flush=True)
        if "usual" in only:
            ours_training_seconds(), as_usual_training_seconds()
            ratios = [as_usual_training_seconds() / ours_training_seconds() for _ in range(5)]
            print(at_least("Trainer: our training, times as fast as Lightning as usual", sorted(ratios)[2], "×", 2.8))


if __name__ == "__main__":
    sys.exit(main())
