"""The recurrences of the cells, forward and backward, on buffers made once for windows of one shape.

T time, B batch, H hidden, G gates (1; 3 for gru).
"""

import itertools
from typing import Protocol

import torch
from torch import Tensor

from charrnn.learning.tanh_layer import recur


class Recurrence(Protocol):
    """One layer over a window, from what its input gives to its outputs, and back.

    `pre` (T, B, G·H) holds W_ih x_t and `bias` before `forward`, `outputs` (T, B, H) the outputs after it; `grad`
    (T, B, H) holds the gradients of the outputs before `backward`, `d_pre` those of `pre` after it. Buffers are shared
    where one is no longer needed when the other one is.
    """

    pre: Tensor
    outputs: Tensor
    grad: Tensor
    d_pre: Tensor

    def bias(self, b_ih: Tensor, b_hh: Tensor) -> Tensor:
        """What is added to every W_ih x_t, (G·H,)."""
        ...

    def forward(self, h0: Tensor, w: Tensor, b_hh: Tensor) -> None:
        """From h_0 (B, H) with the recurrent weights (G·H, H) and their bias."""
        ...

    def backward(self, w: Tensor, d_w: Tensor, d_b_ih: Tensor, d_b_hh: Tensor) -> None:
        """Write the gradients of the recurrent weights and of both biases."""
        ...


class TanhRecurrence:
    """h_t = tanh(pre_t + W h_{t-1}). With da_t the gradient of the argument and g_t that of h_t from above:

    da_t = (g_t + Wᵀ da_{t+1}) (1 - h_t²),  dW = Σ_t da_t h_{t-1}ᵀ,  db = Σ_t da_t  (Werbos 1990).
    """

    def __init__(self, time: int, batch: int, hidden: int, dtype: torch.dtype):
        self.states = torch.empty(time + 1, batch, hidden, dtype=dtype)
        self.pre = self.outputs = self.states[1:]
        self.grad = self.d_pre = torch.empty(time, batch, hidden, dtype=dtype)
        self.slopes = torch.empty_like(self.grad)
        self.w_t = torch.empty(hidden, hidden, dtype=dtype)
        self.one = torch.ones((), dtype=dtype)
        later_first = list(zip(self.grad.unbind(), self.slopes.unbind(), strict=True))[::-1]
        self.last, self.steps_back = later_first[0], list(itertools.pairwise(later_first))

    def bias(self, b_ih: Tensor, b_hh: Tensor) -> Tensor:
        return b_ih + b_hh

    def forward(self, h0: Tensor, w: Tensor, b_hh: Tensor) -> None:
        self.states[0] = h0
        recur(self.states, self.w_t.copy_(w.t()))

    def backward(self, w: Tensor, d_w: Tensor, d_b_ih: Tensor, d_b_hh: Tensor) -> None:
        torch.addcmul(self.one, self.outputs, self.outputs, value=-1, out=self.slopes)
        grad, slope = self.last
        grad.mul_(slope)
        for (da_next, _), (grad, slope) in self.steps_back:
            grad.addmm_(da_next, w).mul_(slope)
        da = self.d_pre.flatten(0, 1)
        torch.mm(da.t(), self.states[:-1].flatten(0, 1), out=d_w)
        torch.sum(da, 0, out=d_b_ih)
        d_b_hh.copy_(d_b_ih)


