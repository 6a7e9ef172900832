import pytest
import torch
from torch import nn

from charrnn.learning.tanh_layer import TanhLayer

torch.set_num_threads(1)


def arguments(time: int, batch: int, width: int, hidden: int, kind: str = "outputs") -> list[torch.Tensor]:
    """What the layer below gives, U, W, b, h_0."""
    generator = torch.Generator().manual_seed(0)
    shapes = (hidden, width), (hidden, hidden), (hidden,), (batch, hidden)
    rest = [torch.randn(s, generator=generator, dtype=torch.float64).mul_(0.7).requires_grad_() for s in shapes]
    if kind == "ids":
        return [torch.randint(0, width, (time, batch), generator=generator), *rest]
    return [torch.randn(time, batch, width, generator=generator, dtype=torch.float64).requires_grad_(), *rest]


def loop(below, u, w, b, h):
    if not below.is_floating_point():
        below = nn.functional.one_hot(below, u.shape[1]).to(u.dtype)
    states = []
    for x_t in below:
        h = torch.tanh(x_t @ u.T + b + h @ w.T)
        states.append(h)
    return torch.stack(states)


def gradients(function, args, weights):
    wanted = [a for a in args if a.is_floating_point()]
    return torch.autograd.grad((function(*args) * weights).sum(), wanted)


@pytest.mark.parametrize("kind", ["ids", "outputs"])
@pytest.mark.parametrize(("time", "batch", "width", "hidden"), [(1, 1, 1, 1), (1, 2, 4, 3), (5, 1, 2, 3), (6, 3, 5, 4)])
def test_the_written_gradient_is_the_numerical_one(time, batch, width, hidden, kind):
    assert torch.autograd.gradcheck(TanhLayer.apply, arguments(time, batch, width, hidden, kind))


@pytest.mark.parametrize("kind", ["ids", "outputs"])
@pytest.mark.parametrize(("time", "batch", "width", "hidden"), [(1, 2, 4, 3), (30, 4, 5, 7)])
def test_the_layer_and_its_gradients_are_those_of_a_written_out_loop(time, batch, width, hidden, kind):
    args = arguments(time, batch, width, hidden, kind)
    weights = torch.randn(time, batch, hidden, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    last_only = torch.zeros_like(weights)
    last_only[-1] = 1
    torch.testing.assert_close(TanhLayer.apply(*args), loop(*args), rtol=0, atol=1e-12)
    for upper in (weights, last_only):
        for ours, theirs in zip(gradients(TanhLayer.apply, args, upper), gradients(loop, args, upper), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_the_arguments_and_the_outputs_are_left_as_they_were():
    args = arguments(4, 2, 5, 3)
    copies = [a.detach().clone() for a in args]
    out = TanhLayer.apply(*args)
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
    parameters = dict(cell.named_parameters())
    expected_out = cell(nn.functional.one_hot(ids, 5).double(), h0)[0]
    expected = torch.autograd.grad((expected_out * upper).sum(), list(parameters.values()))
    out = TanhLayer.apply(ids, cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0 + cell.bias_hh_l0, h0[0])
    torch.testing.assert_close(out, expected_out, rtol=0, atol=1e-12)
    found = torch.autograd.grad((out * upper).sum(), list(parameters.values()))
    for name, ours, theirs in zip(parameters, found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10, msg=name)
