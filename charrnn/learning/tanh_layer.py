"""The tanh recurrence with its gradients written out, for processors where small operations cost more than their sums.

T time, B batch, H hidden, V what the layer reads: the alphabet (ids pick rows of a table, which is the one-hot product)
or the outputs of the layer below.
"""

import itertools
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def recur(states: Tensor, w_t: Tensor) -> None:
    """From h_0 and what each step adds, h_t = tanh(W h_{t-1} + added_t), in place (T + 1, B, H); Wᵀ in one piece.

    tanh a is taken as 2σ(2a) - 1: torch's sigmoid takes a quarter of the time of its tanh.
    """
    minus_one = states.new_tensor(-1.0)
    for before, after in itertools.pairwise(states.unbind()):
        after.addmm_(before, w_t, beta=2, alpha=2).sigmoid_()
        torch.add(minus_one, after, alpha=2, out=after)


class TanhLayer(torch.autograd.Function):
    """h_t = tanh(U x_t + b + W h_{t-1}) over a window: one matrix product a step, the gradients of U and W one each.

    `below` holds ids (T, B) or outputs (T, B, V); U is (H, V), W (H, H), b (H,), h_0 (B, H); the result is (T, B, H).
    With a_t the argument of tanh and g_t the gradient that reaches h_t from above:
    da_t = (g_t + Wᵀ da_{t+1}) (1 - h_t²),  dU = Σ_t da_t x_tᵀ,  dW = Σ_t da_t h_{t-1}ᵀ,  db = Σ_t da_t  (Werbos 1990).
    """

    @staticmethod
    def forward(ctx: Any, below: Tensor, u: Tensor, w: Tensor, b: Tensor, h0: Tensor) -> Tensor:
        states = h0.new_empty(below.shape[0] + 1, *h0.shape)
        states[0] = h0
        inputs = states[1:].flatten(0, 1)  # first what comes from below, then in place the state itself
        if below.is_floating_point():
            torch.addmm(b, below.flatten(0, 1), u.t(), out=inputs)
        else:
            # Rows in one piece: a gather from the transposed weights takes seven times as long.
            torch.index_select((u + b[:, None]).t().contiguous(), 0, below.flatten(), out=inputs)
        recur(states, w.t().contiguous())
        ctx.save_for_backward(below, u, w, states)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, Tensor, Tensor, Tensor | None]:
        below, u, w, states = ctx.saved_tensors
        slope = states[1:].square().neg_().add_(1)
        da = slope * grad  # the part from above; the part from the next step is added on the way back
        slopes, steps, from_next = slope.unbind(), da.unbind(), torch.empty_like(da[0])
        for t in range(len(steps) - 2, -1, -1):
            steps[t].addcmul_(torch.mm(steps[t + 1], w, out=from_next), slopes[t])
        da = da.flatten(0, 1)
        d_w = da.t() @ states[:-1].flatten(0, 1)
        d_h0 = steps[0] @ w if ctx.needs_input_grad[4] else None
        if below.is_floating_point():
            return (da @ u).view_as(below), da.t() @ below.flatten(0, 1), d_w, da.sum(0), d_h0
        table = da.new_zeros(u.shape[1], u.shape[0]).index_add_(0, below.flatten(), da)
        return None, table.t().contiguous(), d_w, table.sum(0), d_h0