class GRURecurrence:
    """h_t = (1 - z) n + z h_{t-1} with r, z = σ(pre + W h_{t-1} + b) and n = tanh(pre + r (W h_{t-1} + b)), as torch's.

    All that depends on the forward pass alone is worked out for the whole window at once; what is left of a step back
    is two products and a sum. With g_t the whole gradient of h_t and m = W_n h_{t-1} + b_n:
    dn' = g (1 - z)(1 - n²),  dr' = dn' m r (1 - r),  dz' = g (h_{t-1} - n) z (1 - z),  dm = dn' r,
    g_{t-1} = its part from above + g_t z + Wᵀ (dr', dz', dm).
    """

    def __init__(self, time: int, batch: int, hidden: int, dtype: torch.dtype):
        self.states = torch.empty(time + 1, batch, hidden, dtype=dtype)
        self.outputs = self.states[1:]
        self.pre = torch.empty(time, batch, 3 * hidden, dtype=dtype)  # becomes the gates r, z, n
        self.m = torch.empty(time, batch, hidden, dtype=dtype)
        self.grad = torch.empty(time, batch, hidden, dtype=dtype)
        self.slopes, self.d_pre, self.d_hidden = (torch.empty_like(self.pre) for _ in range(3))
        self.w_t = torch.empty(hidden, 3 * hidden, dtype=dtype)
        self.minus_one, self.hidden = torch.tensor(-1.0, dtype=dtype), hidden
        r_z, n = self.pre[..., : 2 * hidden], self.pre[..., 2 * hidden :]
        self.r, self.z = r_z.chunk(2, -1)
        self.n = n
        parts = (r_z, self.r, self.z, n, self.m, self.states[:-1], self.states[1:])
        self.steps = list(zip(*(part.unbind() for part in parts), strict=True))
        by_gate = [tensor.unflatten(-1, (3, hidden)) for tensor in (self.slopes, self.d_hidden)]
        back = (self.grad.unsqueeze(2), *by_gate, self.d_hidden, self.grad, self.z)
        earlier = [None, *self.grad.unbind()[:-1]]
        self.steps_back = list(zip(*(part.unbind() for part in back), earlier, strict=True))[::-1]

    def bias(self, b_ih: Tensor, b_hh: Tensor) -> Tensor:
        bias = b_ih.clone()
        bias[: 2 * self.hidden] += b_hh[: 2 * self.hidden]
        return bias

    def forward(self, h0: Tensor, w: Tensor, b_hh: Tensor) -> None:
        self.states[0] = h0
        self.n.mul_(2)
        w_t, b_n = self.w_t.copy_(w.t()), b_hh[2 * self.hidden :]
        w_r_z, w_n = w_t[:, : 2 * self.hidden], w_t[:, 2 * self.hidden :]
        for r_z, r, z, n, m, before, after in self.steps:
            r_z.addmm_(before, w_r_z).sigmoid_()
            torch.addmm(b_n, before, w_n, out=m)
            n.addcmul_(r, m, value=2).sigmoid_()
            torch.add(self.minus_one, n, alpha=2, out=n)
            torch.lerp(n, before, z, out=after)

    def backward(self, w: Tensor, d_w: Tensor, d_b_ih: Tensor, d_b_hh: Tensor) -> None:
        r, z, n, before = self.r, self.z, self.n, self.states[:-1]
        d_r, d_z, d_m = self.slopes.chunk(3, -1)
        d_n = (1 - z) * (1 - n * n)
        torch.mul(d_n, r, out=d_m)
        torch.mul(d_m, (1 - r) * self.m, out=d_r)
        torch.mul(before - n, z * (1 - z), out=d_z)
        for grad_of_gates, slopes, d_gates, d_hidden, grad, z_t, earlier in self.steps_back:
            torch.mul(grad_of_gates, slopes, out=d_gates)
            if earlier is not None:
                earlier.addcmul_(grad, z_t).addmm_(d_hidden, w)
        two = 2 * self.hidden
        self.d_pre[..., :two] = self.d_hidden[..., :two]
        torch.mul(self.grad, d_n, out=self.d_pre[..., two:])
        d_hidden = self.d_hidden.flatten(0, 1)
        torch.mm(d_hidden.t(), before.flatten(0, 1), out=d_w)
        torch.sum(self.d_pre.flatten(0, 1), 0, out=d_b_ih)
        torch.sum(d_hidden, 0, out=d_b_hh)
