"""Sampling: many tunes at once, each from its own random numbers, until the network ends it."""

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from charrnn.config import defaults
from charrnn.errors import UserError
from charrnn.learning.inputs import InputEncoder, InputReader
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.tune import Tune

# Tunes that step together, whatever their number: a product of another width gives other last bits, and a tune would
# depend on how many are sampled beside it.
WIDTH = 128
# Characters and random numbers that a tune keeps in the arrays; memory does not grow with the longest tune.
PAGE = 256
MAX_CHARS: int = defaults("sample")["max_chars"]


class Grammar(Protocol):
    """Says which characters may come next. Its states are (K, B), one column a tune; `start` (K,) is the first."""

    start: np.ndarray

    def allowed(self, state: np.ndarray) -> np.ndarray:
        """(B, V) bool, at least one in every row."""

    def advance(self, state: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """The states (K, B) after one more character each, (B,)."""


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
    """Sample `num_tunes` tunes, or `only` those of these numbers; each comes as soon as all before it are done.

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
    grammar_states = np.zeros((0, width), np.int64) if grammar is None else np.repeat(grammar.start[:, None], width, 1)
    state = model.zero_state(width)
    reader = InputReader(InputEncoder(model.inputs, vocab), width)
    done: dict[int, Tune] = {}
    waiting = iter(numbers)
    next_number = next(waiting, None)
    while len(fresh := slots.fill()) or slots.busy.any():
        with torch.inference_mode():
            state[:, :, fresh] = 0
            reader.begin(fresh)
            beside = [torch.from_numpy(reader.values[:, None]).to(device)] if model.inputs else []
            logits, state = model(torch.from_numpy(slots.last[:, None]).to(device), state, *beside)
            logits = logits[:, -1].float().cpu()
            log_prob = torch.log_softmax(logits, -1).numpy()
            logits[:, vocab.start] = -math.inf  # a tune begins once
            uniform = torch.from_numpy(slots.uniform())
            if grammar is None:
                chosen = choose(logits, temperature, top_k, top_p, uniform, min_p).numpy()
            else:
                if len(fresh):
                    grammar_states[:, fresh] = grammar.start[:, None]
                allowed = torch.from_numpy(grammar.allowed(grammar_states))
                probability, ruled_out = _restricted(allowed, logits, temperature)
                chosen = _invert(probability, top_k, top_p, min_p, uniform).numpy()
            if len(forced):
                inside = slots.length < len(forced)
                chosen[inside], ruled_out[inside] = forced[slots.length[inside]], 0
        log_prob = log_prob[slots.rows, chosen]
        ended = chosen == vocab.end
        if grammar is not None:
            grammar_states = grammar.advance(grammar_states, chosen)
        slots.append(chosen, log_prob, ruled_out)
        if model.inputs:
            reader.read(np.flatnonzero(slots.busy & ~ended), [vocab.characters[one] for one in chosen])
        for row in np.flatnonzero(slots.busy & (ended | (slots.length - ended == max_chars))):
            index, ids, *probabilities = slots.release(int(row))
            text = vocab.decode(ids[:-1] if ended[row] else ids)
            done[index] = Tune(text, index, bool(ended[row]), probabilities[0], probabilities[1], strict=True)
        while next_number in done:
            yield done.pop(next_number)
            next_number = next(waiting, None)


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
    return _invert(_probability(logits, temperature), top_k, top_p, min_p, uniform)


def _invert(
    probability: Tensor, top_k: int | None, top_p: float | None, min_p: float | None, uniform: Tensor
) -> Tensor:
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
    thresholds = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, thresholds, right=True).squeeze(-1).clamp_(max=probability.shape[-1] - 1)


def _probability(logits: Tensor, temperature: float) -> Tensor:
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).float()
    if temperature < 1e-3:  # the largest goes first, or all would be infinite
        logits, temperature = logits - logits.amax(-1, keepdim=True), max(temperature, 1e-30)
    return torch.softmax(logits / temperature, -1)


def _restricted(allowed: Tensor, logits: Tensor, temperature: float) -> tuple[Tensor, np.ndarray]:
    """What is left of the probabilities (B, V), and how much is not (B,)."""
    probability = _probability(logits, temperature)
    left = probability * allowed
    share = left.sum(-1, keepdim=True)
    if (share == 0).any():  # the network gives all that is allowed a probability of 0
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
        self._uniform = np.zeros((width, PAGE))
        self._ids, self._scores = np.zeros((width, PAGE), np.int64), np.zeros((2, width, PAGE), np.float32)
        self._full: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(width)]

    def fill(self) -> np.ndarray:
        """Put waiting tunes into free places; their rows."""
        started = list(zip(np.flatnonzero(~self.busy), self._waiting, strict=False))
        for row, number in started:
            key = np.array([self.seed, number], dtype=np.uint64)
            self._random[row] = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, self.attempt]))
            self.busy[row], self.index[row] = True, number
            self.last[row], self.length[row] = self.start, 0
        return np.array([row for row, _ in started], dtype=np.int64)

    def uniform(self) -> np.ndarray:
        """The next random number of every place, float64 in [0, 1)."""
        page_begins = self.busy & (self.length % PAGE == 0)
        if page_begins.any():
            for row in np.flatnonzero(page_begins):
                if self.length[row]:
                    self._full[row].append((self._ids[row].copy(), self._scores[:, row].copy()))
                self._uniform[row] = self._random[row].random(PAGE)  # type: ignore[union-attr]
        return self._uniform[self.rows, self.length % PAGE]

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
