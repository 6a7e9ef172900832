"""Sets of tunes: sampled or from files, and the human tunes of a run's data; measured and engraved."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from charrnn import run
from charrnn.config import Data, build
from charrnn.errors import UserError
from charrnn.learning.prepare import prepare
from charrnn.music import corpus, originality, quality
from charrnn.music.engraving import Engraver
from charrnn.music.notation import read
from charrnn.studies.pages import TuneCard

TUNE_SHARES = ("well_formed", "key_missing")  # measures that are true or false for a tune


@dataclass(frozen=True)
class HumanTunes:
    """The tunes of a run's data: those held out, in two halves, and the training tunes, indexed for originality."""

    halves: tuple[list[str], list[str]]
    training: originality.Training

    @property
    def tunes(self) -> list[str]:
        return [*self.halves[0], *self.halves[1]]


def read_tunes(source: Path) -> tuple[list[str], str | None]:
    """The texts of a samples folder, a tunes.jsonl or ABC, and the checkpoint that sampled them, if it is named."""
    file = source / "tunes.jsonl" if source.is_dir() else source
    if file.suffix != ".jsonl" or not file.is_file():
        return corpus.parse(corpus.find_sources("file", str(source))).tunes, None
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [str(row["text"]) for row in rows], rows[0].get("ckpt")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"tunes: expected a line of JSON with a text for every tune, but {str(file)!r}: {error}"
        ) from error


def load_human_tunes(ckpt: str | None, required: bool = False) -> HumanTunes | None:
    """The tunes of the run's data; None without a run, or if the data cannot be read, an error if `required`."""
    if ckpt is None:
        return None
    path = Path(os.path.expanduser(ckpt))
    folder = path if path.is_dir() else path.parent
    try:
        settings = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        prepared = prepare(build(Data, settings["data"], "data."))
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        if required:
            raise UserError(f"ckpt: expected a run whose data can be read, but {ckpt!r}: {error}") from error
        return None
    held_out = [*prepared.vocab.decode_tunes(prepared.val), *prepared.vocab.decode_tunes(prepared.test)]
    training = originality.Training(prepared.vocab.decode_tunes(prepared.train))
    return HumanTunes((held_out[::2], held_out[1::2]), training)


def measure_tunes(texts: Sequence[str], human: HumanTunes | None) -> list[dict[str, Any]]:
    """The quality of each tune, and its originality where the training tunes are known."""
    if human is None:
        return [quality.measure(read(text, strict=True)) for text in texts]
    return [quality.measure(read(text, strict=True)) | human.training.originality(text) for text in texts]


def engrave_tunes(folder: Path, texts: Mapping[str, str]) -> list[TuneCard]:
    """Write every tune to `folder` under its name, as text, score and sound; return the cards for a page."""
    folder.mkdir(parents=True, exist_ok=True)
    with Engraver() as engraver:
        for name, text in texts.items():
            run.write_text(folder / f"{name}.abc", text + "\n")
            engraver.write(text, folder / name)
    return [TuneCard(f"Tune {name}", text, folder / name) for name, text in texts.items()]
