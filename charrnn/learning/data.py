"""Parallel streams: the text cut into B long pieces that are read side by side, window after window."""

from collections.abc import Iterator

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from charrnn.errors import UserError
from charrnn.learning.prepare import Prepared

IGNORED = -100  # the target that torch's cross-entropy leaves out
# Windows a block: the Trainer's own cost is paid once a block.
WINDOWS_PER_BLOCK = 10
# Validation reads many streams at once, each preceded by text that is read but not scored: a stream that began with
# nothing before it would cost about a nat for its first characters, a loss that depends on the number of streams.
VAL_STREAMS, VAL_WARM_UP, VAL_BLOCK = 64, 64, 512


def streams(ids: np.ndarray, num: int, before: int, warm_up: int = 0) -> tuple[Tensor, Tensor]:
    """Inputs and targets (num, n) of all of `ids` (N,), every one of them a target exactly once.

    A stream's inputs are its targets one character earlier; the first character follows `before`. Each stream starts
    `warm_up` characters early, and the last streams are filled up, both with targets that are IGNORED.
    """
    length = -(-len(ids) // num)
    padded = np.full(warm_up + 1 + num * length, before, dtype=np.int64)
    padded[warm_up + 1 : warm_up + 1 + len(ids)] = ids
    position = np.arange(num)[:, None] * length + np.arange(warm_up + length)
    is_target = (np.arange(warm_up + length) >= warm_up) & (position < warm_up + len(ids))
    targets = np.where(is_target, padded[position + 1], IGNORED)
    return torch.from_numpy(padded[position]), torch.from_numpy(targets)


class Blocks:
    """Streams (B, N) in blocks (B, width), the last with what is left; a run can resume at any."""

    def __init__(self, inputs: Tensor, targets: Tensor, width: int, limit: int | None = None):
        self.pairs = list(zip(inputs.split(width, dim=1), targets.split(width, dim=1), strict=True))[:limit]
        self.position = 0

    def __len__(self) -> int:
        return len(self.pairs)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        # A finished pass leaves the position at the end, also in a checkpoint: the next pass starts anew.
        start = self.position if self.position < len(self) else 0
        for i in range(start, len(self)):
            self.position = i + 1
            yield self.pairs[i]

    def state_dict(self) -> dict[str, int]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.position = state["position"]


class AbcDataModule(pl.LightningDataModule):
    """Training blocks of ten windows on `batch_size` streams; the same, whole validation set every epoch."""

    def __init__(self, prepared: Prepared, *, seq_len: int, batch_size: int, limit_blocks: int | None = None):
        super().__init__()
        self.prepared, self.before = prepared, prepared.vocab.end
        self.seq_len, self.batch_size, self.limit_blocks = seq_len, batch_size, limit_blocks
        for part in ("train", "val"):
            size, needed = len(getattr(prepared, part)), seq_len * (batch_size if part == "train" else 1)
            if size < needed:
                raise UserError(
                    f"data: the {part} part has {size} characters, expected at least {needed} (one window of {seq_len}"
                    f"{f' in {batch_size} streams' if part == 'train' else ''}); add tunes, or lower data.seq_len"
                    f"{' or data.batch_size' if part == 'train' else ''}"
                )

    def train_dataloader(self) -> Blocks:
        inputs, targets = streams(self.prepared.train, self.batch_size, self.before)
        return Blocks(inputs, targets, self.seq_len * WINDOWS_PER_BLOCK, self.limit_blocks)

    @property
    def windows(self) -> int:
        """Optimizer steps an epoch."""
        return sum(-(-inputs.shape[1] // self.seq_len) for inputs, _ in self.train_dataloader().pairs)

    def val_dataloader(self) -> Blocks:
        return self._scored(self.prepared.val)

    def test_dataloader(self) -> Blocks:
        return self._scored(self.prepared.test)

    def _scored(self, ids: np.ndarray) -> Blocks:
        return Blocks(*streams(ids, VAL_STREAMS, self.before, VAL_WARM_UP), VAL_BLOCK, self.limit_blocks)
