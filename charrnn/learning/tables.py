"""A table for every input beside the characters: rows of the alphabet's width, added to the one-hot vector.

T time, B batch, I inputs, K values of all inputs together, V alphabet.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

# Of what an input adds to a one-hot vector at first: ten of them together say a third of what the character says.
STD = 0.1


class Tables(nn.Module):
    """The vectors (T, B, V) that the first layer reads, from ids (T, B) and the values of inputs (T, B, I).

    `sizes` (I,) says how many values each input has. So wide, and no wider, a row costs the layer nothing: its weights
    stay those of a network that reads characters alone.
    """

    def __init__(self, sizes: Sequence[int], vocab_size: int):
        super().__init__()
        self.rows = nn.Parameter(STD * torch.randn(sum(sizes), vocab_size))
        self.first: Tensor  # row of each input
        self.register_buffer("first", torch.tensor([0, *sizes[:-1]]).cumsum(0).int(), persistent=False)

    def forward(self, ids: Tensor, inputs: Tensor) -> Tensor:
        summed = SumOfRows.apply(self.rows, (inputs + self.first).flatten(0, 1))
        return summed.scatter_add_(1, ids.reshape(-1, 1), torch.ones_like(summed[:, :1])).unflatten(0, ids.shape)


class SumOfRows(torch.autograd.Function):
    """For numbers (N, I) of rows of a table (K, V) the sum of those of each of N, (N, V).

    torch's own backward of an embedding sorts all numbers first, which takes three times as long.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, numbers: Tensor) -> Tensor:
        ctx.save_for_backward(numbers)
        ctx.shape = table.shape
        return F.embedding_bag(numbers, table, mode="sum")

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (numbers,) = ctx.saved_tensors
        d_table = grad.new_zeros(ctx.shape)
        for column in numbers.t().long().contiguous():
            d_table.index_add_(0, column, grad)
        return d_table, None
