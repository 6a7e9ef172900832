"""The temperature that a network's own tunes give back, and what the estimate is made of."""

import math

import numpy as np
import pytest
import torch

from charrnn.learning.likelihood import Scores, estimate_temperature, nats_per_note, score_tunes
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import Vocabulary


@pytest.fixture(scope="module")
def network() -> tuple[CharRNN, Vocabulary]:
    torch.manual_seed(0)
    vocab = Vocabulary("abcdefgh|\n")
    model = CharRNN(len(vocab), cell="lstm", hidden=16, layers=1).eval()
    with torch.no_grad():
        model.output.weight *= 12  # as sure of some characters as a trained one
        model.output.bias[vocab.end] = -2.0
    return model, vocab


@pytest.mark.parametrize("temperature", [0.25, 0.5, 0.7, 1.0, 1.4, 2.0])
def test_a_networks_own_tunes_give_their_temperature_back(network, temperature: float):
    model, vocab = network
    tunes = list(sample(model, vocab, temperature=temperature, num_tunes=120, seed=1, max_chars=120))
    scores = list(score_tunes(model, vocab, [t.text for t in tunes], [t.ended for t in tunes]))
    found = estimate_temperature(scores)
    assert found.value == pytest.approx(temperature, rel=0.05)
    assert found.low < found.value < found.high < 1.2 * found.low


def test_scores_are_those_the_sampler_saw_tune_by_tune(network):
    model, vocab = network
    tunes = list(sample(model, vocab, temperature=1.0, num_tunes=40, seed=0, max_chars=60))
    for tune, score in zip(
        tunes, score_tunes(model, vocab, [t.text for t in tunes], [t.ended for t in tunes]), strict=True
    ):
        assert len(score.ids) == len(tune.log_prob)
        # the sampler's are of all characters, these without the start mark, which no tune repeats
        assert (score.log_prob(1.0).numpy() >= tune.log_prob - 1e-5).all()
        np.testing.assert_allclose(score.log_prob(1.0).numpy(), tune.log_prob, atol=0.2)


def test_entropy_and_probability_of_a_known_distribution():
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25, 0.0]]))
    scores = Scores(logits, torch.tensor([1]))
    assert float(scores.log_prob(1.0)[0]) == pytest.approx(math.log(0.25))
    assert float(scores.entropy(1.0)[0]) == pytest.approx(1.5 * math.log(2))
    # at temperature 1/2 probabilities are squared: 4/6, 1/6, 1/6
    assert float(scores.log_prob(0.5)[0]) == pytest.approx(math.log(1 / 6))


def test_characters_no_network_knows_and_empty_tunes_are_no_obstacle(network):
    model, vocab = network
    known, odd, empty = score_tunes(model, vocab, ["ab|", "aé♭b|", ""], [True, True, False])
    assert torch.equal(known.ids, odd.ids) and torch.equal(known.logits, odd.logits) and len(empty.ids) == 0


def test_nats_a_note_count_the_music_and_the_end_but_not_the_header():
    torch.manual_seed(0)
    vocab = Vocabulary("X:1\nT:aM4/KLGABc|")
    model = CharRNN(len(vocab), cell="rnn", hidden=8, layers=1).eval()
    header, music = "X:1\nT:a\nM:4/4\nL:1/4\nK:G\n", "GABc|ABcG|"
    (scores,) = score_tunes(model, vocab, [header + music], [True])
    spent = -scores.log_prob(1.0)[len(header) - 1 :].sum()  # from the end of the line K: on
    assert nats_per_note(model, vocab, [header + music]) == pytest.approx(float(spent) / 8)
    assert nats_per_note(model, vocab, [header + music] * 3) == pytest.approx(float(spent) / 8, rel=1e-4)
    assert nats_per_note(model, vocab, [header + "GA{é}Bc|ABcG|"]) > 0
