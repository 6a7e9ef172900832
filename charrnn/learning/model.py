"""The network: characters in, a score for every possible next character out.

B batch, T time, V vocabulary, H hidden, L layers, S state tensors a layer (1; 2 for lstm: output and cell), I inputs
beside each character.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.errors import UserError
from charrnn.learning.cells import CELLS, make_layer, run_layer
from charrnn.learning.inputs import sizes
from charrnn.learning.tables import Tables
from charrnn.learning.tanh_layer import TanhLayer
from charrnn.learning.weight_drop import run_with
from charrnn.music.canonical import Tonics

# Of what an input adds to a one-hot vector at first: ten of them together say a third of what the character says.
STD = 0.1


class CharRNN(nn.Module):
    """`logits, state = model(ids, state)`, the same for every cell; a state of None is all zeros.

    `inputs` names what is read beside the characters (inputs.py); such a network is called with their values, too.

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
        if weight_drop and cell not in CELLS:
            raise UserError(
                f"regularization.weight_drop: expected 0 with model.cell={cell}, got {weight_drop}; drop weights in it"
            )
        self.inputs = tuple(inputs)
        self.tonics: Tonics | None = None  # of the collection, if the network reads it in white keys alone
        of_inputs = sizes(self.inputs, vocab_size)
        self.tables = Tables(of_inputs, vocab_size, STD) if inputs else None
        widths = [vocab_size, *[hidden] * (layers - 1)]
        made = [make_layer(cell, width, hidden) for width in widths]
        self.layers = nn.ModuleList(layer for layer, _ in made)
        self.cell, self.state_tensors = cell, made[0][1]
        first: Any = self.layers[0]
        # torch draws input weights from ±1/√H, as if H inputs were added up; of one-hot inputs only one is ever on, and
        # the larger H, the weaker it spoke: with 0.5 the default gains 0.03 nats in 16 epochs, LSTM 512 far more.
        if hasattr(first, "weight_ih_l0"):
            nn.init.normal_(first.weight_ih_l0, std=0.5)
        self.dropout, self.weight_drop = nn.Dropout(dropout), weight_drop
        self.output = nn.Linear(hidden, vocab_size)
        # From what is read to the logits, past the recurrent layers and their dropout (Mikolov et al. 2011, "Strategies
        # for training large scale neural network language models"): what a moment alone rules out is ruled out sharply.
        # A network of characters alone stays the paper's.
        self.direct = Tables((vocab_size, *of_inputs), vocab_size, 0.0) if inputs else None

    def forward(self, ids: Tensor, state: Tensor | None = None, inputs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, T) int64, (L, S, B, H) and (B, T, I) int32 to (B, T, V) logits and the state after the last character."""
        hidden, state = self.hidden(ids, state, inputs)
        beside = None if inputs is None else inputs.transpose(0, 1)
        return self.logits(hidden, ids.t(), beside).transpose(0, 1), state

    def hidden(self, ids: Tensor, state: Tensor | None = None, inputs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `forward`, but the last layer's outputs after dropout, time first: (T, B, H)."""
        below, after = self.read(ids.t(), None if inputs is None else inputs.transpose(0, 1)), []
        state = self.zero_state(ids.shape[0]) if state is None else state
        for layer, before in zip(self.layers, state, strict=True):
            dropped = None
            if self.weight_drop and self.training:
                dropped = F.dropout(layer.weight_hh_l0, self.weight_drop)  # type: ignore[arg-type]  # one of torch's
            below, last = run(layer, below, before, dropped)
            below = self.dropout(below)
            after.append(last)
        return below, torch.stack(after)

    def logits(self, outputs: Tensor, ids: Tensor, inputs: Tensor | None) -> Tensor:
        """(T, B, V), from the last layer's outputs (T, B, H) after dropout, ids (T, B) and inputs (T, B, I)."""
        logits: Tensor = self.output(outputs)
        if self.direct is None or inputs is None:
            return logits
        return logits + self.direct(torch.cat([ids[..., None].to(inputs.dtype), inputs], -1))

    def read(self, ids: Tensor, inputs: Tensor | None) -> Tensor:
        """What the first layer reads, for ids (T, B) and inputs (T, B, I): ids, or vectors (T, B, V)."""
        if self.tables is None:
            return ids
        if inputs is None:
            raise TypeError("a network with inputs needs their values")
        vectors: Tensor = self.tables(inputs)
        return vectors.scatter_add_(-1, ids[..., None], torch.ones_like(vectors[..., :1]))

    def zero_state(self, batch: int) -> Tensor:
        return self.output.weight.new_zeros(len(self.layers), self.state_tensors, batch, self.output.in_features)


def run(layer: Any, below: Tensor, state: Tensor, recurrent: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """One layer over a window, under the fastest kernel for where it stands; this function alone chooses.

    `below` holds ids (T, B) for the first layer, outputs (T, B, H) above it; `state` is (S, B, H). Where `recurrent` is
    given, these weights stand for the layer's own.
    """
    is_tanh = type(layer) is nn.RNN
    if is_tanh and below.device.type == "cpu":
        bias = layer.bias_ih_l0 + layer.bias_hh_l0
        weights = layer.weight_hh_l0 if recurrent is None else recurrent
        outputs = TanhLayer.apply(below, layer.weight_ih_l0, weights, bias, state[0])
        return outputs, outputs[-1:]
    if not below.is_floating_point():
        below = F.one_hot(below, layer.input_size).to(state.dtype)
    return run_layer(layer, below, state) if recurrent is None else run_with(layer, below, state, recurrent)
