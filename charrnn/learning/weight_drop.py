"""Weight drop: recurrent connections that are missing for a whole window.

Merity, Keskar, Socher 2018, "Regularizing and optimizing LSTM language models". T time, B batch, H hidden, S states.
"""

from typing import Any

import torch
from torch import Tensor, nn


def run_with(layer: Any, below: Tensor, state: Tensor, recurrent: Tensor) -> tuple[Tensor, Tensor]:
    """One of torch's layers on inputs (T, B, I) and state (S, B, H), with these weights for its own recurrent ones."""
    weights = [layer.weight_ih_l0, recurrent, layer.bias_ih_l0, layer.bias_hh_l0]
    how = (True, 1, 0.0, False, False, False)  # with biases, one layer, no dropout of torch's own, one direction
    if isinstance(layer, nn.LSTM):
        outputs, *last = torch.lstm(below, [state[:1], state[1:]], weights, *how)
        return outputs, torch.cat(last)
    kernel = torch.gru if isinstance(layer, nn.GRU) else torch.rnn_tanh
    return kernel(below, state, weights, *how)
