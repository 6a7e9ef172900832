"""Tunes from a checkpoint, to the screen and to a folder."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from charrnn import run
from charrnn.config import SampleConfig
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.model import CharRNN
from charrnn.learning.rejection import sample_well_formed
from charrnn.learning.sampling import MAX_CHARS, Tune, sample
from charrnn.learning.vocab import END, Vocabulary
from charrnn.music import quality
from charrnn.music.constraint import LEVELS, Constraint
from charrnn.music.engraving import Engraver
from charrnn.music.notation import read


def compose_tunes(config: SampleConfig) -> Path:
    """Sample, print and write as `config` says; the samples folder."""
    torch.set_num_threads(config.threads)
    model, vocab = checkpoint.load(config.ckpt)
    model.to(_device(config.accelerator))
    prompt = _prompt(config)
    folder = Path(config.samples_dir) / _folder_name(config, prompt)
    folder.mkdir(parents=True, exist_ok=True)
    for older in folder.glob("[0-9]*.*"):
        older.unlink()  # of a call for more tunes or other formats
    tunes, scoreless = [], 0
    engraved = [kind for kind in config.formats if kind != "abc"]
    with Engraver() as engraver:
        for tune in _sampled(config, prompt, model, vocab):
            show(tune)
            tunes.append(tune)
            if engraved:
                done = engraver.write(tune.text, folder / f"{tune.index:03d}", engraved)
                scoreless += done.error is not None
    _write(folder, tunes, config)
    for error, kinds in engraver.missing.items():
        lost = [kind for kind in engraved if kind in kinds]
        which = "none" if lost == engraved else f"no {', '.join(lost)}"
        print(f"scores    {which}: {error}; install what is missing, or leave {', '.join(lost)} out of formats=[…]")
    if scoreless and not engraver.missing:
        print(f"scores    {scoreless} of {len(tunes)} tunes have none, or not all of it: the picture says why")
    if tunes:
        print(_quality([tune.text for tune in tunes], checkpoint.find(config.ckpt).parent))
    if config.constraint in LEVELS:
        changed = sum(float(tune.ruled_out.sum()) for tune in tunes)
        drawn = sum(len(tune.ruled_out) for tune in tunes)
        share = changed / drawn
        print(f"grammar   of {drawn} characters about {changed:.0f} ({share:.1%}) are its choice, not the network's")
    print(f"samples   {folder}")
    return folder


def _sampled(config: SampleConfig, prompt: str, model: CharRNN, vocab: Vocabulary) -> Iterator[Tune]:
    settings: dict[str, Any] = {
        name: getattr(config, name)
        for name in ("temperature", "num_tunes", "seed", "top_k", "top_p", "min_p", "max_chars")
    } | {"prompt": prompt}
    fixed = _fixed(config)
    if config.constraint in LEVELS:
        settings["grammar"] = Constraint(config.constraint, vocab.characters, END, config.max_chars, fixed)
    elif fixed:
        raise UserError(
            f"expected title=, key=, meter= and rhythm= with constraint=header, syntax or bars, got constraint="
            f"{config.constraint}; choose one of these, or write them into prompt="
        )
    if config.constraint != "reject":
        yield from sample(model, vocab, **settings)
        return
    drawn = 0
    for number, tune, tries in sample_well_formed(model, vocab, max_tries=config.max_tries, **settings):
        drawn += tries
        if tune is None:
            print(f"--- tune {number}: none of {tries} was well-formed; raise max_tries, or lower temperature\n")
        else:
            yield tune
    print(f"tries     {drawn} tunes drawn for {config.num_tunes}")


def _fixed(config: SampleConfig) -> dict[str, str]:
    """The header's fields that were asked for, by their letters."""
    asked = {"K": config.key, "M": config.meter, "R": config.rhythm, "T": config.title}
    return {letter: value for letter, value in asked.items() if value is not None}


def _quality(tunes: list[str], run_folder: Path) -> str:
    """How many are well-formed, beside the human tunes that the run never saw, where its folder tells of them."""
    human: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, LookupError):
        human = run.read_json(run_folder / "data.json")["human"]
    ours = quality.summarize(tunes)
    well_formed = round(ours["well_formed"] * len(tunes))
    parts = [f"{well_formed} of {len(tunes)} well-formed" + (f" (human {human['well_formed']:.0%})" if human else "")]
    for key, words, digits in (
        ("key_missing", "without K:", ".0%"),
        ("junk_per_100_notes", "junk per 100 notes", ".1f"),
        ("bar_fit", "bars that fit", ".0%"),
    ):
        if ours[key] is not None:
            beside = f" (human {human[key]:{digits}})" if human.get(key) is not None else ""
            parts.append(f"{words} {ours[key]:{digits}}{beside}")
    return f"quality   {', '.join(parts)}"


