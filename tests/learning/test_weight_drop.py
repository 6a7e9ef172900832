"""Weight drop: some recurrent weights are missing for a window; in what is sampled none is."""

import pytest
import torch

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN, run

torch.set_num_threads(1)
IDS = torch.randint(9, (3, 12), generator=torch.Generator().manual_seed(0))


def network(cell: str, weight_drop: float = 0.5) -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(9, cell=cell, hidden=8, layers=2, weight_drop=weight_drop)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_layer_with_given_weights_is_the_layer_that_has_them(cell: str):
    one, other = network(cell).layers[0], network(cell).layers[0]
    weights = torch.randn_like(one.weight_hh_l0)
    with torch.no_grad():
        other.weight_hh_l0.copy_(weights)
    below, state = torch.randn(5, 3, 9), torch.randn(2 if cell == "lstm" else 1, 3, 8)
    for ours, theirs in zip(run(one, below, state, weights), run(other, below, state), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_only_training_drops_and_dropped_weights_have_no_gradient(cell: str):
    model = network(cell)
    torch.manual_seed(1)
    one = model(IDS)[0]
    one.square().sum().backward()
    dropped = (model.layers[0].weight_hh_l0.grad == 0).float().mean()
    assert 0.3 < dropped < 0.7
    assert not torch.equal(one, model(IDS)[0])
    torch.testing.assert_close(model.eval()(IDS)[0], network(cell, 0.0).eval()(IDS)[0])


def test_a_cell_of_a_users_own_drops_its_weights_itself():
    with pytest.raises(UserError, match=r"weight_drop: expected 0 with model.cell=torch.nn.GRU, got 0.5"):
        CharRNN(9, cell="torch.nn.GRU", hidden=8, layers=1, weight_drop=0.5)
