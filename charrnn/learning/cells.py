"""Recurrent cells by name: torch's own, or a class of a user's by its dotted path.

T time, B batch, I inputs, H hidden, S state tensors (1; 2 where there is a cell beside the output, as in an LSTM).
"""

from typing import Any

import torch
from torch import Tensor, nn

from charrnn.errors import UserError
from charrnn.learning.user_class import import_class

CELLS: dict[str, type[nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def cell_class(name: str) -> type[nn.Module]:
    """The class that `name` means; UserError where it cannot be imported or is no torch.nn.Module."""
    if name in CELLS:
        return CELLS[name]
    return import_class("model.cell", name, nn.Module, f"{', '.join(CELLS)} or ")


def make_layer(name: str, inputs: int, hidden: int) -> tuple[nn.Module, int]:
    """One layer, and how many state tensors it carries.

    A user's class has torch's interface: `layer = Class(input_size, hidden_size)`, `outputs, state = layer(inputs,
    state)` with inputs (T, B, I) and outputs (T, B, H); state is one tensor (1, B, H) or a tuple of them, the first of
    them the last output; None stands for zeros. UserError where it has not.
    """
    kind: Any = cell_class(name)
    if kind in (nn.RNN, nn.GRU, nn.LSTM):
        return kind(inputs, hidden), 2 if kind is nn.LSTM else 1
    try:
        layer = kind(inputs, hidden)
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            outputs, state = layer(torch.zeros(2, 1, inputs), None)
            states = state if isinstance(state, tuple) else (state,)
            again, _ = layer(torch.zeros(1, 1, inputs), state)
    except Exception as error:  # whatever a user's code raises
        raise UserError(
            f"model.cell: expected {name} to work as torch.nn.GRU does, but it raises {type(error).__name__}: {error}; "
            "see docs/extending.md"
        ) from error
    shapes = [tuple(outputs.shape), *(tuple(s.shape) for s in states), tuple(again.shape)]
    expected = [(2, 1, hidden), *[(1, 1, hidden)] * len(states), (1, 1, hidden)]
    if shapes != expected or not torch.equal(outputs[-1:], states[0]):
        raise UserError(
            f"model.cell: expected {name} to give outputs (T, B, H) and a state that begins with the last output "
            f"(1, B, H), got shapes {shapes} where {expected} are right; see docs/extending.md"
        )
    layer.input_size = inputs  # as torch's have it
    return layer, len(states)


def run_layer(layer: nn.Module, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs (T, B, H) and the next state (S, B, H), from inputs (T, B, I) and the state before."""
    outputs, after = layer(inputs, state if len(state) == 1 else state.split(1))
    return outputs, torch.cat(after) if isinstance(after, tuple) else after
