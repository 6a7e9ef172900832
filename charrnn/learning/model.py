"""The network: characters in, a score for every possible next character out.

B batch, T time, V vocabulary, H hidden, L layers, S state tensors a layer (1; 2 for lstm: output and cell).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.learning.cells import make_layer, run_layer
from charrnn.learning.tanh_layer import TanhLayer


class CharRNN(nn.Module):
    """`logits, state = model(ids, state)`, the same for every cell; a state of None is all zeros.

    The parameters are those of torch's own cells, so any kernel can run any checkpoint. Dropout stands on every layer's
    output, the last one included: torch's own argument would leave a single layer without it.
    """

    def __init__(self, vocab_size: int, *, cell: str, hidden: int, layers: int, dropout: float = 0.0):
        super().__init__()
        sizes = [vocab_size, *[hidden] * (layers - 1)]
        made = [make_layer(cell, size, hidden) for size in sizes]
        self.layers = nn.ModuleList(layer for layer, _ in made)
        self.cell, self.state_tensors = cell, made[0][1]
        first: Any = self.layers[0]
        # torch draws input weights from ±1/√H, as if H inputs were added up; of one-hot inputs only one is ever on, and
        # the larger H, the weaker it spoke: with 0.5 the default gains 0.03 nats in 16 epochs, LSTM 512 far more.
        if hasattr(first, "weight_ih_l0"):
            nn.init.normal_(first.weight_ih_l0, std=0.5)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, vocab_size)

    def forward(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T) int64 and (L, S, B, H) to (B, T, V) logits and the state after the last character."""
        hidden, state = self.hidden(ids, state)
        return self.output(hidden).transpose(0, 1), state

    def hidden(self, ids: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `forward`, but the last layer's outputs after dropout, time first: (T, B, H)."""
        ids = ids.t()
        below, after = ids, []
        state = self.zero_state(ids.shape[1]) if state is None else state
        for layer, before in zip(self.layers, state, strict=True):
            below, last = run(layer, below, before)
            below = self.dropout(below)
            after.append(last)
        return below, torch.stack(after)

    def zero_state(self, batch: int) -> Tensor:
        return self.output.weight.new_zeros(len(self.layers), self.state_tensors, batch, self.output.in_features)


def run(layer: Any, below: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """One layer over a window, under the fastest kernel for where it stands; this function alone chooses.

    `below` holds ids (T, B) for the first layer, outputs (T, B, H) above it; `state` is (S, B, H).
    """
    is_tanh = type(layer) is nn.RNN
    if is_tanh and not below.is_cuda:
        bias = layer.bias_ih_l0 + layer.bias_hh_l0
        outputs = TanhLayer.apply(below, layer.weight_ih_l0, layer.weight_hh_l0, bias, state[0])
        return outputs, outputs[-1:]
    if not below.is_floating_point():
        below = F.one_hot(below, layer.input_size).to(state.dtype)
    return run_layer(layer, below, state)
