"""Composing: many tunes at once, each from its own random numbers, until the network says that it ends."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

# Tunes that step together, whatever their number: a product of another width gives other last bits, and a tune would
# depend on how many are drawn beside it.
WIDTH = 128
# Characters and random numbers kept per tune before they are put away: memory does not grow with the longest tune.
PAGE = 256
MAX_CHARS = 2000  # five times the median tune of the bundled collections; conf/sample.yaml's default


@dataclass(frozen=True)
class Tune:
    """A composed tune.

    `log_prob` holds, for each character of `text` and then for the end mark where the tune `ended`, the logarithm
    (nats, at temperature 1) of the probability that the network gave it.
    """

    index: int
    text: str
    ended: bool
    log_prob: np.ndarray


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
    max_chars: int = MAX_CHARS,
    width: int = WIDTH,
) -> Iterator[Tune]:
    """Compose `num_tunes` tunes and give each as soon as it and all before it are done.

    Tune i depends on `seed` and i, not on `num_tunes`. The prompt is part of the text and of its `max_chars`.
    `temperature` divides the logits; 0 takes the likeliest character. `top_k` and `top_p` leave only the k likeliest
    characters, and of these the fewest whose probability reaches p (Holtzman et al. 2020, "nucleus sampling").
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
    device = next(model.parameters()).device
    slots = _Slots(num_tunes, seed, vocab.start, width)
    state = model.zero_state(width)
    done: dict[int, Tune] = {}
    given = 0
    while len(fresh := slots.fill()) or slots.busy.any():
        with torch.inference_mode():
            state[:, :, fresh] = 0
            logits, state = model(torch.from_numpy(slots.last[:, None]).to(device), state)
            logits = logits[:, -1].float().cpu()
            log_prob = torch.log_softmax(logits, -1).numpy()
            logits[:, vocab.start] = -math.inf  # a tune begins once
            chosen = choose(logits, temperature, top_k, top_p, torch.from_numpy(slots.uniform())).numpy()
            if len(forced):
                inside = slots.length < len(forced)
                chosen[inside] = forced[slots.length[inside]]
        log_prob = log_prob[slots.rows, chosen]
        ended = chosen == vocab.end
        slots.append(chosen, log_prob)
        for row in np.flatnonzero(slots.busy & (ended | (slots.length - ended == max_chars))):
            index, ids, scores = slots.release(int(row))
            text = vocab.decode(ids[:-1] if ended[row] else ids)
            done[index] = Tune(index, text, bool(ended[row]), scores)
        while given in done:
            yield done.pop(given)
            given += 1


def choose(logits: Tensor, temperature: float, top_k: int | None, top_p: float | None, uniform: Tensor) -> Tensor:
    """One id a row of logits (B, V), from uniform numbers (B,) in [0, 1): the inverted cumulative distribution."""
    if temperature == 0:
        return logits.argmax(-1)
    if temperature < 1e-3:  # the largest goes first, or all would be infinite
        logits, temperature = logits - logits.amax(-1, keepdim=True), max(temperature, 1e-30)
    probability = torch.softmax(logits / temperature, -1)
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
    return torch.searchsorted(cumulative, wanted, right=True).squeeze(-1).clamp_(max=logits.shape[-1] - 1)


class _Slots:
    """`width` places in which tunes grow. A free place takes the next tune, so all stay busy; which place that is
    follows from the tunes before it alone."""

    def __init__(self, num_tunes: int, seed: int, start: int, width: int):
        self.num_tunes, self.seed, self.start = num_tunes, seed, start
        self.begun = 0
        self.rows = np.arange(width)
        self.busy = np.zeros(width, dtype=bool)
        self.last = np.full(width, start, dtype=np.int64)
        self.length = np.zeros(width, dtype=np.int64)
        self.index = np.zeros(width, dtype=np.int64)
        self._random: list[np.random.Generator | None] = [None] * width
        self._drawn = np.zeros((width, PAGE))
        self._ids, self._scores = np.zeros((width, PAGE), np.int64), np.zeros((width, PAGE), np.float32)
        self._full: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(width)]

    def fill(self) -> np.ndarray:
        """Put waiting tunes into free places; their rows."""
        free = np.flatnonzero(~self.busy)[: self.num_tunes - self.begun]
        for row in free:
            self._random[row] = np.random.Generator(
                np.random.Philox(key=np.array([self.seed, self.begun], dtype=np.uint64))
            )
            self.busy[row], self.index[row] = True, self.begun
            self.last[row], self.length[row] = self.start, 0
            self.begun += 1
        return free

    def uniform(self) -> np.ndarray:
        """The next random number of every place, float64 in [0, 1)."""
        page_begins = self.busy & (self.length % PAGE == 0)
        if page_begins.any():
            for row in np.flatnonzero(page_begins):
                if self.length[row]:
                    self._full[row].append((self._ids[row].copy(), self._scores[row].copy()))
                self._drawn[row] = self._random[row].random(PAGE)  # type: ignore[union-attr]
        return self._drawn[self.rows, self.length % PAGE]

    def append(self, ids: np.ndarray, scores: np.ndarray) -> None:
        at = self.length % PAGE
        self._ids[self.rows, at], self._scores[self.rows, at] = ids, scores
        self.last[:] = ids
        self.length += 1

    def release(self, row: int) -> tuple[int, np.ndarray, np.ndarray]:
        """Free a place; its tune's number, ids and log-probabilities."""
        used = (self.length[row] - 1) % PAGE + 1
        pages = [*self._full[row], (self._ids[row, :used], self._scores[row, :used])]
        ids, scores = (np.concatenate(parts) for parts in zip(*pages, strict=True))
        self.busy[row], self._full[row] = False, []
        return int(self.index[row]), ids, scores
