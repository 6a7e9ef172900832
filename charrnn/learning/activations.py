"""The activation of every unit at every character of given tunes, and the loss without some units (ablation).

B tunes at once, T time, L layers, H hidden, U = L · H units: unit u is unit u mod H of layer u div H, from 0, the
lowest layer first. V alphabet, n characters of all tunes together, marks left out.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from charrnn.learning.inputs import InputEncoder
from charrnn.learning.model import CharRNN, run
from charrnn.learning.vocab import Vocabulary

_ROWS = 3200  # that step together, tunes times ablated units: more would not be faster
_TUNES_AT_ONCE = 64


@dataclass(frozen=True)
class Trace:
    """After each of n characters: `activations` (n, U), and `log_prob` (n, V) in nats of every possible next character.

    `next` (n,) are the ids of the characters that follow; the end mark follows every tune's last one.
    """

    activations: np.ndarray
    log_prob: np.ndarray
    next: np.ndarray

    @property
    def loss(self) -> np.ndarray:
        """Nats of the character that follows, (n,)."""
        return -np.take_along_axis(self.log_prob, self.next[:, None], 1)[:, 0]


def units(model: CharRNN) -> int:
    return len(model.layers) * model.output.in_features


def trace(model: CharRNN, vocab: Vocabulary, tunes: Sequence[str]) -> Trace:
    """Read each tune from its start mark; characters outside the alphabet raise UserError.

    In double precision: in single, tunes read beside others differ from tunes read alone by 3e-6.
    """
    model = copy.deepcopy(model).double()
    parts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for numbers, ids, following in _batches(vocab, tunes, _TUNES_AT_ONCE):
        with torch.inference_mode():
            outputs, log_prob = map(
                torch.stack, zip(*_steps(model, vocab, ids, _beside(model, vocab, ids)), strict=True)
            )
            activations = outputs.transpose(1, 2).flatten(2)  # (T, B, U)
        for column, number in enumerate(numbers):
            here = slice(1, len(tunes[number]) + 1)  # behind the start mark
            of_tune = [values[here, column].numpy() for values in (activations, log_prob, following)]
            parts[number] = of_tune[0].astype(np.float32), of_tune[1].astype(np.float32), of_tune[2].copy()
    return Trace(*(np.concatenate(arrays) for arrays in zip(*(parts[i] for i in range(len(tunes))), strict=True)))


def ablated_losses(
    model: CharRNN, vocab: Vocabulary, tunes: Sequence[str], ablated: Sequence[int], means: np.ndarray
) -> np.ndarray:
    """Nats of the character that follows, (len(ablated), n), with one unit at a time held at its mean.

    From the start mark on, the output of unit u is `means[u]`: at every step it is replaced before the next step, the
    layer above and the logits read it. The cell state of an lstm is left alone: only the unit's own output reads it.
    """
    starts = np.cumsum([0, *map(len, tunes)])
    losses = np.empty((len(ablated), starts[-1]), np.float32)
    units_at_once = max(1, _ROWS // _TUNES_AT_ONCE)
    for begin in range(0, len(ablated), units_at_once):
        some = torch.tensor(ablated[begin : begin + units_at_once])
        for numbers, ids, following in _batches(vocab, tunes, _TUNES_AT_ONCE):
            rows = some.repeat_interleave(len(numbers))
            repeated, targets = ids.repeat(1, len(some)), following.repeat(1, len(some))
            beside = _beside(model, vocab, ids).repeat(1, len(some), 1)
            values = torch.from_numpy(means)[rows].float()
            with torch.inference_mode():
                steps = zip(_steps(model, vocab, repeated, beside, rows, values), targets, strict=True)
                parts = [-log_prob.gather(1, row[:, None])[:, 0] for (_, log_prob), row in steps]
            loss = torch.stack(parts).unflatten(1, (len(some), len(numbers))).numpy()
            for column, number in enumerate(numbers):
                start, end = starts[number : number + 2]
                losses[begin : begin + len(some), start:end] = loss[1 : end - start + 1, :, column].T
    return losses


def _beside(model: CharRNN, vocab: Vocabulary, ids: Tensor) -> Tensor:
    """The inputs (T, B, I) beside ids (T, B)."""
    inputs = InputEncoder(model.inputs, vocab)
    return torch.from_numpy(np.stack([inputs.read(column) for column in ids.t().numpy()], 1))


def _steps(
    model: CharRNN,
    vocab: Vocabulary,
    ids: Tensor,
    beside: Tensor,
    ablated: Tensor | None = None,
    values: Tensor | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Outputs (L, B, H) and log-probabilities (B, V) of what follows, after every row of ids (T, B).

    Of tune b, unit `ablated[b]` is held at `values[b]`.
    """
    hidden = model.output.in_features
    state = model.zero_state(ids.shape[1])
    for row, inputs in zip(ids[:, None], beside[:, None], strict=True):
        below, after = model.read(row, inputs), []
        for number, (layer, before) in enumerate(zip(model.layers, state, strict=True)):
            _, last = run(layer, below, before)
            if ablated is not None and values is not None:
                rows = torch.nonzero(ablated // hidden == number)[:, 0]
                last = last.clone()
                last[0, rows, ablated[rows] % hidden] = values[rows]
            below = last[:1]
            after.append(last)
        state = torch.stack(after)
        logits = model.logits(below, row, inputs)[0]
        logits[:, vocab.start] = -torch.inf  # a tune begins once
        yield state[:, 0], torch.log_softmax(logits, -1)


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
