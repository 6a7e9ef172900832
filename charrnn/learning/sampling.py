"""Composing: many tunes at once, each from its own random numbers, until the network says that it ends."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from charrnn.errors import UserError
from charrnn.learning.inputs import Inputs, Reader
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

# Tunes that step together, whatever their number: a product of another width gives other last bits, and a tune would
# depend on how many are drawn beside it.
WIDTH = 128
# Characters and random numbers kept per tune before they are put away: memory does not grow with the longest tune.
PAGE = 256
MAX_CHARS = 2000  # five times the median tune of the bundled collections; conf/sample.yaml's default


class Grammar(Protocol):
    """Says which characters may come next. Its states are (K, B), one column a tune; `start` (K,) is the first."""

    start: np.ndarray

    def allowed(self, state: np.ndarray) -> np.ndarray:
        """(B, V) bool, at least one in every row."""

    def advance(self, state: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """The states (K, B) after one more character each, (B,)."""


@dataclass(frozen=True)
class Tune:
    """A composed tune.

    `log_prob` holds, for each character of `text` and then for the end mark where the tune `ended`, the logarithm
    (nats, at temperature 1) of the probability that the network gave it. `ruled_out` holds for each of them the
    probability, at the temperature of the tune, of what the grammar did not allow there; their sum is how many
    characters the grammar can be expected to have changed.
    """

    index: int
    text: str
    ended: bool
    log_prob: np.ndarray
    ruled_out: np.ndarray


def sample(
    model: CharRNN,
    vocab: Vocabulary,
    *,
    temperature: float,
    num_tunes: int,
    seed: int,
    prompt: str = "",
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    max_chars: int = MAX_CHARS,
    width: int = WIDTH,
    grammar: Grammar | None = None,
    only: Sequence[int] | None = None,
    attempt: int = 0,
) -> Iterator[Tune]:
    """Compose `num_tunes` tunes, or `only` those of these numbers, and give each as soon as all before it are done.

    Tune i depends on `seed`, i and `attempt`, not on `num_tunes`. The prompt is part of the text and its `max_chars`.
    `temperature` divides the logits; 0 takes the likeliest character. `top_k` and `top_p` leave only the k likeliest
    characters, and of these the fewest whose probability reaches p (Holtzman et al. 2020, "nucleus sampling"); `min_p`
    only those that are at least this share as likely as the likeliest (Nguyen et al. 2024, "Min-p sampling").
    """
    if not (math.isfinite(temperature) and temperature >= 0):
        raise UserError(f"temperature: expected a number of at least 0, got {temperature}; give temperature=…")
    forced = vocab.encode(prompt, "prompt")
    if {vocab.start, vocab.end} & set(forced.tolist()):
        raise UserError("prompt: expected text, got one of the marks that begin and end a tune; leave it out")
    if len(forced) > max_chars:
        raise UserError(
            f"max_chars: expected at least the prompt's {len(forced)} characters, got {max_chars}; raise it"
        )
    if grammar is not None:
        _check_prompt(grammar, prompt, forced)
    device = next(model.parameters()).device
    numbers = range(num_tunes) if only is None else only
    ruled_out = np.zeros(width)
    slots = _Slots(numbers, seed, attempt, vocab.start, width)
    written = np.zeros((0, width), np.int64) if grammar is None else np.repeat(grammar.start[:, None], width, 1)
    state = model.zero_state(width)
    reader = Reader(Inputs(model.inputs, vocab), width)
    done: dict[int, Tune] = {}
    waiting = iter(numbers)
    given = next(waiting, None)
    while len(fresh := slots.fill()) or slots.busy.any():
        with torch.inference_mode():
            state[:, :, fresh] = 0
            reader.begin(fresh)
            beside = torch.from_numpy(reader.values[:, None]).to(device)
            logits, state = model(torch.from_numpy(slots.last[:, None]).to(device), state, beside)
            logits = logits[:, -1].float().cpu()
            log_prob = torch.log_softmax(logits, -1).numpy()
            logits[:, vocab.start] = -math.inf  # a tune begins once
            uniform = torch.from_numpy(slots.uniform())
            if grammar is None:
                chosen = choose(logits, temperature, top_k, top_p, uniform, min_p).numpy()
            else:
                if len(fresh):
                    written[:, fresh] = grammar.start[:, None]
                probability, ruled_out = _within(torch.from_numpy(grammar.allowed(written)), logits, temperature)
                chosen = _drawn(probability, top_k, top_p, min_p, uniform).numpy()
            if len(forced):
                inside = slots.length < len(forced)
                chosen[inside], ruled_out[inside] = forced[slots.length[inside]], 0
        log_prob = log_prob[slots.rows, chosen]
        ended = chosen == vocab.end
        if grammar is not None:
            written = grammar.advance(written, chosen)
        slots.append(chosen, log_prob, ruled_out)
        if model.inputs:
            reader.read(np.flatnonzero(slots.busy & ~ended), [vocab.characters[one] for one in chosen])
        for row in np.flatnonzero(slots.busy & (ended | (slots.length - ended == max_chars))):
            index, ids, scores, lost = slots.release(int(row))
            text = vocab.decode(ids[:-1] if ended[row] else ids)
            done[index] = Tune(index, text, bool(ended[row]), scores, lost)
        while given in done:
            yield done.pop(given)
            given = next(waiting, None)


def _check_prompt(grammar: Grammar, prompt: str, ids: np.ndarray) -> None:
    state = grammar.start[:, None]
    for place, one in enumerate(ids):
        if not grammar.allowed(state)[0, one]:
            raise UserError(
                f"prompt: expected a beginning that the constraint allows, got {prompt[place]!r} behind "
                f"{prompt[:place][-20:]!r}; change it, or loosen the constraint"
            )
        state = grammar.advance(state, ids[place : place + 1])


def choose(
    logits: Tensor,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    uniform: Tensor,
    min_p: float | None = None,
) -> Tensor:
    """One id a row of logits (B, V), from uniform numbers (B,) in [0, 1): the inverted cumulative distribution."""
    if temperature == 0:
        return logits.argmax(-1)
    return _drawn(_probability(logits, temperature), top_k, top_p, min_p, uniform)


def _drawn(probability: Tensor, top_k: int | None, top_p: float | None, min_p: float | None, uniform: Tensor) -> Tensor:
    if min_p is not None:
        probability = probability * (probability >= min_p * probability.amax(-1, keepdim=True))
    if top_k is not None or top_p is not None:
        descending, ids = torch.sort(probability, dim=-1, descending=True, stable=True)
        if top_k is not None:
            descending[:, top_k:] = 0
        if top_p is not None and top_p < 1:
            before = descending.cumsum(-1) - descending
            descending[before >= top_p * descending.sum(-1, keepdim=True)] = 0
        probability = torch.zeros_like(probability).scatter_(-1, ids, descending)
    cumulative = probability.cumsum(-1, dtype=torch.float64)
    wanted = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, wanted, right=True).squeeze(-1).clamp_(max=probability.shape[-1] - 1)


def _probability(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    if temperature < 1e-3:  # the largest goes first, or all would be infinite
        logits, temperature = logits - logits.amax(-1, keepdim=True), max(temperature, 1e-30)
    return torch.softmax(logits / temperature, -1)


def _within(allowed: Tensor, logits: Tensor, temperature: float) -> tuple[Tensor, np.ndarray]:
    """What is left of the probabilities (B, V), and how much is not (B,)."""
    probability = _probability(logits, temperature)
    left = probability * allowed
    share = left.sum(-1, keepdim=True)
    if (share == 0).any():  # of all that is allowed the network thought nothing
        left = torch.where(share == 0, _probability(logits.masked_fill(~allowed, -math.inf), temperature), left)
    return left, 1 - share[:, 0].numpy()


class _Slots:
    """`width` places in which tunes grow. A free place takes the next tune, so all stay busy; which place that is
    follows from the tunes before it alone."""

    def __init__(self, numbers: Sequence[int], seed: int, attempt: int, start: int, width: int):
        self._waiting, self.seed, self.attempt, self.start = iter(numbers), seed, attempt, start
        self.rows = np.arange(width)
        self.busy = np.zeros(width, dtype=bool)
        self.last = np.full(width, start, dtype=np.int64)
        self.length = np.zeros(width, dtype=np.int64)
        self.index = np.zeros(width, dtype=np.int64)
        self._random: list[np.random.Generator | None] = [None] * width
        self._drawn = np.zeros((width, PAGE))
        self._ids, self._scores = np.zeros((width, PAGE), np.int64), np.zeros((2, width, PAGE), np.float32)
        self._full: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(width)]

    def fill(self) -> np.ndarray:
        """Put waiting tunes into free places; their rows."""
        begun = list(zip(np.flatnonzero(~self.busy), self._waiting, strict=False))
        for row, number in begun:
            key = np.array([self.seed, number], dtype=np.uint64)
            self._random[row] = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, self.attempt]))
            self.busy[row], self.index[row] = True, number
            self.last[row], self.length[row] = self.start, 0
        return np.array([row for row, _ in begun], dtype=np.int64)

    def uniform(self) -> np.ndarray:
        """The next random number of every place, float64 in [0, 1)."""
        page_begins = self.busy & (self.length % PAGE == 0)
        if page_begins.any():
            for row in np.flatnonzero(page_begins):
                if self.length[row]:
                    self._full[row].append((self._ids[row].copy(), self._scores[:, row].copy()))
                self._drawn[row] = self._random[row].random(PAGE)  # type: ignore[union-attr]
        return self._drawn[self.rows, self.length % PAGE]

    def append(self, ids: np.ndarray, log_prob: np.ndarray, ruled_out: np.ndarray) -> None:
        at = self.length % PAGE
        self._ids[self.rows, at] = ids
        self._scores[0, self.rows, at], self._scores[1, self.rows, at] = log_prob, ruled_out
        self.last[:] = ids
        self.length += 1

    def release(self, row: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        """Free a place; its tune's number, ids, log-probabilities and what was ruled out."""
        used = (self.length[row] - 1) % PAGE + 1
        pages = [*self._full[row], (self._ids[row, :used], self._scores[:, row, :used])]
        ids, scores = (np.concatenate(parts, -1) for parts in zip(*pages, strict=True))
        self.busy[row], self._full[row] = False, []
        return int(self.index[row]), ids, *scores
