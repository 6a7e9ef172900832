"""Parallel streams: the text cut into B long pieces that are read side by side, window after window."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Self

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from charrnn.config import WINDOWS_PER_BLOCK, TrainConfig, plain
from charrnn.errors import UserError
from charrnn.learning.inputs import names
from charrnn.learning.prepare import Prepared, prepare

Block = tuple[Tensor, ...]
"""Ids and targets (B, T) int64 and, of a network that reads more, the inputs beside the ids, (B, T, I) int32."""
IGNORED = -100  # the target that torch's cross-entropy leaves out
# Validation reads many streams at once, each preceded by text that is read but not scored: a stream that began with
# nothing before it would cost about a nat for its first characters, a loss that depends on the number of streams.
VAL_STREAMS, VAL_WARM_UP, VAL_BLOCK = 64, 64, 512


def streams(ids: np.ndarray, num: int, before: int, warm_up: int = 0, inputs: np.ndarray | None = None) -> Block:
    """Ids and targets (num, n) of all of `ids` (N,), every one of them a target exactly once.

    A stream's ids are its targets one character earlier; the first character follows `before`. Each stream starts
    `warm_up` characters early, and the last streams are filled up, both with targets that are IGNORED. `inputs` (N, I)
    come third, (num, n, I), those of `before` 0.
    """
    length = -(-len(ids) // num)
    padded = np.full(warm_up + 1 + num * length, before, dtype=np.int64)
    padded[warm_up + 1 : warm_up + 1 + len(ids)] = ids
    position = np.arange(num)[:, None] * length + np.arange(warm_up + length)
    is_target = (np.arange(warm_up + length) >= warm_up) & (position < warm_up + len(ids))
    targets = np.where(is_target, padded[position + 1], IGNORED)
    block = torch.from_numpy(padded[position]), torch.from_numpy(targets)
    if inputs is None:
        return block
    beside = np.zeros((len(padded), inputs.shape[1]), dtype=np.int32)
    beside[warm_up + 1 : warm_up + 1 + len(ids)] = inputs
    return *block, torch.from_numpy(beside[position])


class Blocks:
    """Pass after pass over streams (B, N), in blocks (B, width), the last with what is left; a run can resume at any.

    `make_streams` gives what the pass that begins reads, the same size each time.
    """

    def __init__(self, make_streams: Callable[[], Block], width: int, limit: int | None = None):
        self.make_streams, self.width, self.position = make_streams, width, 0
        blocks = -(-make_streams()[0].shape[1] // width)
        self.size = blocks if limit is None else min(limit, blocks)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Block]:
        # A finished pass leaves the position at its end, also in a checkpoint: the next one starts anew.
        start = self.position if self.position < self.size else 0
        blocks = zip(*(part.split(self.width, dim=1) for part in self.make_streams()), strict=True)
        for i, block in enumerate(itertools.islice(blocks, start, self.size), start):
            self.position = i + 1
            yield block

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


class AbcDataModule(pl.LightningDataModule):
    """Training blocks on `batch_size` streams; the same, whole validation set every epoch."""

    def __init__(
        self, prepared: Prepared, *, seq_len: int, batch_size: int, order_seed: int = 0, limit_blocks: int | None = None
    ):
        super().__init__()
        self.prepared, self.order_seed = prepared, order_seed
        self.seq_len, self.batch_size, self.limit_blocks = seq_len, batch_size, limit_blocks
        self.block_width = seq_len * WINDOWS_PER_BLOCK
        for part in ("train", "val"):
            size, needed = len(getattr(prepared, part)), seq_len * (batch_size if part == "train" else 1)
            if size < needed:
                raise UserError(
                    f"data: the {part} part has {size} characters, expected at least {needed} (one window of {seq_len}"
                    f"{f' in {batch_size} streams' if part == 'train' else ''}); add tunes, or lower data.seq_len"
                    f"{' or data.batch_size' if part == 'train' else ''}"
                )

    @classmethod
    def from_config(cls, config: TrainConfig, prepared: Prepared | None = None) -> Self:
        """As `charrnn train` reads its data; `prepared` saves it from reading them again."""
        return cls(
            prepared or prepare(config.data, names(plain(config.inputs))),
            seq_len=config.data.seq_len,
            batch_size=config.data.batch_size,
            order_seed=config.data.split_seed,
            limit_blocks=config.trainer.limit_blocks,
        )

    def train_dataloader(self) -> Blocks:
        """The tunes in another order every epoch, the same one for every run on this split.

        In one fixed order a large network learns which tune follows which: LSTM 256 then validates 0.06 nats worse.
        """
        starts = np.flatnonzero(self.prepared.train == self.prepared.vocab.start)
        tunes = np.split(self.prepared.train, starts[1:])
        beside = np.split(self.prepared.inputs["train"], starts[1:]) if self.prepared.inputs else None

        def make_streams() -> Block:
            # The Trainer knows the epoch after a resume too; a count of our own passes would not.
            epoch = 0 if self.trainer is None else self.trainer.current_epoch
            order = list(range(len(tunes)))
            random.Random(f"{self.order_seed} {epoch}").shuffle(order)
            ids = np.concatenate([tunes[i] for i in order])
            inputs = None if beside is None else np.concatenate([beside[i] for i in order])
            return streams(ids, self.batch_size, self.prepared.vocab.end, inputs=inputs)

        return Blocks(make_streams, self.block_width, self.limit_blocks)

    @property
    def windows(self) -> int:
        """Optimizer steps an epoch."""
        length = min(-(-len(self.prepared.train) // self.batch_size), len(self.train_dataloader()) * self.block_width)
        return -(-length // self.seq_len)

    def val_dataloader(self) -> Blocks:
        return self._scored("val")

    def test_dataloader(self) -> Blocks:
        return self._scored("test")

    def predict_dataloader(self) -> Blocks:
        return self._scored("test")

    def _scored(self, part: str) -> Blocks:
        ids, inputs = getattr(self.prepared, part), self.prepared.inputs.get(part)
        fixed = streams(ids, VAL_STREAMS, self.prepared.vocab.end, VAL_WARM_UP, inputs)
        return Blocks(lambda: fixed, VAL_BLOCK, self.limit_blocks)
