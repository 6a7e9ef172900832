"""Tunes of a run's best epoch as score and sound: files beside the run, and the same in TensorBoard."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from charrnn import run
from charrnn.learning.network import load
from charrnn.music.engraving import Engraver

TUNES = 2


def write_best_tunes(folder: Path, writer: Any, step: int) -> None:
    """Write tunes/000.abc and so on, in every format, at temperature 1; text, score and sound to `writer`, too."""
    tunes_folder = folder / "tunes"
    tunes_folder.mkdir(exist_ok=True)
    with Engraver() as engraver:
        for tune in load(folder, accelerator="cpu").sample(TUNES):
            stem = tunes_folder / f"{tune.index:03d}"
            run.write_text(stem.with_suffix(".abc"), tune.text + "\n")
            files = engraver.write(tune.text, stem).files
            writer.add_text(f"best/{tune.index}", "\n".join("    " + line for line in tune.text.splitlines()), step)
            if "png" in files:
                with Image.open(stem.with_suffix(".png")) as score:
                    writer.add_image(f"best/{tune.index}", np.asarray(score.convert("RGB")), step, dataformats="HWC")
            if "ogg" in files:
                samples, rate = soundfile.read(stem.with_suffix(".ogg"), dtype="float32")
                writer.add_audio(f"best/{tune.index}", samples[None], step, rate)
