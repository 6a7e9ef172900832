"""The recurrence with its gradient written out, for processors where many small operations cost more than their sums.

Shapes: T time, B batch, H hidden. `x` (T, B, H) is what the input contributes to each step, biases included.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class TanhRecurrence(torch.autograd.Function):
    """h_t = tanh(x_t + W h_{t-1}), one matrix product a step; the gradient of W is one product at the end.

    With a_t the argument of tanh and g_t the gradient that reaches h_t from above:
    da_t = (g_t + Wᵀ da_{t+1}) (1 - h_t²),  dx_t = da_t,  dW = Σ_t da_t h_{t-1}ᵀ  (Werbos 1990).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, h0: Tensor) -> Tensor:
        states = x.new_empty(x.shape[0] + 1, *x.shape[1:])
        states[0] = h0
        steps = states.unbind()
        w = weight.t()
        for x_t, before, after in zip(x.unbind(), steps, steps[1:], strict=False):
            torch.addmm(x_t, before, w, out=after).tanh_()
        ctx.save_for_backward(states, weight)
        return states[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, weight = ctx.saved_tensors
        da = torch.addcmul(states.new_ones(()), states[1:], states[1:], value=-1)  # the slope of tanh, then in place da
        above, steps = grad.unbind(), da.unbind()
        steps[-1].mul_(above[-1])
        for t in range(len(steps) - 2, -1, -1):
            steps[t].mul_(torch.addmm(above[t], steps[t + 1], weight))
        grad_weight = da.flatten(0, 1).t() @ states[:-1].flatten(0, 1)
        return da, grad_weight, steps[0] @ weight
