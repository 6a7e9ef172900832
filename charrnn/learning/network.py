"""A trained network as something to use: it samples tunes and says how likely it finds a text."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from charrnn.config import Sampling, build, defaults
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.inputs import InputEncoder
from charrnn.learning.model import CharRNN
from charrnn.learning.rejection import sample_well_formed
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import END, START, Vocabulary
from charrnn.music.canonical import key_name, white_tonic, with_drawn_key, with_tonic
from charrnn.music.constraint import LEVELS, Constraint
from charrnn.music.notation.fields import read_key
from charrnn.music.tune import Tune

_DEFAULTS = defaults("sample")
_CHUNK = 4096  # characters that are scored at once


class Sampled(NamedTuple):
    """A tune's number and the tries it took; no tune where all of them failed (constraint="reject")."""

    number: int
    tune: Tune | None
    tries: int


class Network:
    """A trained network: `model` is the torch module in eval mode, `vocab` its alphabet."""

    def __init__(self, model: CharRNN, vocab: Vocabulary):
        self.model, self.vocab = model, vocab

    def __repr__(self) -> str:
        model = self.model
        hidden, layers = model.output.in_features, len(model.layers)
        return f"Network(cell={model.cell}, hidden={hidden}, layers={layers}, alphabet={len(self.vocab)})"

    @property
    def recommended(self) -> dict[str, Any]:
        """The settings of `sample` that bring such a network nearest to human tunes (docs/inputs.md).

        A network of characters alone, the paper's, is sampled as it is.
        """
        return {"min_p": 0.1} if self.model.inputs else {}

    def sample(
        self,
        num_tunes: int = _DEFAULTS["num_tunes"],
        *,
        temperature: float = _DEFAULTS["temperature"],
        constraint: str = _DEFAULTS["constraint"],
        key: str | None = _DEFAULTS["key"],
        meter: str | None = _DEFAULTS["meter"],
        rhythm: str | None = _DEFAULTS["rhythm"],
        title: str | None = _DEFAULTS["title"],
        seed: int = _DEFAULTS["seed"],
        prompt: str = _DEFAULTS["prompt"],
        top_k: int | None = _DEFAULTS["top_k"],
        top_p: float | None = _DEFAULTS["top_p"],
        min_p: float | None = _DEFAULTS["min_p"],
        max_chars: int = _DEFAULTS["max_chars"],
        max_tries: int = _DEFAULTS["max_tries"],
    ) -> list[Tune]:
        """Sample tunes: the same ones, character by character, as sample.py with the same settings.

        `temperature` divides the logits: 1 is what the network learned, lower is safer, 0 takes the likeliest
        character. `constraint` is "none", "header", "syntax" or "bars" (only what the grammar allows), or "reject"
        (each tune anew, up to `max_tries` times, until one is well-formed; a tune that never is, is left out with a
        warning). `key`, `meter`, `rhythm` and `title` are what every tune's header says; they need "header", "syntax"
        or "bars". Every tune begins with `prompt` and has at most `max_chars` characters. `top_k`, `top_p` and `min_p`
        leave only the likeliest characters. A network that was trained with data.key=white writes tunes without key
        signature, to which `log_prob` belongs. They are moved to keys as its collection has them, or to `key`, in whose
        mode their header is then kept. Raises UserError for settings that cannot be.

        >>> network = charrnn.load("runs/demo")
        >>> tunes = network.sample(2, constraint="bars", key="Gm", meter="6/8", seed=1)
        >>> [tune.well_formed for tune in tunes]
        [True, True]
        """
        values = {name: value for name, value in locals().items() if name != "self"}
        settings = build(Sampling, {n: v.item() if isinstance(v, np.generic) else v for n, v in values.items()})
        with _one_thread():
            results = list(self.stream(settings))
        if failed := [result.number for result in results if result.tune is None]:
            warnings.warn(
                f"{len(failed)} of {num_tunes} tunes are left out: none of {max_tries} tries was well-formed; "
                "raise max_tries, or lower temperature",
                stacklevel=2,
            )
        return [result.tune for result in results if result.tune is not None]

    def stream(self, settings: Sampling) -> Iterator[Sampled]:
        """The tunes of `sample`, each as soon as all before it are done."""
        common: dict[str, Any] = {
            name: getattr(settings, name)
            for name in ("temperature", "num_tunes", "seed", "prompt", "top_k", "top_p", "min_p", "max_chars")
        }
        fields = header_fields(settings)
        tonic = None
        if self.model.tonics and settings.key is not None:
            key = read_key(settings.key)
            if key is None or key.tonic in ("", "HP"):
                raise UserError(f"key: expected a key such as Gm, D or Ador, got {settings.key!r}")
            tonic, fields["K"] = key.tonic, key_name(key._replace(tonic=white_tonic(key)))
        level = settings.constraint
        if tonic is not None and fields.keys() == {"K"} and level == "none" and "\nK:" not in settings.prompt:
            level = "header"  # or a tune in major would be moved to the tonic of a minor key
        if level in LEVELS:
            alphabet = self.vocab.characters
            common["grammar"] = Constraint(level, alphabet, END, settings.max_chars, fields)
        elif fields.keys() - ({"K"} if self.model.tonics else set()):
            raise UserError(
                f"expected title=, key=, meter= and rhythm= with constraint=header, syntax or bars, got constraint="
                f"{settings.constraint}; choose one of these, or write them into prompt="
            )
        if settings.constraint == "reject":
            results = sample_well_formed(self.model, self.vocab, max_tries=settings.max_tries, **common)
        else:
            results = ((tune.index, tune, 1) for tune in sample(self.model, self.vocab, **common))
        for number, tune, tries in results:
            yield Sampled(number, None if tune is None else self._in_key(tune, tonic, settings.seed), tries)

    def _in_key(self, tune: Tune, tonic: str | None, seed: int) -> Tune:
        """The tune of a network that knows white keys alone on this tonic, or on one as its collection has them."""
        if not self.model.tonics:
            return tune
        if tonic is not None:
            return replace(tune, text=with_tonic(tune.text, tonic))
        chance = np.random.Generator(
            np.random.Philox(key=np.array([seed, tune.index], np.uint64), counter=[0, 0, 1, 0])
        )
        return replace(tune, text=with_drawn_key(tune.text, self.model.tonics, chance.random()))

    def nats_per_character(self, text: str) -> float:
        """The network's mean loss on a text that begins as a tune does; the end mark is not counted.

        Raises UserError for an empty text and for characters that are not in the alphabet.

        >>> network = charrnn.load("runs/demo")
        >>> 0 < network.nats_per_character("X:1\\nT:The") < 10
        True
        """
        if not text:
            raise UserError("text: expected at least one character, got none")
        ids = torch.from_numpy(self.vocab.encode(START + text))[None].to(next(self.model.parameters()).device)
        beside = torch.from_numpy(InputEncoder(self.model.inputs, self.vocab).read(ids[0].cpu().numpy()))[None].to(
            ids.device
        )
        total, state = 0.0, None
        with torch.inference_mode():
            for begin in range(0, len(text), _CHUNK):
                targets = ids[0, begin + 1 : begin + 1 + _CHUNK]
                rows = slice(begin, begin + len(targets))
                logits, state = self.model(ids[:, rows], state, beside[:, rows])
                total += float(F.cross_entropy(logits[0].double(), targets, reduction="sum"))
        return total / len(text)


