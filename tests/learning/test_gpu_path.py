"""The path of a GPU where there is none: on torch's meta device a call that depends on data raises."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from charrnn.learning.inputs import NAMES, sizes
from charrnn.learning.model import CharRNN
from charrnn.learning.step import AutogradStep
from charrnn.learning.step.fused import FusedStep, can_fuse

V, T, B = 11, 6, 3


def network(**settings) -> CharRNN:
    return CharRNN(V, **{"hidden": 7, "layers": 2, "dropout": 0.2} | settings)


@pytest.mark.parametrize("weight_drop", [0.0, 0.3])
@pytest.mark.parametrize("names", [(), NAMES])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_step_waits_for_nothing(cell, names, weight_drop):
    model = network(cell=cell, inputs=names, weight_drop=weight_drop).to("meta")
    assert not can_fuse(model)
    step, ids = AutogradStep(model), torch.empty(T, B, dtype=torch.int64, device="meta")
    inputs = torch.empty(T, B, len(sizes(names, V)), dtype=torch.int32, device="meta") if names else None
    _, state = step.gradients(ids, ids, inputs, None, T * B)
    nats, state = step.gradients(ids, ids, inputs, state, T * B)
    assert nats.is_meta and state.is_meta and step.clip(1.0).is_meta
    assert all(p.grad.shape == p.shape for p in model.parameters())


def test_a_call_that_depends_on_data_would_be_noticed():
    with pytest.raises(RuntimeError, match="meta"):
        torch.empty((), device="meta").item()


class Calls(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.number += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("cell", "a_step_of_time"), [("rnn", 7), ("gru", 11)])
def test_a_fused_window_calls_torch_so_often_a_step_of_time(cell, a_step_of_time):
    numbers = []
    for time in (10, 20):
        step, ids = FusedStep(network(cell=cell, layers=1, dropout=0.0)), torch.zeros(time, B, dtype=torch.int64)
        step.gradients(ids, ids, None, None, time * B)
        with Calls() as calls:
            step.gradients(ids, ids, None, None, time * B)
        numbers.append(calls.number)
    assert (numbers[1] - numbers[0]) / 10 <= a_step_of_time
    assert numbers[0] - 10 * a_step_of_time < 80