def show(tune: Tune) -> None:
    per_character = -float(tune.log_prob.mean()) if len(tune.log_prob) else 0.0
    end = "" if tune.ended else ", cut at max_chars"
    print(
        f"--- tune {tune.index}: {len(tune.text)} characters{end}, {per_character:.2f} nats each\n{tune.text}\n",
        flush=True,
    )


def show_two(folder: Path) -> None:
    """Two tunes from a run's best checkpoint at temperature 1, how good twenty are, where to see and hear one."""
    model, vocab = checkpoint.load(str(folder))
    print("tunes     two of twenty at temperature 1")
    print(f"more      python sample.py ckpt={folder} constraint=bars (only well-formed ones; without it as here)\n")
    tunes = list(sample(model, vocab, temperature=1.0, num_tunes=20, seed=0))
    for tune in tunes[:2]:
        show(tune)
    print(_quality([tune.text for tune in tunes], folder))
    for what, kind in (("score", "png"), ("sound", "ogg")):
        if (file := folder / "tunes" / f"000.{kind}").exists():
            print(f"{what:<10}{file}")


def _device(accelerator: str) -> str:
    if accelerator == "gpu" and not torch.cuda.is_available():
        raise UserError("accelerator: expected a GPU, but torch finds none here; use accelerator=auto")
    return "cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu"


def _prompt(config: SampleConfig) -> str:
    if config.prompt_file is None:
        return config.prompt
    if config.prompt:
        raise UserError("expected prompt=… or prompt_file=…, got both; leave one out")
    try:
        return Path(os.path.expanduser(config.prompt_file)).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"prompt_file: expected a text file, but {config.prompt_file!r} cannot be read: {error}"
        ) from error


def _folder_name(config: SampleConfig, prompt: str) -> str:
    """The run, temperature and seed, then what else differs from the default, so that nothing overwrites another."""
    file = checkpoint.find(config.ckpt).resolve()
    is_run = (file.parent / "config.yaml").exists()
    name = file.parent.name + ("" if file.name == checkpoint.BEST else f"-{file.stem}") if is_run else file.stem
    fixed = "".join(f"{letter}:{value}\n" for letter, value in _fixed(config).items())
    extras = {
        "k": config.top_k,
        "p": config.top_p,
        "m": config.min_p,
        "n": config.max_chars if config.max_chars != MAX_CHARS else None,
    }
    parts = [
        name,
        f"T{config.temperature:g}",
        f"s{config.seed}",
        *(f"{k}{v:g}" for k, v in extras.items() if v is not None),
    ]
    if config.constraint != "none":
        parts.append(config.constraint)
    for what, text in (("fields", fixed), ("prompt", prompt)):
        if text:
            parts.append(f"{what}-{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in "_".join(parts))


def _of_constraint(tune: Tune, config: SampleConfig) -> dict[str, Any]:
    """The constraint, and how much of the tune is its choice: per character, and in characters."""
    if config.constraint not in LEVELS:
        return {"constraint": config.constraint}
    per_character = [round(float(p), 4) for p in tune.ruled_out]
    changed = round(float(tune.ruled_out.sum()), 4)
    return {"constraint": config.constraint, "ruled_out": per_character, "ruled_out_sum": changed}


def _write(folder: Path, tunes: list[Tune], config: SampleConfig) -> None:
    lines, ckpt = [], str(checkpoint.find(config.ckpt))
    for tune in tunes:
        if "abc" in config.formats:
            run.write_text(folder / f"{tune.index:03d}.abc", tune.text + "\n")
        lines.append(
            json.dumps(
                {
                    "text": tune.text,
                    "ckpt": ckpt,
                    "seed": config.seed,
                    "index": tune.index,
                    "temperature": config.temperature,
                    "ended": tune.ended,
                    "log_prob": [round(float(p), 4) for p in tune.log_prob],
                    **_of_constraint(tune, config),
                    **quality.measure(tune.text),
                    "problems": [problem._asdict() for problem in read(tune.text).problems],
                },
                ensure_ascii=False,
            )
        )
    run.write_text(folder / "tunes.jsonl", "".join(line + "\n" for line in lines))
