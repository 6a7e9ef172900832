"""Tunes on the screen: what sample.py prints, and the tunes at the end of what train.py does."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from charrnn import run
from charrnn.cli.command import typed_command
from charrnn.cli.sweep import command_line
from charrnn.config import SampleConfig, Sampling, build, defaults
from charrnn.learning import checkpoint
from charrnn.learning.network import Network, load
from charrnn.learning.samples import SamplesFolder, with_prompt
from charrnn.music import form, quality
from charrnn.music.constraint import LEVELS
from charrnn.music.tune import Tune
from charrnn.page.page import write_page

# Tunes at the end of a run: enough for rates within some percent, and for seeing that hardly any is well-formed.
COMPOSED, OF_CHARACTERS_ALONE = 200, 20
ON_PAGE = 20  # of them, on the run's page


def sample_tunes(config: SampleConfig) -> None:
    """Sample, print and write tunes."""
    torch.set_num_threads(config.threads)
    network = load(config.ckpt, accelerator=config.accelerator)
    config = with_prompt(replace(config, prompt=config.prompt.replace("\\n", "\n")))
    tries = 0
    with SamplesFolder(config) as samples:
        for number, tune, tries_for_this in network.stream(config):
            tries += tries_for_this
            if tune is None:
                print(
                    f"--- tune {number}: none of {tries_for_this} was well-formed; "
                    "raise max_tries, or lower temperature\n"
                )
            else:
                print_tune(tune)
                samples.add(tune)
    if config.constraint == "reject":
        print(f"tries     {tries} tunes sampled for {config.num_tunes}")
    _print_scores(samples)
    if samples.tunes:
        print(_quality(samples.tunes, checkpoint.find(config.ckpt).parent))
    if config.constraint in LEVELS:
        changed = sum(float(tune.ruled_out.sum()) for tune in samples.tunes)
        characters = sum(len(tune.ruled_out) for tune in samples.tunes)
        about = f"{changed:.0f} ({changed / characters:.1%})"
        print(f"grammar   of {characters} characters about {about} are its choice, not the network's")
    print(f"samples   {samples.path}")
    if config.page:
        file = samples.path / "index.html"
        _write_page(file, network, samples.tunes, config, samples.path.name, checkpoint.find(config.ckpt))
        print(f"page      {file}")


def _write_page(file: Path, network: Network, tunes: Sequence[Tune], settings: Sampling, name: str, ckpt: Path) -> None:
    write_page(file, network, tunes, settings, name=name, ckpt=str(ckpt), program=typed_command("sample"))


def print_tune(tune: Tune) -> None:
    print(_as_text(tune), flush=True)


def _as_text(tune: Tune) -> str:
    per_character = -float(tune.log_prob.mean()) if len(tune.log_prob) else 0.0
    end = "" if tune.ended else ", cut at max_chars"
    return f"--- tune {tune.index}: {len(tune.text)} characters{end}, {per_character:.2f} nats each\n{tune.text}\n"


def composed(folder: Path) -> str:
    """How to sample more, two tunes, and what form many have, as text; the run's page has the first."""
    network = load(folder, accelerator="cpu")
    tunes = network.sample(COMPOSED if network.model.inputs else OF_CHARACTERS_ALONE, **network.recommended)
    settings = " ".join(f"{name}={value:g}" for name, value in network.recommended.items())
    more = command_line(typed_command("sample"), [f"ckpt={folder}", settings or "constraint=bars"])
    why = "" if settings else " (only well-formed ones; without it as here)"
    lines = [f"more      {more}{why}", f"tunes     two of {len(tunes)} at {settings or 'temperature 1'}, none picked\n"]
    usual = defaults("sample") | network.recommended | {"num_tunes": ON_PAGE}
    sampling = build(Sampling, {name: usual[name] for name in Sampling.__dataclass_fields__})
    _write_page(folder / "index.html", network, tunes[:ON_PAGE], sampling, folder.name, folder)
    return "\n".join([*lines, *map(_as_text, tunes[:2]), _quality(tunes, folder), ""])


def _print_scores(samples: SamplesFolder) -> None:
    """What could not be engraved, and why."""
    formats = samples.engraved_formats
    for error, kinds in samples.missing.items():
        lost = [kind for kind in formats if kind in kinds]
        which = "none" if lost == formats else f"no {', '.join(lost)}"
        print(f"scores    {which}: {error}; install what is missing, or leave {', '.join(lost)} out of formats=[…]")
    if samples.without_score and not samples.missing:
        count = f"{samples.without_score} of {len(samples.tunes)}"
        print(f"scores    {count} tunes have none, or not all of it: the picture says why")


def _quality(tunes: Sequence[Tune], run_folder: Path) -> str:
    """How many are well-formed, beside the human tunes that the run never saw, where its folder tells of them."""
    human: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, LookupError):
        human = run.read_json(run_folder / "data.json")["human"]
    readings = [tune.reading for tune in tunes]
    sampled = quality.summarize(readings) | form.summarize(readings)
    well_formed = round(sampled["well_formed"] * len(tunes))
    lines = [f"quality   {well_formed} of {len(tunes)} well-formed{_beside(human, 'well_formed', '.0%')}"]
    for key, words, digits in (
        ("key_missing", "without K:", ".0%"),
        ("junk_per_100_notes", "junk per 100 notes", ".1f"),
        ("bar_fit", "bars that fit", ".0%"),
        ("square", "all parts of 8 or 16 bars", ".0%"),
        ("returns", "bars that return", ".0%"),
        ("phrases", "phrases of four bars that return", ".0%"),
        ("tonic", "ends on the tonic", ".0%"),
    ):
        if sampled[key] is not None:
            lines.append(f"{'':<10}{words} {sampled[key]:{digits}}{_beside(human, key, digits)}")
    return "\n".join(lines)


def _beside(human: Mapping[str, Any], key: str, digits: str) -> str:
    return f" (human {human[key]:{digits}})" if human.get(key) is not None else ""
