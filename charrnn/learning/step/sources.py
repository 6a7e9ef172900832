"""What a layer reads, and its share of the gradients: characters with their inputs, or the outputs of the layer below.

N = T·B steps of all streams, V alphabet, H hidden, G gates, I inputs, K rows of their tables.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.learning.tables import Tables


class Characters:
    """W_ih x_t for x_t = one-hot(id) + the rows of R that inputs choose.

    Both are rows of one table (V + K, G·H), W_ihᵀ and below it R W_ihᵀ: what is read is a sum of some of its rows.
    """

    def __init__(self, w: Tensor, d_w: Tensor, tables: Tables | None, d_rows: Tensor | None):
        self.w, self.d_w, self.tables, self.d_rows = w, d_w, tables, d_rows
        self.size = w.shape[1]
        height = self.size + (0 if tables is None else len(tables.rows))
        self.table, self.d_table = (w.new_empty(height, w.shape[0]) for _ in range(2))
        self.numbers = torch.empty(0, 0)

    def read(self, ids: Tensor, inputs: Tensor | None) -> None:
        """What `forward` is of: ids (T, B) and inputs (T, B, I)."""
        self.numbers = ids.reshape(-1, 1)
        if self.tables is not None:
            if inputs is None:
                raise TypeError("a network with inputs needs their values")
            rows = inputs.flatten(0, 1) + self.tables.first
            self.numbers = torch.cat([self.numbers, rows + self.size], 1)

    def forward(self, bias: Tensor, pre: Tensor) -> None:
        torch.add(self.w.t(), bias, out=self.table[: self.size])
        if self.tables is None:
            torch.index_select(self.table, 0, self.numbers[:, 0], out=pre.flatten(0, 1))
        else:
            torch.mm(self.tables.rows, self.w.t(), out=self.table[self.size :])
            pre.flatten(0, 1).copy_(F.embedding_bag(self.numbers, self.table, mode="sum"))

    def backward(self, d_pre: Tensor) -> None:
        self.d_table.zero_()
        for numbers in self.numbers.t().contiguous():
            self.d_table.index_add_(0, numbers, d_pre)
        self.d_w.copy_(self.d_table[: self.size].t())
        if self.tables is not None:
            d_rows = self.d_table[self.size :]
            self.d_w.addmm_(d_rows.t(), self.tables.rows)
            torch.mm(d_rows, self.w, out=self.d_rows)


class Direct:
    """What a moment adds to the logits past all layers: the rows of a table (V + K, V) that its numbers choose."""

    def __init__(self, characters: Characters, rows: Tensor, d_rows: Tensor):
        self.characters, self.rows, self.d_rows = characters, rows, d_rows

    def forward(self, scores: Tensor) -> None:
        scores.add_(F.embedding_bag(self.characters.numbers, self.rows, mode="sum").t())

    def backward(self, d_scores: Tensor) -> None:
        """From the gradients of the logits (V, N)."""
        self.d_rows.zero_()
        by_moment = d_scores.t().contiguous()
        for numbers in self.characters.numbers.t().contiguous():
            self.d_rows.index_add_(0, numbers, by_moment)


class Below:
    """W_ih x_t for the outputs x_t (N, H) of the layer below, whose gradients go into `grad` (N, H)."""

    def __init__(self, w: Tensor, d_w: Tensor, outputs: Tensor, grad: Tensor):
        self.w, self.d_w, self.outputs, self.grad = w, d_w, outputs, grad

    def forward(self, bias: Tensor, pre: Tensor) -> None:
        torch.addmm(bias, self.outputs, self.w.t(), out=pre.flatten(0, 1))

    def backward(self, d_pre: Tensor) -> None:
        torch.mm(d_pre.t(), self.outputs, out=self.d_w)
        torch.mm(d_pre, self.w, out=self.grad)