def load(path: str | os.PathLike[str], *, accelerator: str = "auto") -> Network:
    """The network in a checkpoint file, or the best one of a run folder; `accelerator` is "auto", "cpu" or "gpu".

    Raises UserError where there is no checkpoint of charrnn. No code in a checkpoint is run; a network with a cell of a
    user's own imports that class.

    >>> charrnn.load("runs/demo")
    Network(cell=rnn, hidden=20, layers=1, alphabet=...)
    """
    model, vocab = checkpoint.load_model(os.fspath(path))
    return Network(model.to(_device(accelerator)), vocab)


def header_fields(settings: Sampling) -> dict[str, str]:
    """The header fields that every tune must have, by their letters."""
    fields = {"K": settings.key, "M": settings.meter, "R": settings.rhythm, "T": settings.title}
    return {letter: value for letter, value in fields.items() if value is not None}


def _device(accelerator: str) -> str:
    if accelerator not in ("auto", "cpu", "gpu"):
        raise UserError(f"accelerator: expected auto, cpu or gpu, got {accelerator!r}; give one of them")
    if accelerator == "gpu" and not torch.cuda.is_available():
        raise UserError("accelerator: expected a GPU, but torch finds none here; use accelerator=auto")
    return "cuda" if accelerator != "cpu" and torch.cuda.is_available() else "cpu"


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """As sample.py: more threads are slower at these sizes, and sum up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(_DEFAULTS["threads"])
    try:
        yield
    finally:
        torch.set_num_threads(before)
