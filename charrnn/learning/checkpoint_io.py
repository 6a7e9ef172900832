"""How the Trainer writes a checkpoint: whole or not at all, whatever ends the process."""

import io
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from charrnn import run
from charrnn.learning.checkpoint import LAST, PREVIOUS


class CheckpointBesideTarget(TorchCheckpointIO):
    """Writes beside the target and renames; of last.ckpt it keeps the one before.

    Lightning's own temporary file lies in $TMPDIR. Where that is another file system, its move truncates the target and
    copies: a process killed meanwhile leaves neither the old checkpoint nor the new one.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        previous = target.with_name(PREVIOUS) if target.name == LAST else None
        content = (
            io.BytesIO()
        )  # torch.save would write the name of a file into it, and answer a full disk in C++'s words
        torch.save(checkpoint, content)
        with run.replacing(target, previous) as part:
            part.write_bytes(content.getbuffer())
