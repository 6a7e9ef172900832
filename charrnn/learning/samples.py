"""A samples folder: every tune in the formats of the configuration, a tune book, and a JSON line a tune."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from charrnn import run
from charrnn.config import SampleConfig, defaults
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.network import header_fields
from charrnn.music import quality
from charrnn.music.constraint import LEVELS
from charrnn.music.engraving import Engraver
from charrnn.music.tune import Tune
from charrnn.music.tune_book import tune_book


def with_prompt(config: SampleConfig) -> SampleConfig:
    """The configuration with the text of `prompt_file` as its prompt."""
    if config.prompt_file is None:
        return config
    if config.prompt:
        raise UserError("expected prompt=… or prompt_file=…, got both; leave one out")
    try:
        prompt = Path(os.path.expanduser(config.prompt_file)).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"prompt_file: expected a text file, but {config.prompt_file!r} cannot be read: {error}"
        ) from error
    return replace(config, prompt=prompt, prompt_file=None)


class SamplesFolder:
    """`with SamplesFolder(config) as samples: samples.add(tune)`: NNN.abc and so on at once, the rest at the end.

    `missing` names what is not installed, with the formats that it costs; `without_score` counts tunes whose picture
    does not show the whole score.
    """

    def __init__(self, config: SampleConfig):
        self.config, self.path = config, Path(config.samples_dir) / folder_name(config)
        self.path.mkdir(parents=True, exist_ok=True)
        for older in self.path.glob("[0-9]*.*"):
            older.unlink()  # of a call for more tunes or other formats
        self.engraved_formats = [kind for kind in config.formats if kind != "abc"]
        self.tunes: list[Tune] = []
        self.without_score = 0
        self._engraver = Engraver()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: Any) -> None:
        self._engraver.__exit__(kind, error, trace)
        if error is None:
            lines = (json.dumps(_record(tune, self.config), ensure_ascii=False) + "\n" for tune in self.tunes)
            run.write_text(self.path / "tunes.jsonl", "".join(lines))
            run.write_text(self.path / "tunes.abc", tune_book(self.tunes))

    @property
    def missing(self) -> dict[str, set[str]]:
        return self._engraver.missing

    def add(self, tune: Tune) -> None:
        self.tunes.append(tune)
        stem = self.path / f"{tune.index:03d}"
        if "abc" in self.config.formats:
            run.write_text(stem.with_suffix(".abc"), tune.text + "\n")
        if self.engraved_formats:
            engraved = self._engraver.write(tune.text, stem, self.engraved_formats)
            self.without_score += engraved.error is not None


def folder_name(config: SampleConfig) -> str:
    """The run, temperature and seed, then what else differs from the default, so that nothing overwrites another."""
    file = checkpoint.find(config.ckpt).resolve()
    is_run = (file.parent / "config.yaml").exists()
    name = file.parent.name + ("" if file.name == checkpoint.BEST else f"-{file.stem}") if is_run else file.stem
    is_default_length = config.max_chars == defaults("sample")["max_chars"]
    limits = {
        "k": config.top_k,
        "p": config.top_p,
        "m": config.min_p,
        "n": None if is_default_length else config.max_chars,
    }
    parts = [
        name,
        f"T{config.temperature:g}",
        f"s{config.seed}",
        *(f"{letter}{value:g}" for letter, value in limits.items() if value is not None),
    ]
    if config.constraint != "none":
        parts.append(config.constraint)
    fields = "".join(f"{letter}:{value}\n" for letter, value in header_fields(config).items())
    for word, text in (("fields", fields), ("prompt", config.prompt)):
        if text:
            parts.append(f"{word}-{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in "_".join(parts))


def _record(tune: Tune, config: SampleConfig) -> dict[str, Any]:
    """The line of tunes.jsonl: the text, how it was sampled, what it is like."""
    return {
        "text": tune.text,
        "ckpt": str(checkpoint.find(config.ckpt)),
        "seed": config.seed,
        "index": tune.index,
        "temperature": config.temperature,
        "ended": tune.ended,
        "log_prob": [round(float(p), 4) for p in tune.log_prob],
        **_constraint_record(tune, config),
        **quality.measure(tune.reading),
        "problems": [problem._asdict() for problem in tune.problems],
    }


def _constraint_record(tune: Tune, config: SampleConfig) -> dict[str, Any]:
    """The constraint, and how much of the tune is its choice: per character, and in characters."""
    if config.constraint not in LEVELS:
        return {"constraint": config.constraint}
    per_character = [round(float(p), 4) for p in tune.ruled_out]
    ruled_out = round(float(tune.ruled_out.sum()), 4)
    return {"constraint": config.constraint, "ruled_out": per_character, "ruled_out_sum": ruled_out}
