"""The AUC against its definition, its p against all circular shifts, false discoveries against 5 %."""

import numpy as np
import pytest
from scipy import signal, stats

from charrnn.studies.neurons.selectivity import (
    FALSE_DISCOVERY_RATE,
    best_units,
    feature_auc,
    learned_features,
    untrained_bound,
)

random = np.random.default_rng(0)


def auc_by_pairs(unit: np.ndarray, on: np.ndarray) -> float:
    high, low = unit[on][:, None], unit[~on][None]
    return float((high > low).mean() + (high == low).mean() / 2)


def test_the_auc_of_a_binary_feature_is_the_auc():
    units = random.normal(size=(300, 3)).round(1)  # with ties
    on = random.random(300) < 0.2
    aucs = feature_auc(units, {"f": on.astype(np.float32)}, shifts=False)["auc"]
    assert list(aucs) == pytest.approx([auc_by_pairs(units[:, u], on) for u in range(3)])
    assert aucs[0] == pytest.approx(
        stats.mannwhitneyu(units[on, 0], units[~on, 0]).statistic / (on.sum() * (~on).sum())
    )


def test_the_auc_of_a_graded_feature_is_the_mean_of_the_aucs_at_its_thresholds():
    unit, feature = random.normal(size=(400, 1)), random.choice(4, 400, p=[0.4, 0.3, 0.2, 0.1]).astype(np.float32)
    aucs, weights = [], []
    for low, high in ((0, 1), (1, 2), (2, 3)):
        above = feature >= high
        aucs.append(auc_by_pairs(unit[:, 0], above))
        beside = ((feature == low).mean() + (feature == high).mean()) / 2
        weights.append(beside * above.mean() * (1 - above.mean()))
    (auc,) = feature_auc(unit, {"f": feature}, shifts=False)["auc"]
    assert auc == pytest.approx(np.average(aucs, weights=weights))
    same, opposite = feature_auc(np.stack([feature**2, -feature], 1), {"f": feature}, shifts=False)["auc"]
    assert (same, opposite) == pytest.approx((1, 0))


def test_p_is_the_share_of_shifts_that_are_as_far_from_chance():
    n = 101  # a prime
    unit, on = np.cumsum(random.normal(size=n))[:, None], np.arange(n) % 50 < 25
    shifted = np.array([auc_by_pairs(np.roll(unit[:, 0], k), on) for k in range(n)])
    (p,) = feature_auc(unit, {"f": on.astype(np.float32)})["p"]
    assert p == pytest.approx((np.abs(shifted - 0.5) >= abs(shifted[0] - 0.5) - 1e-9).mean())


def test_characters_where_a_feature_is_nan_do_not_count():
    unit, feature = random.normal(size=(200, 1)), (random.random(200) < 0.5).astype(np.float32)
    feature[:100] = np.nan
    whole, part = feature_auc(unit, {"f": feature}), feature_auc(unit[100:], {"f": feature[100:]})
    assert whole.equals(part)
    rare = np.zeros(200, np.float32)
    rare[:5] = 1
    assert (
        feature_auc(unit, {"f": rare, "g": np.full(200, np.nan, np.float32)})[["auc", "p", "q"]].isna().all(axis=None)
    )


def noise(phi: np.ndarray, n: int, seed: np.random.Generator) -> np.ndarray:
    """Stationary AR(1), a column for every autocorrelation."""
    shocks = seed.normal(size=(n, len(phi))) * np.sqrt(1 - phi**2)
    shocks[0] /= np.sqrt(1 - phi**2)
    return np.stack([signal.lfilter([1], [1, -p], shocks[:, i]) for i, p in enumerate(phi)], 1)


def test_noise_is_significant_no_more_often_than_the_rate_says():
    """Where nothing is true, their rate is the chance of any at all: over 100 seeds within a binomial 99 % band."""
    low, high = stats.binom.interval(0.99, 100, FALSE_DISCOVERY_RATE)
    # The default network's units over held-out tunes, least, quartiles and most; features from a colon to the header.
    unit_phi = np.interp(np.linspace(0, 1, 10), np.linspace(0, 1, 5), [-0.07, 0.21, 0.32, 0.47, 0.87])
    feature_phi = np.linspace(0, 0.99, 10)
    wrong = 0
    for number in range(100):
        seed = np.random.default_rng(number)
        features = noise(feature_phi, 10_000, seed) > stats.norm.ppf(np.linspace(0.1, 0.9, 10))
        named = {str(i): column.astype(np.float32) for i, column in enumerate(features.T)}
        named["9"] = noise(feature_phi[-1:], 10_000, seed)[:, 0].astype(np.float32)  # graded
        wrong += bool((feature_auc(noise(unit_phi, 10_000, seed), named)["q"] <= FALSE_DISCOVERY_RATE).any())
    assert low <= wrong <= high


def test_a_selective_unit_is_found_among_noise_and_learned_only_if_it_exceeds_untrained_ones():
    seed = np.random.default_rng(0)
    on = noise(np.array([0.95]), 5000, seed)[:, 0] > 1
    units = noise(np.full(8, 0.5), 5000, seed)
    units[:, 3] -= 3 * on
    features = {"f": on.astype(np.float32)}
    table = feature_auc(units, features)
    best = best_units(table).loc["f"]
    assert best["unit"] == 3 and best["auc"] < 0.05 and best["q"] <= FALSE_DISCOVERY_RATE
    strangers = [noise(np.full(8, 0.5), 5000, seed) for _ in range(5)]
    weak = [feature_auc(s, features, shifts=False) for s in strangers]
    assert learned_features(table, weak).loc["f", "learned"]
    strong = [
        *weak[:4],
        feature_auc(units * [[*[1] * 3, -2, *[1] * 4]], features, shifts=False),
    ]  # the sign is no merit
    best = learned_features(table, strong).loc["f"]
    assert not best["learned"] and best["untrained"] == pytest.approx(best["selectivity"])


def test_one_more_untrained_network_seldom_exceeds_the_bound():
    seed = np.random.default_rng(0)
    aucs = 0.5 + np.tanh(seed.normal(1, 0.2, size=(2000, 6))) / 2
    exceeding = np.mean([row[5] > untrained_bound(row[:5]) for row in aucs])
    assert 0.02 < exceeding < 0.06  # more than the best of five: 0.17
    assert untrained_bound([0.7]) == 0.7
    assert untrained_bound([1.0, 1.0]) == 1 and 0.99 < untrained_bound([0.98, 0.99, 0.995]) < 1
