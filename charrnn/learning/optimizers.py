"""Optimizers and schedules by the names of a configuration."""

import math
from collections.abc import Callable
from typing import Any

import torch

from charrnn.learning.model import CharRNN

# Beyond the common lr and weight decay, what each optimizer takes of the configuration, and its fastest exact kernel.
OPTIMIZERS: dict[str, tuple[Callable[..., torch.optim.Optimizer], tuple[str, ...], dict[str, bool]]] = {
    "adam": (torch.optim.Adam, (), {"fused": True}),
    "adamw": (torch.optim.AdamW, (), {"fused": True}),
    "adagrad": (torch.optim.Adagrad, (), {"fused": True}),
    "rmsprop": (torch.optim.RMSprop, ("momentum",), {"foreach": True}),
    "sgd": (torch.optim.SGD, ("momentum",), {"fused": True}),
}
COSINE_END = 0.01  # the last learning rate as a share of the first
PLATEAU: dict[str, Any] = {"factor": 0.5, "patience": 1}


def make_optimizer(
    model: CharRNN, *, name: str, lr: float, weight_decay: float, momentum: float, **_: Any
) -> torch.optim.Optimizer:
    kind, extra, kernel = OPTIMIZERS[name]
    settings = {"momentum": momentum}
    return kind(model.parameters(), lr=lr, weight_decay=weight_decay, **{k: settings[k] for k in extra}, **kernel)


def cosine(done: float) -> float:
    return COSINE_END + (1 - COSINE_END) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
