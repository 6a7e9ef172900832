"""What every unit of a network does at every character of given tunes, and what becomes of its guesses without some.

B tunes at once, T time, L layers, H hidden, U = L · H units: unit u is unit u mod H of layer u div H, from 0, the
lowest layer first. V alphabet, n characters of all tunes together, marks left out.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from charrnn.learning.inputs import Inputs
from charrnn.learning.model import CharRNN, run
from charrnn.learning.vocab import Vocabulary

ROWS = 3200  # that step together, tunes times held units: more would not be faster
TUNES_AT_ONCE = 64


@dataclass(frozen=True)
class Trace:
    """After each of n characters: `activations` (n, U), and `log_prob` (n, V), nats of whatever may come next.

    `next` (n,) are the ids of what does come, the end mark behind every tune's last character.
    """

    activations: np.ndarray
    log_prob: np.ndarray
    next: np.ndarray

    @property
    def loss(self) -> np.ndarray:
        """Nats of the character that comes next, (n,)."""
        return -np.take_along_axis(self.log_prob, self.next[:, None], 1)[:, 0]


def units(model: CharRNN) -> int:
    return len(model.layers) * model.output.in_features


def trace(model: CharRNN, vocab: Vocabulary, tunes: Sequence[str]) -> Trace:
    """Read each tune from its start mark; characters outside the alphabet raise UserError.

    In double precision: in single, tunes read beside others differ from tunes read alone by 3e-6.
    """
    model = copy.deepcopy(model).double()
    parts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for numbers, ids, following in _batches(vocab, tunes, TUNES_AT_ONCE):
        with torch.inference_mode():
            steps = list(_steps(model, ids, _beside(model, vocab, ids)))
            log_prob = torch.stack([_log_prob(model, vocab, step[-1]) for step in steps])
            activations = torch.stack(steps).transpose(1, 2).flatten(2)  # (T, B, U)
        for column, number in enumerate(numbers):
            here = slice(1, len(tunes[number]) + 1)  # behind the start mark
            kept = (activations, log_prob, following)
            activity, logarithms, ids_next = (values[here, column].numpy() for values in kept)
            parts[number] = activity.astype(np.float32), logarithms.astype(np.float32), ids_next.copy()
    return Trace(*(np.concatenate(some) for some in zip(*(parts[i] for i in range(len(tunes))), strict=True)))


def losses_without(
    model: CharRNN, vocab: Vocabulary, tunes: Sequence[str], held: Sequence[int], means: np.ndarray
) -> np.ndarray:
    """Nats of the character that comes next, (len(held), n), where one unit at a time stands still.

    From the start mark on, unit u is `means[u]` whatever it computes: at every step its output is replaced before the
    next step, the layer above and the logits read it. The cell of an lstm is left alone: only its output reads it.
    """
    n = np.cumsum([0, *map(len, tunes)])
    found = np.empty((len(held), n[-1]), np.float32)
    wide = max(1, ROWS // TUNES_AT_ONCE)
    for begin in range(0, len(held), wide):
        some = torch.tensor(held[begin : begin + wide])
        for numbers, ids, following in _batches(vocab, tunes, TUNES_AT_ONCE):
            rows = some.repeat_interleave(len(numbers))
            repeated, targets = ids.repeat(1, len(some)), following.repeat(1, len(some))
            beside = _beside(model, vocab, ids).repeat(1, len(some), 1)
            values = torch.from_numpy(means)[rows].float()
            with torch.inference_mode():
                steps = zip(_steps(model, repeated, beside, rows, values), targets, strict=True)
                parts = [-_log_prob(model, vocab, step[-1]).gather(1, t[:, None])[:, 0] for step, t in steps]
            loss = torch.stack(parts).unflatten(1, (len(some), len(numbers))).numpy()
            for column, number in enumerate(numbers):
                length = len(tunes[number])
                found[begin : begin + len(some), n[number] : n[number] + length] = loss[1 : length + 1, :, column].T
    return found


def _beside(model: CharRNN, vocab: Vocabulary, ids: Tensor) -> Tensor:
    """The inputs (T, B, I) beside ids (T, B)."""
    inputs = Inputs(model.inputs, vocab)
    return torch.from_numpy(np.stack([inputs.read(column) for column in ids.t().numpy()], 1))


def _steps(
    model: CharRNN, ids: Tensor, beside: Tensor, held: Tensor | None = None, values: Tensor | None = None
) -> Iterator[Tensor]:
    """The outputs (L, B, H) after every row of ids (T, B); of tune b, unit `held[b]` is kept at `values[b]`."""
    hidden = model.output.in_features
    state = model.zero_state(ids.shape[1])
    for row, inputs in zip(ids[:, None], beside[:, None], strict=True):
        below, after = model.read(row, inputs), []
        for number, (layer, before) in enumerate(zip(model.layers, state, strict=True)):
            _, last = run(layer, below, before)
            if held is not None and values is not None:
                rows = torch.nonzero(held // hidden == number)[:, 0]
                last = last.clone()
                last[0, rows, held[rows] % hidden] = values[rows]
            below = last[:1]
            after.append(last)
        state = torch.stack(after)
        yield state[:, 0]


def _log_prob(model: CharRNN, vocab: Vocabulary, hidden: Tensor) -> Tensor:
    logits = model.output(hidden)
    logits[:, vocab.start] = -torch.inf  # a tune begins once
    return torch.log_softmax(logits, -1)


def _batches(vocab: Vocabulary, tunes: Sequence[str], at_once: int) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Numbers of tunes of nearly one length, their ids (T, B) behind the start mark, and what follows each (T, B)."""
    ids = [vocab.encode(tune).tolist() for tune in tunes]
    by_length = sorted(range(len(tunes)), key=lambda number: len(ids[number]))
    for begin in range(0, len(tunes), at_once):
        numbers = by_length[begin : begin + at_once]
        whole = torch.full((len(ids[numbers[-1]]) + 2, len(numbers)), vocab.end)
        whole[0] = vocab.start
        for column, number in enumerate(numbers):
            whole[1 : len(ids[number]) + 1, column] = torch.tensor(ids[number], dtype=torch.int64)
        yield numbers, whole[:-1], whole[1:]
