"""A checkpoint as something to sample from or to look into; Lightning is not needed for it."""

import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

BEST, LAST = "best.ckpt", "last.ckpt"


def find(ckpt: str) -> Path:
    """The file meant by `ckpt`: itself, or the best checkpoint of a run folder."""
    path = Path(os.path.expanduser(ckpt))
    file = path / BEST if path.is_dir() else path
    if not file.is_file():
        found = "a folder without best.ckpt" if path.is_dir() else "nothing there"
        raise UserError(f"ckpt: expected a checkpoint file or a run folder, but {ckpt!r} is {found}; check the path")
    return file


def read(file: Path) -> dict[str, Any]:
    """The raw content; never runs code that a file carries (`weights_only=True`)."""
    try:
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


def load(ckpt: str) -> tuple[CharRNN, Vocabulary]:
    """Network in eval mode and alphabet, from the checkpoint alone."""
    content = read(find(ckpt))
    hparams = content["hyper_parameters"]
    try:
        vocab = Vocabulary(hparams["vocabulary"])
        model = CharRNN(len(vocab), **hparams["model"])
        model.load_state_dict({k.removeprefix("model."): v for k, v in content["state_dict"].items()})
    except Exception as error:  # a damaged file can describe any network
        raise UserError(
            f"ckpt: the weights in {ckpt!r} do not fit its network ({str(error).splitlines()[-1].strip()}); "
            "the file is damaged or of another version: train it again"
        ) from error
    return model.eval(), vocab
