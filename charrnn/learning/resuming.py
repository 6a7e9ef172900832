"""The checkpoint that a run goes on from."""

import logging
from pathlib import Path
from typing import Any

from charrnn.errors import UserError
from charrnn.learning import checkpoint

say = logging.getLogger("charrnn").info


def find_resumable(folder: Path, best: str) -> tuple[Path, dict[str, Any]] | tuple[None, None]:
    """The newest checkpoint that is whole, and its content; UserError where there are some but none is.

    `best` is the callback that knows whether best.ckpt was written: it must be whole, too.
    """
    damaged = []
    for file in (folder / checkpoint.LAST, folder / checkpoint.PREVIOUS):
        if not file.exists():
            continue
        try:
            content = checkpoint.read_to_resume(file)
        except UserError as error:
            damaged.append(file)
            say("damaged   %s", error)
            continue
        if content["callbacks"][best]["best_epoch"] >= 0:
            _check_best(folder)
        for other in damaged:
            other.unlink()  # or it would take the place of the good one at the next save
        say("resuming  %s, epoch %d, from %s", folder.name, content["epoch"] + 1, file.name)
        return file, content
    if damaged:
        raise _unreadable(folder, *(file.name for file in damaged))
    return None, None


def _check_best(folder: Path) -> None:
    try:
        checkpoint.read_checkpoint(folder / checkpoint.BEST)
    except UserError as error:
        raise _unreadable(folder, checkpoint.BEST) from error


def _unreadable(folder: Path, *names: str) -> UserError:
    return UserError(
        f"expected a run that can be resumed, but {' and '.join(names)} in {str(folder)!r} cannot be read; "
        "remove the folder to train the run from its beginning"
    )
