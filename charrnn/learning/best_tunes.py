"""Tunes of a run's best epoch, seen and heard: files beside the run, and the same in TensorBoard."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from charrnn import run
from charrnn.learning import checkpoint
from charrnn.learning.sampling import sample
from charrnn.music.engraving import Engraver

TUNES = 2


def write_best_tunes(folder: Path, writer: Any, step: int) -> None:
    """tunes/000.abc, .svg, .png, .mid, .ogg and 001, at temperature 1; text, score and sound to `writer`."""
    model, vocab = checkpoint.load(str(folder))
    place = folder / "tunes"
    place.mkdir(exist_ok=True)
    with Engraver() as engraver:
        for tune in sample(model, vocab, temperature=1.0, num_tunes=TUNES, seed=0):
            stem = place / f"{tune.index:03d}"
            run.write_text(stem.with_suffix(".abc"), tune.text + "\n")
            files = engraver.write(tune.text, stem).files
            writer.add_text(f"best/{tune.index}", "\n".join("    " + line for line in tune.text.splitlines()), step)
            if "png" in files:
                with Image.open(stem.with_suffix(".png")) as score:
                    writer.add_image(f"best/{tune.index}", np.asarray(score.convert("RGB")), step, dataformats="HWC")
            if "ogg" in files:
                samples, rate = soundfile.read(stem.with_suffix(".ogg"), dtype="float32")
                writer.add_audio(f"best/{tune.index}", samples[None], step, rate)
