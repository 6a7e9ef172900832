"""A checkpoint as something to sample from or to look into; Lightning is not needed for it."""

import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

# The one with the smallest validation loss, to sample from; the newest, to resume from; the one before that.
BEST, LAST, PREVIOUS = "best.ckpt", "last.ckpt", "previous.ckpt"
# What Lightning needs beside ours to resume a run.
TRAINER_STATE = {"callbacks", "epoch", "global_step", "loops", "lr_schedulers", "optimizer_states"}


def find(ckpt: str) -> Path:
    """The file meant by `ckpt`: itself, or the best checkpoint of a run folder."""
    path = Path(os.path.expanduser(ckpt))
    file = path / BEST if path.is_dir() else path
    if not file.is_file():
        found = "a folder without best.ckpt" if path.is_dir() else "nothing there"
        raise UserError(f"ckpt: expected a checkpoint file or a run folder, but {ckpt!r} is {found}; check the path")
    return file


def read_checkpoint(file: Path) -> dict[str, Any]:
    """The raw content; never runs code that a file carries (`weights_only=True`)."""
    try:
        _check_sums(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own words on a file that is about to be refused
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"ckpt: expected a checkpoint of charrnn, but {str(file)!r} is damaged or carries code; "
            "it was not opened further: use a checkpoint written by train.py"
        ) from error
    except Exception as error:  # torch's unpickler raises whatever the bytes lead it to
        raise UserError(
            f"ckpt: expected a checkpoint of charrnn, but {str(file)!r} is truncated or no checkpoint at all; "
            "train it again, or copy it again"
        ) from error
    keys = {"state_dict", "hyper_parameters", "carried"}
    hparams = content.get("hyper_parameters") if isinstance(content, dict) and keys <= content.keys() else None
    if not isinstance(hparams, dict) or not {"vocabulary", "model"} <= hparams.keys():
        raise UserError(
            f"ckpt: expected a checkpoint of charrnn, but {str(file)!r} was written by another program; "
            "use a checkpoint written by train.py"
        )
    return content


def read_to_resume(file: Path) -> dict[str, Any]:
    """As `read_checkpoint`, of a checkpoint that training can go on from."""
    content = read_checkpoint(file)
    if not content.keys() >= TRAINER_STATE:
        raise UserError(
            f"expected a checkpoint to resume from, but {str(file)!r} holds no state of the trainer; remove it"
        )
    return content


def _check_sums(file: Path) -> None:
    """ValueError where the archive's checksums do not hold: torch.load does not look at them."""
    if not zipfile.is_zipfile(file):
        return  # torch.load says what else it is
    with zipfile.ZipFile(file) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("compressed, as torch.save never does")
        if (damaged := archive.testzip()) is not None:
            raise ValueError(f"{damaged} is damaged")


def load_model(ckpt: str) -> tuple[CharRNN, Vocabulary]:
    """Network in eval mode and alphabet, from the checkpoint alone."""
    content = read_checkpoint(find(ckpt))
    hparams = content["hyper_parameters"]
    try:
        vocab = Vocabulary(hparams["vocabulary"])
        model = CharRNN(len(vocab), **hparams["model"])
        if tonics := hparams.get("tonics"):
            model.tonics = {mode: {str(t): int(n) for t, n in counts.items()} for mode, counts in tonics.items()}
        model.load_state_dict({k.removeprefix("model."): v for k, v in content["state_dict"].items()})
    except Exception as error:  # a damaged file can describe any network
        raise UserError(
            f"ckpt: the weights in {ckpt!r} do not fit its network ({str(error).splitlines()[-1].strip()}); "
            "the file is damaged or of another version: train it again"
        ) from error
    return model.eval(), vocab
