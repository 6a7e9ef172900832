"""A table for every input: a row of the alphabet's width for each of its values, those of a moment added up.

T time, B batch, I inputs, K values of all inputs together, V alphabet.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class Tables(nn.Module):
    """Vectors (T, B, V) from the values of inputs (T, B, I).

    `sizes` (I,) says how many values each input has. Of the width of the alphabet, rows can be added to one-hot vectors
    of characters and to logits: all other weights stay those of a network that reads characters alone.
    """

    def __init__(self, sizes: Sequence[int], vocab_size: int, std: float):
        super().__init__()
        self.rows = nn.Parameter(std * torch.randn(sum(sizes), vocab_size))
        self.first: Tensor  # row of each input
        self.register_buffer("first", torch.tensor([0, *sizes[:-1]]).cumsum(0).int(), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        summed: Tensor = SumOfRows.apply(self.rows, (inputs + self.first).flatten(0, 1))
        return summed.unflatten(0, inputs.shape[:2])


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
