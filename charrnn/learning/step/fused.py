"""The step of a tanh or gru network on the CPU with its gradients written out: no graph, buffers made once.

T time, B batch, N = T·B, V alphabet, H hidden, L layers, I inputs.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from charrnn.learning.data import IGNORED
from charrnn.learning.model import CharRNN
from charrnn.learning.step.recurrences import GRURecurrence, Recurrence, TanhRecurrence
from charrnn.learning.step.sources import Below, Characters, Direct

RECURRENCES: dict[type[nn.Module], type[TanhRecurrence] | type[GRURecurrence]] = {
    nn.RNN: TanhRecurrence,
    nn.GRU: GRURecurrence,
}
UNDERFLOW = 1e-30  # a likelihood below has lost digits, or is 0, where its logarithm has not


def can_fuse(model: CharRNN) -> bool:
    """Whether there is a fused step for this network where it stands now, and nobody watches its parts at work."""
    return (
        model.training
        and model.dropout.training
        and type(model.output) is nn.Linear
        and all(type(layer) in RECURRENCES for layer in model.layers)
        and all(p.device.type == "cpu" and p.dtype.itemsize >= 4 for p in model.parameters())
        and all(p.requires_grad and not p._backward_hooks for p in model.parameters())
        and not any(p._post_accumulate_grad_hooks for p in model.parameters())
        and not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
        and not any(m._backward_hooks or m._backward_pre_hooks for m in model.modules())
    )


class FusedStep:
    """The numbers of AutogradStep within rounding, with the same random ones for dropout.

    All gradients are views into one flat tensor, which a clip reads and scales at once.
    """

    def __init__(self, model: CharRNN):
        self.model, self.parameters = model, list(model.parameters())
        self.flat = torch.cat([p.detach().flatten() for p in self.parameters])
        parts = self.flat.split([p.numel() for p in self.parameters])
        self.grads: dict[Any, Tensor] = {p: part.view_as(p) for part, p in zip(parts, self.parameters, strict=True)}
        self.made_for: tuple[Any, ...] = ()  # shape of the window, dropout, weight drop

    def _allocate(self, shape: torch.Size) -> None:
        model, grads = self.model, self.grads
        rows = None if model.tables is None else model.tables.rows
        first, *others = (cast(Tensor, layer.weight_ih_l0) for layer in model.layers)
        self.characters = Characters(first, grads[first], model.tables, None if rows is None else grads[rows])
        self.direct: Direct | None = None
        if model.direct is not None:
            self.direct = Direct(self.characters, model.direct.rows, grads[model.direct.rows])
        self.layers = [FusedLayer(model.layers[0], self.characters, model, grads, shape)]
        for layer, w in zip(list(model.layers)[1:], others, strict=True):
            source = Below(w, grads[w], self.layers[-1].outputs, self.layers[-1].grad)
            self.layers.append(FusedLayer(layer, source, model, grads, shape))
        steps, w = shape.numel(), model.output.weight
        self.scores, self.d_scores = (w.new_empty(w.shape[0], steps) for _ in range(2))
        self.minus_one = w.new_full((1, steps), -1.0)

    @torch.no_grad()
    def gradients(
        self, ids: Tensor, targets: Tensor, inputs: Tensor | None, state: Tensor | None, characters: int
    ) -> tuple[Tensor, Tensor]:
        made_for = ids.shape, self.model.dropout.p, self.model.weight_drop
        if made_for != self.made_for:
            self._allocate(ids.shape)
            self.made_for = made_for
        if state is None:
            state = self.model.zero_state(ids.shape[1])
        self.characters.read(ids, inputs)
        for layer, h0 in zip(self.layers, state[:, 0], strict=True):
            layer.forward(h0)
        nats = self._output(targets.flatten(), characters)
        for layer in reversed(self.layers):
            layer.backward()
        for parameter, grad in self.grads.items():
            parameter.grad = grad  # every time, since somebody may have set it to none
        return nats, torch.stack([layer.recurrence.outputs[-1:] for layer in self.layers])

    def _output(self, targets: Tensor, characters: int) -> Tensor:
        """Summed nats of the targets (N,), with the gradients of nats / `characters` on their way down."""
        output, last = self.model.output, self.layers[-1]
        # Alphabet first: so the products take a quarter less time, and a softmax over columns no more.
        torch.addmm(output.bias[:, None], output.weight, last.outputs.t(), out=self.scores)
        if self.direct is not None:
            self.direct.forward(self.scores)
        torch.softmax(self.scores, 0, out=self.d_scores)
        counts = None
        if characters < len(targets):
            counts = targets != IGNORED
            targets = targets.clamp_min(0)
        chosen = targets[None]
        likelihood = self.d_scores.gather(0, chosen)
        if float(likelihood.amin()) > UNDERFLOW:
            nats = likelihood.log_().neg_()
        else:
            nats = self.scores.logsumexp(0, keepdim=True).sub_(self.scores.gather(0, chosen))
        self.d_scores.scatter_add_(0, chosen, self.minus_one).mul_(1 / characters)
        if counts is not None:
            nats.mul_(counts)
            self.d_scores.mul_(counts)
        if self.direct is not None:
            self.direct.backward(self.d_scores)
        torch.mm(self.d_scores, last.outputs, out=self.grads[output.weight])
        torch.sum(self.d_scores, 1, out=self.grads[output.bias])
        torch.mm(self.d_scores.t(), output.weight, out=last.grad)
        return nats.sum()

    @torch.no_grad()
    def clip(self, norm: float) -> Tensor:
        before = torch.linalg.vector_norm(self.flat)
        self.flat.mul_((norm / (before + 1e-6)).clamp_(max=1.0))  # as torch.nn.utils.clip_grad_norm_ has it
        return before


class FusedLayer:
    """One layer with its dropout: `outputs` (N, H) and their gradients `grad` (N, H)."""

    def __init__(self, layer: Any, source: Characters | Below, model: CharRNN, grads: dict[Any, Tensor], shape: Any):
        time, batch = shape
        self.source, self.w, self.b_ih, self.b_hh = source, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0
        self.d_w, self.d_b_ih, self.d_b_hh = (grads[p] for p in (self.w, self.b_ih, self.b_hh))
        self.recurrence: Recurrence = RECURRENCES[type(layer)](time, batch, layer.hidden_size, self.w.dtype)
        self.outputs, self.grad = (part.flatten(0, 1) for part in (self.recurrence.outputs, self.recurrence.grad))
        self.dropout, self.weight_drop = model.dropout.p, model.weight_drop
        if self.dropout:
            self.kept, self.outputs = torch.empty_like(self.outputs), torch.empty_like(self.outputs)
        self.w_used = self.w
        if self.weight_drop:
            self.w_kept, self.w_used = torch.empty_like(self.w), torch.empty_like(self.w)

    def forward(self, h0: Tensor) -> None:
        recurrence = self.recurrence
        self.source.forward(recurrence.bias(self.b_ih, self.b_hh), recurrence.pre)
        if self.weight_drop:
            torch.mul(self.w, _draw(self.w_kept, self.weight_drop), out=self.w_used)
        recurrence.forward(h0, self.w_used, self.b_hh)
        if self.dropout:
            torch.mul(recurrence.outputs.flatten(0, 1), _draw(self.kept, self.dropout), out=self.outputs)

    def backward(self) -> None:
        if self.dropout:
            self.grad.mul_(self.kept)
        self.recurrence.backward(self.w_used, self.d_w, self.d_b_ih, self.d_b_hh)
        if self.weight_drop:
            self.d_w.mul_(self.w_kept)
        self.source.backward(self.recurrence.d_pre.flatten(0, 1))


def _draw(kept: Tensor, dropout: float) -> Tensor:
    """What F.dropout multiplies with, by the same random numbers."""
    return kept.bernoulli_(1 - dropout).div_(1 - dropout)
