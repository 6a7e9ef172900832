"""A unit that was planted in a network is found to follow and to carry what it was planted for."""

import numpy as np
import planted
import pytest

from charrnn.learning.activations import trace
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import features_of
from charrnn.studies.neurons.breaking import broken, chosen_units, on_characters, with_breaking
from charrnn.studies.neurons.following import follow, learned
from charrnn.studies.neurons.untrained import untrained

TUNES = planted.tunes(30)
VOCAB = Vocabulary("".join(TUNES))


@pytest.fixture(scope="module")
def model():
    network = planted.network(VOCAB, hidden=30)
    planted.plant_header(network, VOCAB)
    return network


def test_a_planted_unit_comes_first_was_learned_and_carries_the_header(model):
    activations, features = trace(model, VOCAB, TUNES).activations, features_of(TUNES)
    rivals = [follow(trace(n, VOCAB, TUNES).activations, features, shifts=False) for n in untrained(model)]
    best = learned(follow(activations, features), rivals)
    assert best.loc["header", "unit"] == 3 and best.loc["header", "auc"] > 0.99 and best.loc["header", "learned"]
    held = chosen_units(model, best["unit"].to_list())
    found = with_breaking(best, broken(model, VOCAB, TUNES, held, activations.mean(0))).loc["header"]
    assert found["carries"] and found["share"] == 1 and found["there"] > 0.02


def test_change_there_and_elsewhere_is_all_of_it(model):
    means = trace(model, VOCAB, TUNES).activations.mean(0)
    changes = broken(model, VOCAB, TUNES, [3, 7], means)
    on = on_characters(features_of(TUNES))["header"].mean()
    header = changes[changes["feature"] == "header"]
    title = changes[changes["feature"] == "title"]
    whole = on_characters(features_of(TUNES))["title"].mean()
    np.testing.assert_allclose(
        header["there"] * on + header["elsewhere"] * (1 - on),
        title["there"].to_numpy() * whole + title["elsewhere"].to_numpy() * (1 - whole),
        rtol=1e-5,
    )
    assert changes.loc[changes["feature"] == "slur", "there"].isna().all()  # there is none in these tunes


def test_others_are_drawn_once_and_for_all_and_never_twice(model):
    assert chosen_units(model, [3, 3, 5]) == list(range(30))
    wide = planted.network(VOCAB, hidden=300)
    held = chosen_units(wide, [299, 7])
    assert held == chosen_units(wide, [7, 299]) and len(held) == 102 and {7, 299} <= set(held)


def test_untrained_networks_have_the_shape_and_differ(model):
    networks = list(untrained(model))
    assert len(networks) == 5 and all(not n.training for n in networks)
    assert all(n.layers[0].weight_ih_l0.shape == model.layers[0].weight_ih_l0.shape for n in networks)
    assert len({float(n.output.bias[0].detach()) for n in networks}) == 5
