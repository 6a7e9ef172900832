"""Activations against the network run a character at a time; held units against a network that was rewritten."""

import copy

import numpy as np
import pytest
import torch

from charrnn.errors import UserError
from charrnn.learning.activations import ablated_losses, trace, units
from charrnn.learning.likelihood import score_tunes
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

TUNES = ["X:1\nK:G\nGABc|d2 e2|", "", "ab\ncd", "X:2\nT:A\nK:D\n" + "defg|" * 20]
VOCAB = Vocabulary("".join(TUNES))


def network(cell: str, layers: int = 1, hidden: int = 12) -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(len(VOCAB), cell=cell, hidden=hidden, layers=layers, dropout=0.3).eval()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_activations_are_those_of_a_run_step_by_step(cell: str, layers: int):
    model = network(cell, layers)
    found = trace(model, VOCAB, TUNES)
    assert found.activations.shape == (sum(map(len, TUNES)), units(model)) == (len("".join(TUNES)), 12 * layers)
    exact = copy.deepcopy(model).double()
    expected = []
    for tune in TUNES:
        state = exact(torch.tensor([[VOCAB.start]]))[1]
        for character in tune:
            _, state = exact(torch.from_numpy(VOCAB.encode(character))[None], state)
            expected.append(state[:, 0, 0].flatten().detach())
    np.testing.assert_allclose(found.activations, np.stack(expected), atol=1e-6)


def test_the_loss_is_that_of_the_character_behind():
    model = network("gru")
    found = trace(model, VOCAB, TUNES)
    scores = score_tunes(model, VOCAB, TUNES, [True] * len(TUNES))
    expected = torch.cat([-score.log_prob(1.0)[1:] for score in scores])
    np.testing.assert_allclose(found.loss, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(np.exp(found.log_prob).sum(1), 1, atol=1e-5)


def test_a_tanh_unit_held_at_c_is_a_network_whose_unit_is_c_whatever_it_reads():
    model, means = network("rnn"), np.linspace(-0.9, 0.9, 12)
    found = ablated_losses(model, VOCAB, TUNES, [3, 11], means)
    for row, unit in zip(found, (3, 11), strict=True):
        rewritten = copy.deepcopy(model)
        layer = rewritten.layers[0]
        with torch.no_grad():
            for weights in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_hh_l0):
                weights[unit] = 0
            layer.bias_ih_l0[unit] = float(np.arctanh(means[unit]))
        np.testing.assert_allclose(row, trace(rewritten, VOCAB, TUNES).loss, atol=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_only_what_a_unit_says_is_lost_in_either_layer(cell: str):
    model = network(cell, layers=2)
    silent, lower = 12 + 5, 4
    with torch.no_grad():
        model.layers[1].weight_hh_l0[:, 5] = 0  # the unit itself reads nothing of its past either
        model.output.weight[:, 5] = 0
    found = ablated_losses(model, VOCAB, TUNES, [silent, lower], np.full(24, 0.5))
    whole = trace(model, VOCAB, TUNES).loss
    np.testing.assert_allclose(found[0], whole, atol=1e-5)
    assert np.abs(found[1] - whole).max() > 1e-3


def test_many_units_are_held_as_each_alone(monkeypatch: pytest.MonkeyPatch):
    model, means = network("gru"), np.full(12, 0.25)
    together = ablated_losses(model, VOCAB, TUNES, range(12), means)
    monkeypatch.setattr("charrnn.learning.activations._TUNES_AT_ONCE", 1)
    monkeypatch.setattr("charrnn.learning.activations._ROWS", 1)
    np.testing.assert_allclose(ablated_losses(model, VOCAB, TUNES, range(12), means), together, atol=1e-5)


def test_a_character_outside_the_alphabet_is_named():
    with pytest.raises(UserError, match="'é'"):
        trace(network("rnn"), VOCAB, ["Xé"])
