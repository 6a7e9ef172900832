"""More epochs for a run that is finished: the longer run starts where the shorter one ended."""

import logging
import shutil
from pathlib import Path

import torch

from charrnn import run
from charrnn.learning import checkpoint

say = logging.getLogger("charrnn").info


def start_from(shorter: Path, folder: Path) -> None:
    """Lay into `folder` what the finished run `shorter` knew at its end, unless something is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with run.lock(folder):
        if (folder / checkpoint.LAST).exists() or run.read_result(folder) is not None:
            return
        content = checkpoint.read_to_resume(shorter / checkpoint.LAST)
        for state in content["callbacks"].values():
            if "stop_reason" in state:  # of Checkpoints; a run with callbacks of a user's is not continued
                state["stop_reason"] = None
        for file in (shorter / checkpoint.BEST, shorter / "metrics.csv", *shorter.glob("events.out.tfevents.*")):
            with run.replacing(folder / file.name) as part:
                shutil.copyfile(file, part)
        # Last, since from here on the run can be resumed.
        with run.replacing(folder / checkpoint.LAST) as part:
            torch.save(content, part)
    say("continues %s after its epoch %d", shorter, content["epoch"] + 1)
