"""Tunes of a run's best epoch as score and sound: files beside the run, and the same in TensorBoard."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from charrnn import run
from charrnn.learning.network import load
from charrnn.music.engraving import Engraver

TUNES = 2


def write_best_tunes(folder: Path, writers: Sequence[Any], step: int) -> None:
    """Write tunes/000.abc and so on, in every format, sampled as it is recommended; and to TensorBoard's `writers`.

    Each has a tag of its own: of plugins that share a tag TensorBoard shows one.
    """
    tunes_folder = folder / "tunes"
    tunes_folder.mkdir(exist_ok=True)
    with Engraver() as engraver:
        network = load(folder, accelerator="cpu")
        for tune in network.sample(TUNES, **network.recommended):
            stem = tunes_folder / f"{tune.index:03d}"
            run.write_text(stem.with_suffix(".abc"), tune.text + "\n")
            files = engraver.write(tune.text, stem).files
            for writer in writers:
                writer.add_text(f"best_tune/{tune.index}", as_code(tune.text), step)
                if "png" in files:
                    with Image.open(stem.with_suffix(".png")) as score:
                        pixels = np.asarray(score.convert("RGB"))
                    writer.add_image(f"best_score/{tune.index}", pixels, step, dataformats="HWC")
                if "ogg" in files:
                    samples, rate = soundfile.read(stem.with_suffix(".ogg"), dtype="float32")
                    writer.add_audio(f"best_sound/{tune.index}", samples[None], step, rate)


def as_code(text: str) -> str:
    """`text` line by line as Markdown shows it, which is what TensorBoard reads."""
    return "\n".join("    " + line for line in text.splitlines())
