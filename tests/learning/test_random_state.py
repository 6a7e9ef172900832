"""A random state that is restored gives the same numbers again."""

import torch

from charrnn.learning.random_state import get_random_state, set_random_state

CPU = torch.device("cpu")


def test_the_same_numbers_follow_also_from_a_row_of_a_table():
    before = get_random_state(CPU)
    expected = torch.rand(5)
    set_random_state(torch.stack([torch.zeros_like(before), before])[1], CPU)
    assert torch.equal(torch.rand(5), expected)


def test_a_state_saved_on_another_device_restores_the_generator_that_is_here():
    before = torch.cat([get_random_state(CPU), torch.zeros(16, dtype=torch.uint8)])  # as CUDA's is stored
    expected = torch.rand(5)
    set_random_state(before, CPU)
    assert torch.equal(torch.rand(5), expected)
