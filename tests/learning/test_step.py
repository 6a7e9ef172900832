"""The fused step against autograd: the same gradients, losses and weights, whatever the network and the optimizer."""

import copy
import itertools
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from test_module import BATCH, SEQ_LEN, corpus, fit, module, same, saved_on_the_way, weights

from charrnn.learning.data import IGNORED
from charrnn.learning.inputs import NAMES, sizes
from charrnn.learning.model import CharRNN
from charrnn.learning.optimizers import OPTIMIZERS, make_optimizer
from charrnn.learning.step import AutogradStep
from charrnn.learning.step.fused import FusedStep, can_fuse

torch.set_num_threads(1)
V, T, B, H = 11, 6, 3, 7


def network(cell: str = "rnn", dtype: torch.dtype = torch.float64, **settings: Any) -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(V, **{"cell": cell, "hidden": H, "layers": 1} | settings).to(dtype)


def window(seed: int, names: tuple[str, ...] = (), time: int = T) -> tuple[Any, ...]:
    """Ids, targets of which some are ignored, inputs, and how many targets count."""
    generator = torch.Generator().manual_seed(seed)
    ids, targets = torch.randint(0, V, (2, time, B), generator=generator)
    targets[time // 2 :, 1] = IGNORED
    inputs = [torch.randint(0, size, (time, B), generator=generator).int() for size in sizes(names, V)]
    return ids, targets, torch.stack(inputs, 2) if inputs else None, int((targets != IGNORED).sum())


def one_step(kind: Any, model: CharRNN, names: tuple[str, ...], state: torch.Tensor | None) -> list[torch.Tensor]:
    torch.manual_seed(1)
    step, (ids, targets, inputs, count) = kind(model), window(2, names)
    nats, after = step.gradients(ids, targets, inputs, state, count)
    norm = step.clip(0.1)
    next_random_number = torch.rand(())
    return [nats, after, norm, next_random_number, *(p.grad for p in model.parameters())]


@pytest.mark.parametrize("state", ["none", "given"])
@pytest.mark.parametrize(("dropout", "weight_drop"), [(0.0, 0.0), (0.3, 0.0), (0.3, 0.4)])
@pytest.mark.parametrize("names", [(), ("meter",), NAMES])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_gradients_are_those_of_autograd(cell, layers, names, dropout, weight_drop, state):
    settings = {"layers": layers, "inputs": names, "dropout": dropout, "weight_drop": weight_drop}
    h0 = torch.rand(layers, 1, B, H, dtype=torch.float64) if state == "given" else None
    ours, theirs = (one_step(kind, network(cell, **settings), names, h0) for kind in (FusedStep, AutogradStep))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_the_gradients_are_the_numerical_ones(cell):
    model = network(cell, layers=2, inputs=("meter",))
    ids, targets, inputs, count = window(3, ("meter",))
    step, nudge = FusedStep(model), 1e-5
    step.gradients(ids, targets, inputs, None, count)
    gradients = [p.grad.clone().flatten() for p in model.parameters()]
    for parameter, ours in zip(model.parameters(), gradients, strict=True):
        flat = parameter.data.view(-1)
        for place in range(0, len(flat), 1 + len(flat) // 7):
            losses = []
            for sign in (1, -2):
                flat[place] += sign * nudge
                losses.append(float(step.gradients(ids, targets, inputs, None, count)[0]) / count)
            flat[place] += nudge
            assert float(ours[place]) == pytest.approx((losses[0] - losses[1]) / (2 * nudge), abs=1e-9)


def trained(kind: Any, model: CharRNN, names: tuple[str, ...], optim: str, steps: int = 200) -> list[float]:
    """Losses of windows of two lengths, the state carried on."""
    optimizer = make_optimizer(model, name=optim, lr=0.05 if optim in ("sgd", "adagrad") else 2e-3, weight_decay=0.01,
        momentum=0.5)  # fmt: skip
    torch.manual_seed(1)
    step, state, losses = kind(model.train()), None, []
    for number in range(steps):
        ids, targets, inputs, count = window(number % 9, names, time=3 if number % 9 == 8 else T)
        nats, state = step.gradients(ids, targets, inputs, state, count)
        step.clip(0.5)
        optimizer.step()
        losses.append(float(nats) / count)
    return losses


SHAPES = [
    *itertools.product(["rnn"], sorted(OPTIMIZERS), [1, 2], [(), NAMES], [0.0, 0.2]),
    *itertools.product(["gru"], ["adam"], [1, 2], [(), NAMES], [0.0, 0.2]),
]


@pytest.mark.parametrize(("cell", "optim", "layers", "names", "dropout"), SHAPES)
def test_two_hundred_steps_are_those_of_autograd(cell, optim, layers, names, dropout):
    settings = {"layers": layers, "inputs": names, "dropout": dropout}
    one, other = (network(cell, torch.float32, **settings) for _ in range(2))
    ours, theirs = trained(FusedStep, one, names, optim), trained(AutogradStep, other, names, optim)
    assert ours == pytest.approx(theirs, abs=2e-4)
    assert min(theirs[-9:]) < theirs[0] - 0.01, "weights that stand still would agree, too"
    for a, b in zip(weights(one), weights(other), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=2e-3)


def test_a_likelihood_that_underflows_has_its_nats():
    model = network(dtype=torch.float32)
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.copy_(torch.arange(V) * 20.0)
    ids, targets, inputs, count = window(0)
    nats = [kind(model).gradients(ids, targets, inputs, None, count)[0] for kind in (FusedStep, AutogradStep)]
    assert float(nats[0]) == pytest.approx(float(nats[1]), rel=1e-6)
    assert float(nats[0]) / count > 80


def test_what_a_step_gives_is_not_overwritten_by_the_next():
    step = FusedStep(network())
    ids, targets, inputs, count = window(0)
    nats, state = step.gradients(ids, targets, inputs, None, count)
    copies = nats.clone(), state.clone()
    step.gradients(*window(1)[:3], state, count)
    assert torch.equal(nats, copies[0]) and torch.equal(state, copies[1])


def test_weights_loaded_or_copied_are_those_that_count():
    model, other = network(), network(hidden=H)
    step = FusedStep(model)
    step.gradients(*window(0)[:3], None, 15)
    with torch.no_grad():
        for p in other.parameters():
            p.add_(0.1)
    model.load_state_dict(other.state_dict())
    twin = copy.deepcopy(step)
    for again in (step, twin):
        nats = again.gradients(*window(0)[:3], None, 15)[0]
        assert torch.equal(nats, FusedStep(other).gradients(*window(0)[:3], None, 15)[0])
    twin.model.output.bias.grad.zero_()
    assert model.output.bias.grad.abs().sum() > 0


def test_gradients_that_somebody_set_to_none_come_back():
    model = network()
    step = FusedStep(model)
    step.gradients(*window(0)[:3], None, 15)
    model.zero_grad()
    step.gradients(*window(0)[:3], None, 15)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def watched(model: CharRNN) -> None:
    model.layers[0].register_forward_hook(lambda *_: None)


def listened(model: CharRNN) -> None:
    model.output.bias.register_hook(lambda grad: None)


def frozen(model: CharRNN) -> None:
    model.output.bias.requires_grad_(False)


def at_rest(model: CharRNN) -> None:
    model.eval()


@pytest.mark.parametrize("change", [watched, listened, frozen, at_rest])
def test_autograd_takes_over_where_it_must(change):
    model = network()
    assert can_fuse(model)
    change(model)
    assert not can_fuse(model)


@pytest.mark.parametrize("cell", ["lstm", "torch.nn.GRU"])
def test_only_the_cells_written_out_are_fused(cell):
    # A user's own class may be derived from torch's.
    assert can_fuse(network(cell)) == (cell == "torch.nn.GRU")


class Kinds(pl.Callback):
    def __init__(self) -> None:
        self.kinds: list[type] = []

    def on_train_batch_end(self, trainer: pl.Trainer, lit: Any, *_: Any) -> None:
        self.kinds.append(type(lit.step))


class AfterBackward(Kinds):
    gradients = 0

    def on_after_backward(self, trainer: pl.Trainer, lit: Any) -> None:
        self.gradients += all(p.grad is not None for p in lit.model.parameters())


class Halving(Kinds):
    """Halves what the optimizer is about to use."""

    def on_before_optimizer_step(self, trainer: pl.Trainer, lit: Any, optimizer: Any) -> None:
        for p in lit.parameters():
            p.grad.mul_(0.5)


class Freezing(Kinds):
    def on_train_batch_start(self, trainer: pl.Trainer, lit: Any, batch: Any, index: int) -> None:
        lit.model.output.bias.requires_grad_(index < 2)


def test_the_trainer_takes_the_fused_step_and_counts_it(tmp_path):
    kinds, data = Kinds(), corpus()
    trainer = fit(module(), data, tmp_path, callbacks=[kinds])
    assert set(kinds.kinds) == {FusedStep}
    assert trainer.global_step == data.windows


def test_a_callback_between_backward_and_step_is_called_with_every_gradient(tmp_path):
    after, data, plain = AfterBackward(), corpus(), module()
    lit = module()
    fit(lit, data, tmp_path, callbacks=[after])
    fit(plain, corpus(), tmp_path)
    assert set(after.kinds) == {AutogradStep}
    assert after.gradients == data.windows
    for a, b in zip(weights(lit), weights(plain), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_a_callback_before_the_step_changes_what_the_optimizer_takes(tmp_path):
    # A step of SGD is as long as its gradient: half of it with half the rate is a quarter.
    settings = {"name": "sgd", "gradient_clip": 1e6}
    halving, halved, quartered = Halving(), module(lr=0.1, **settings), module(lr=0.05, **settings)
    trainer = fit(halved, corpus(), tmp_path, callbacks=[halving])
    fit(quartered, corpus(), tmp_path)
    assert set(halving.kinds) == {FusedStep}
    assert trainer.global_step == corpus().windows
    for a, b in zip(weights(halved), weights(quartered), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_a_callback_that_freezes_weights_in_mid_epoch_is_obeyed(tmp_path):
    freezing, lit = Freezing(), module()
    fit(lit, corpus(), tmp_path, callbacks=[freezing])
    assert freezing.kinds == [FusedStep] * 2 + [AutogradStep] * 3


@pytest.mark.parametrize("optim", sorted(OPTIMIZERS))
def test_the_optimizer_is_torchs_own_over_the_networks_own_weights(optim, tmp_path):
    lit = module(name=optim, momentum=0.5)
    (optimizer,) = fit(lit, corpus(), tmp_path).optimizers
    (group,) = optimizer.param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in lit.model.parameters()]
    assert optimizer.state_dict()["state"].keys() == set(range(len(group["params"])))


@pytest.mark.parametrize("cell", ["rnn", "gru"])
@pytest.mark.parametrize("optim", sorted(OPTIMIZERS))
@pytest.mark.parametrize("after", [2, None])
def test_a_fused_run_resumes_bit_for_bit(cell, optim, after, tmp_path):
    settings = {"cell": cell, "dropout": 0.3, "layers": 2, "name": optim, "momentum": 0.5}
    undisturbed, resumed = module(**settings), module(**settings)
    file = saved_on_the_way(undisturbed, corpus(), tmp_path, after, epochs=2)
    fit(resumed, corpus(), tmp_path, epochs=2, resume_from=file)
    assert type(resumed.step) is FusedStep
    assert same(weights(resumed), weights(undisturbed))
    assert resumed.train_loss == undisturbed.train_loss


def test_a_run_begun_fused_goes_on_by_autograd(tmp_path):
    # As on another machine, with a GPU.
    settings = {"dropout": 0.3, "layers": 2}
    undisturbed, resumed = module(**settings), module(**settings)
    file = saved_on_the_way(undisturbed, corpus(), tmp_path, 2, epochs=2)
    fit(resumed, corpus(), tmp_path, epochs=2, resume_from=file, callbacks=[AfterBackward()])
    for a, b in zip(weights(resumed), weights(undisturbed), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4)


def test_windows_of_one_shape_use_the_same_buffers():
    step = FusedStep(network())
    step.gradients(*window(0)[:3], None, 15)
    layers = step.layers
    step.gradients(*window(1)[:3], None, 15)
    assert step.layers is layers
    step.gradients(*window(1, time=2)[:3], None, 5)
    assert step.layers is not layers


def test_the_corpus_of_these_tests_ends_with_a_shorter_window():
    blocks = list(corpus().train_dataloader())
    assert blocks[-1][0].shape[0] == BATCH and blocks[-1][0].shape[1] % SEQ_LEN
