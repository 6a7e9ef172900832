"""A unit that was planted in a network is selective for its feature and needed for it."""

import numpy as np
import planted
import pytest

from charrnn.learning.activations import trace
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import features_of
from charrnn.studies.neurons.ablation import ablate_units, feature_masks, with_ablation
from charrnn.studies.neurons.selectivity import feature_auc, learned_features
from charrnn.studies.neurons.unit_choice import units_to_ablate
from charrnn.studies.neurons.untrained import untrained_networks

TUNES = planted.tunes(30)
VOCAB = Vocabulary("".join(TUNES))


@pytest.fixture(scope="module")
def model():
    network = planted.network(VOCAB, hidden=30)
    planted.plant_header(network, VOCAB)
    return network


def test_a_planted_unit_comes_first_was_learned_and_is_needed_for_the_header(model):
    activations, features = trace(model, VOCAB, TUNES).activations, features_of(TUNES)
    rivals = [
        feature_auc(trace(n, VOCAB, TUNES).activations, features, shifts=False) for n in untrained_networks(model)
    ]
    best = learned_features(feature_auc(activations, features), rivals)
    assert best.loc["header", "unit"] == 3 and best.loc["header", "auc"] > 0.99 and best.loc["header", "learned"]
    ablated = units_to_ablate(30, best["unit"].to_list())
    header = with_ablation(best, ablate_units(model, VOCAB, TUNES, ablated, activations.mean(0))).loc["header"]
    assert header["needed"] and header["share_exceeded"] == 1 and header["change_on"] > 0.02


def test_changes_on_and_off_make_up_the_whole(model):
    means = trace(model, VOCAB, TUNES).activations.mean(0)
    changes = ablate_units(model, VOCAB, TUNES, [3, 7], means)
    on = feature_masks(features_of(TUNES))["header"].mean()
    header = changes[changes["feature"] == "header"]
    title = changes[changes["feature"] == "title"]
    whole = feature_masks(features_of(TUNES))["title"].mean()
    np.testing.assert_allclose(
        header["change_on"] * on + header["change_off"] * (1 - on),
        title["change_on"].to_numpy() * whole + title["change_off"].to_numpy() * (1 - whole),
        rtol=1e-5,
    )
    assert changes.loc[changes["feature"] == "slur", "change_on"].isna().all()  # there is none in these tunes


def test_the_other_units_are_always_the_same_and_none_comes_twice():
    assert units_to_ablate(30, [3, 3, 5]) == list(range(30))
    ablated = units_to_ablate(300, [299, 7])
    assert ablated == units_to_ablate(300, [7, 299]) and len(ablated) == 102 and {7, 299} <= set(ablated)


def test_untrained_networks_have_the_shape_and_differ(model):
    networks = list(untrained_networks(model))
    assert len(networks) == 5 and all(not n.training for n in networks)
    assert all(n.layers[0].weight_ih_l0.shape == model.layers[0].weight_ih_l0.shape for n in networks)
    assert len({float(n.output.bias[0].detach()) for n in networks}) == 5
