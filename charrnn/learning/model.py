"""The network: characters in, a score for every possible next character out.

B batch, T time, V vocabulary, H hidden, L layers, S state tensors a layer (1; 2 for lstm: output and cell), I inputs
beside each character.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.learning.cells import SumOfRows, TanhLayer
from charrnn.learning.inputs import sizes

TABLE_STD = 0.1  # of what inputs add to a one-hot vector
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class CharRNN(nn.Module):
    """`logits, state = model(ids, state)`, the same for every cell; a state of None is all zeros.

    `inputs` names what is read beside the characters (inputs.py): the values of each pick a row of a table, which is
    added to the character's one-hot vector. Such a network is called with their values, too.

    The parameters are those of torch's own cells, so any kernel can run any checkpoint. Dropout stands on every layer's
    output, the last one included: torch's own argument would leave a single layer without it.
    """

    def __init__(
        self,
        vocab_size: int,
        *,
        cell: str,
        hidden: int,
        layers: int,
        dropout: float = 0.0,
        weight_drop: float = 0.0,
        inputs: Sequence[str] = (),
    ):
        super().__init__()
        self.vocab_size, self.inputs = vocab_size, tuple(inputs)
        if inputs:
            # The tables of all inputs behind each other, and where each begins.
            values = sizes(self.inputs, vocab_size)
            self.tables = nn.Parameter(TABLE_STD * torch.randn(sum(values), vocab_size))
            self.first_rows: Tensor
            self.register_buffer("first_rows", torch.tensor([0, *values[:-1]]).cumsum(0).int(), persistent=False)
        widths = [vocab_size, *[hidden] * (layers - 1)]
        self.layers = nn.ModuleList(CELLS[cell](width, hidden) for width in widths)
        first: Any = self.layers[0]
        # torch draws input weights from ±1/√H, as if H inputs were added up; of one-hot inputs only one is ever on, and
        # the larger H, the weaker it spoke: with 0.5 the default gains 0.03 nats in 16 epochs, LSTM 512 far more.
        nn.init.normal_(first.weight_ih_l0, std=0.5)
        self.dropout, self.weight_drop = nn.Dropout(dropout), weight_drop
        self.output = nn.Linear(hidden, vocab_size)

    def forward(self, ids: Tensor, state: Tensor | None = None, inputs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T) int64, (L, S, B, H) and (B, T, I) int32 to (B, T, V) logits and the state after the last character."""
        hidden, state = self.hidden(ids, state, inputs)
        return self.output(hidden).transpose(0, 1), state

    def hidden(self, ids: Tensor, state: Tensor | None = None, inputs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `forward`, but the last layer's outputs after dropout, time first: (T, B, H)."""
        below, after = self.read(ids.t(), None if inputs is None else inputs.transpose(0, 1)), []
        state = self.zero_state(ids.shape[0]) if state is None else state
        for layer, before in zip(self.layers, state, strict=True):
            # Connections that are missing for a whole window (Merity, Keskar, Socher 2018, "Regularizing and optimizing
            # LSTM language models").
            recurrent = F.dropout(layer.weight_hh_l0, self.weight_drop, self.training)  # type: ignore[arg-type]
            below, last = run(layer, below, before, recurrent)
            below = self.dropout(below)
            after.append(last)
        return below, torch.stack(after)

    def read(self, ids: Tensor, inputs: Tensor | None) -> Tensor:
        """What the first layer reads, for ids (T, B) and inputs (T, B, I): ids, or vectors (T, B, V)."""
        if not self.inputs:
            return ids
        if inputs is None:
            raise TypeError("a network with inputs needs their values")
        summed = SumOfRows.apply(self.tables, (inputs + self.first_rows).flatten(0, 1))
        ones = torch.ones_like(summed[:, :1])
        return summed.scatter_add_(1, ids.reshape(-1, 1), ones).unflatten(0, ids.shape)

    def zero_state(self, batch: int) -> Tensor:
        layer: Any = self.layers[0]
        return layer.weight_hh_l0.new_zeros(len(self.layers), 1 + isinstance(layer, nn.LSTM), batch, layer.hidden_size)


def run(layer: Any, below: Tensor, state: Tensor, recurrent: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """One layer over a window, under the fastest kernel for where it stands; this function alone chooses.

    `below` holds ids (T, B) for the first layer, outputs (T, B, H) above it; `state` is (S, B, H). `recurrent` stands
    for the layer's recurrent weights.
    """
    recurrent = layer.weight_hh_l0 if recurrent is None else recurrent
    is_tanh = isinstance(layer, nn.RNN)
    if is_tanh and not below.is_cuda:
        bias = layer.bias_ih_l0 + layer.bias_hh_l0
        outputs = TanhLayer.apply(below, layer.weight_ih_l0, recurrent, bias, state[0])
        return outputs, outputs[-1:]
    if not below.is_floating_point():
        below = F.one_hot(below, layer.input_size).to(state.dtype)
    weights = [layer.weight_ih_l0, recurrent, layer.bias_ih_l0, layer.bias_hh_l0]
    how = (True, 1, 0.0, False, False, False)  # with biases, one layer, no dropout of torch's own, one direction
    if isinstance(layer, nn.LSTM):
        outputs, *last = torch.lstm(below, [state[:1], state[1:]], weights, *how)
        return outputs, torch.cat(last)
    kernel = torch.gru if isinstance(layer, nn.GRU) else torch.rnn_tanh
    return kernel(below, state, weights, *how)
