import pytest
import torch
from torch import nn

from charrnn.learning.cells import TanhRecurrence

torch.set_num_threads(1)


def arguments(time: int, batch: int, hidden: int, seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = (time, batch, hidden), (hidden, hidden), (batch, hidden)
    return [torch.randn(s, generator=generator, dtype=torch.float64).mul_(0.7).requires_grad_() for s in shapes]


def loop(x, weight, h):
    states = []
    for x_t in x:
        h = torch.tanh(x_t + h @ weight.T)
        states.append(h)
    return torch.stack(states)


@pytest.mark.parametrize(("time", "batch", "hidden"), [(1, 1, 1), (1, 2, 3), (5, 1, 3), (6, 3, 4)])
def test_the_written_gradient_is_the_numerical_one(time, batch, hidden):
    assert torch.autograd.gradcheck(TanhRecurrence.apply, arguments(time, batch, hidden))


@pytest.mark.parametrize(("time", "batch", "hidden"), [(1, 2, 3), (30, 4, 7)])
def test_the_recurrence_and_its_gradients_are_those_of_a_written_out_loop(time, batch, hidden):
    args = arguments(time, batch, hidden)
    weights = torch.randn(time, batch, hidden, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    ours, theirs = TanhRecurrence.apply(*args), loop(*args)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    our_grads = torch.autograd.grad((ours * weights).sum(), args)
    their_grads = torch.autograd.grad((theirs * weights).sum(), args)
    for our, their in zip(our_grads, their_grads, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-12)


def test_a_gradient_from_the_last_output_alone_is_that_of_the_loop():
    args = arguments(9, 2, 3)
    ours = torch.autograd.grad(TanhRecurrence.apply(*args)[-1].sum(), args)
    theirs = torch.autograd.grad(loop(*args)[-1].sum(), args)
    for our, their in zip(ours, theirs, strict=True):
        torch.testing.assert_close(our, their, rtol=0, atol=1e-12)


def test_the_arguments_and_the_outputs_are_left_as_they_were():
    args = arguments(4, 2, 3)
    copies = [a.detach().clone() for a in args]
    out = TanhRecurrence.apply(*args)
    before = out.detach().clone()
    first = torch.autograd.grad(out.sum(), args, retain_graph=True)
    second = torch.autograd.grad(out.sum(), args)
    assert all(torch.equal(a, c) for a, c in zip(args, copies, strict=True))
    assert torch.equal(out, before)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_gradients_are_those_of_torchs_own_cell_on_one_hot_input():
    torch.manual_seed(0)
    cell = nn.RNN(5, 6).double()
    ids = torch.randint(0, 5, (20, 3))
    h0 = torch.randn(1, 3, 6, dtype=torch.float64)
    upper = torch.randn(20, 3, 6, dtype=torch.float64)
    one_hot = nn.functional.one_hot(ids, 5).double()
    names = [name for name, _ in cell.named_parameters()]
    parameters = list(cell.parameters())
    expected_out = cell(one_hot, h0)[0]
    expected = torch.autograd.grad((expected_out * upper).sum(), parameters)
    x = one_hot @ cell.weight_ih_l0.T + cell.bias_ih_l0 + cell.bias_hh_l0
    out = TanhRecurrence.apply(x, cell.weight_hh_l0, h0[0])
    torch.testing.assert_close(out, expected_out, rtol=0, atol=1e-12)
    found = torch.autograd.grad((out * upper).sum(), parameters)
    for name, ours, theirs in zip(names, found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10, msg=name)
