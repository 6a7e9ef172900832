"""How a training step comes to its gradients: by autograd, or written out where that is faster.

T time, B batch, V alphabet, H hidden, L layers, S state tensors a layer, I inputs beside a character.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn.learning.data import IGNORED
from charrnn.learning.model import CharRNN


class Step(Protocol):
    """The gradients of one window, for the parameters it was made for; the optimizer's step is its caller's."""

    parameters: list[nn.Parameter]

    def gradients(
        self, ids: Tensor, targets: Tensor, inputs: Tensor | None, state: Tensor | None, characters: int
    ) -> tuple[Tensor, Tensor]:
        """Summed nats () and the next state (L, S, B, H); every parameter's .grad is that of nats / `characters`.

        `ids` and `targets` are (T, B) int64, `inputs` (T, B, I) int32; targets that are IGNORED count nothing.
        """
        ...

    def clip(self, norm: float) -> Tensor:
        """Scale all gradients so that their norm is at most `norm`; what it was before, ()."""
        ...


class AutogradStep:
    """Any network on any device; `backward` fills the gradients from the loss."""

    def __init__(self, model: CharRNN, backward: Callable[[Tensor], None] = torch.Tensor.backward):
        self.model, self.backward = model, backward
        self.parameters = list(model.parameters())

    def gradients(
        self, ids: Tensor, targets: Tensor, inputs: Tensor | None, state: Tensor | None, characters: int
    ) -> tuple[Tensor, Tensor]:
        logits, state = self.model(ids.t(), state, None if inputs is None else inputs.transpose(0, 1))
        if logits.dtype == torch.bfloat16:  # autocast's; a loss takes more than three digits
            logits = logits.float()
        nats = summed_loss(logits, targets.t())
        self.model.zero_grad()
        self.backward(nats / characters)
        return nats.detach(), state.detach()

    def clip(self, norm: float) -> Tensor:
        return nn.utils.clip_grad_norm_(self.parameters, norm)


def summed_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy in nats summed over the targets (B, T) not ignored; logits (B, T, V), stored time first."""
    flat = logits.transpose(0, 1).flatten(0, 1)
    return F.cross_entropy(flat, targets.t().flatten(), ignore_index=IGNORED, reduction="sum")
