"""How well each unit tells where a feature is on: AUC, p-values by circular shifts, comparison with untrained networks.

n characters, U units, F features. The AUC of a unit and a binary feature is the probability that the unit is higher
where the feature is on than where it is off (Mann and Whitney 1947). With mid-ranks r of the unit and g of the feature
it is ½ + ½ · cov(r, g) / var(g). For a graded feature this is the mean of the AUCs at its thresholds t, weighted by w_t
p_t (1 - p_t): p_t is the share above t, w_t the mean frequency of the two values around it. 0.5 is chance, 1 the same
order, 0 the opposite one. Since it is linear in r, one Fourier transform gives it for all circular shifts.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import fft, stats

FALSE_DISCOVERY_RATE = 0.05  # over all units and features (Benjamini and Hochberg 1995)
MIN_CHARACTERS = 20  # on either side of a feature, for an AUC


def feature_auc(activations: np.ndarray, features: Mapping[str, np.ndarray], shifts: bool = True) -> pd.DataFrame:
    """A row for every unit and feature: `feature`, `unit`, `auc`, and with `shifts` also `p` and `q`.

    `activations` are (n, U); a feature is (n,), and characters where it is nan are left out. `p` is two-sided: the
    share of all circular shifts of the unit against the feature, the identity included, whose AUC is as far from 0.5.
    Shifts keep the autocorrelation of both. `q` is `p` adjusted for all pairs. All three are nan for a feature with
    fewer than MIN_CHARACTERS on a side.
    """
    tables = []
    ranks: dict[bytes, np.ndarray] = {}
    for name, values in features.items():
        is_known = ~np.isnan(values)
        if (known := is_known.tobytes()) not in ranks:  # features known at the same characters share the ranks
            ranks[known] = stats.rankdata(activations[is_known], axis=0)
        auc, p = _auc_and_p(ranks[known], values[is_known], shifts)
        tables.append(
            pd.DataFrame({"feature": name, "unit": range(len(auc)), "auc": auc} | ({"p": p} if shifts else {}))
        )
    table = pd.concat(tables, ignore_index=True)
    return table.assign(q=q_values(table["p"].to_numpy())) if shifts else table


def _auc_and_p(ranks: np.ndarray, feature: np.ndarray, shifts: bool) -> tuple[np.ndarray, np.ndarray]:
    n, units = ranks.shape
    top = np.count_nonzero(feature == feature.max(initial=-np.inf))
    bottom = np.count_nonzero(feature == feature.min(initial=np.inf))
    if n - top < MIN_CHARACTERS or n - bottom < MIN_CHARACTERS:
        return np.full(units, np.nan), np.full(units, np.nan)
    centred = stats.rankdata(feature) - (n + 1) / 2
    scale = 2 * float(centred @ centred)
    auc = 0.5 + (centred @ (ranks - (n + 1) / 2)) / scale
    if not shifts:
        return auc, np.full(units, np.nan)
    spectrum = np.conj(fft.rfft(centred))
    p = np.empty(units)
    for unit in range(units):
        # Not padded to a faster length, which would be another test; scipy's transform is fast at any length.
        correlation = fft.irfft(fft.rfft(ranks[:, unit]) * spectrum, n)
        distance = np.abs(correlation / scale)
        p[unit] = np.count_nonzero(distance >= distance[0] - 1e-9) / n
    return auc, p


def q_values(p: np.ndarray) -> np.ndarray:
    """False-discovery rates (Benjamini and Hochberg 1995); nan stays nan and does not count."""
    q, known = np.full(len(p), np.nan), ~np.isnan(p)
    if known.any():
        q[known] = stats.false_discovery_control(p[known])
    return q


def selectivity(auc: pd.Series) -> pd.Series:
    """The larger of AUC and 1 - AUC, 0.5 to 1: a unit may be high or low where a feature is on."""
    return 0.5 + (auc - 0.5).abs()


def best_units(table: pd.DataFrame) -> pd.DataFrame:
    """The row of `feature_auc` of each feature's most selective unit, by feature; features without AUC are left out."""
    known = table.dropna(subset=["auc"])
    return known.loc[selectivity(known["auc"]).groupby(known["feature"]).idxmax()].set_index("feature")


def learned_features(table: pd.DataFrame, untrained: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """`best_units` with `selectivity`, `untrained`, `bound` and `learned`.

    Nearly all units of an untrained network differ significantly between headers and music, for they respond to their
    input; so a feature counts as learned only if its best unit exceeds `bound`, which `untrained_bound` gives from the
    best units of the `untrained` networks. `untrained` is the most selective of those.
    """
    best = best_units(table)
    best["selectivity"] = selectivity(best["auc"])
    rivals = pd.concat([selectivity(best_units(other)["auc"]) for other in untrained], axis=1).reindex(best.index)
    best["untrained"] = rivals.max(axis=1)
    best["bound"] = [untrained_bound(row) for row in rivals.to_numpy()]
    return best.assign(learned=(best["q"] <= FALSE_DISCOVERY_RATE) & (best["selectivity"] > best["bound"]))


def untrained_bound(aucs: Iterable[float]) -> float:
    """The AUC that one more untrained network would exceed in one of twenty cases, at least the largest of `aucs`.

    The largest of five alone would be exceeded in one of six. The bound is the upper end of the one-sided 95 %
    prediction interval, mean + t · sd · √(1 + 1/n), on Fisher's z of 2 AUC - 1, so that it stays below 1.
    """
    auc = np.fromiter(aucs, float)
    n = len(auc)
    if n < 2:
        return float(auc.max())
    z = np.arctanh(np.clip(2 * auc - 1, -1 + 1e-9, 1 - 1e-9))
    upper = z.mean() + stats.t.ppf(0.95, n - 1) * z.std(ddof=1) * (1 + 1 / n) ** 0.5
    return max(float(auc.max()), float(0.5 + np.tanh(upper) / 2))
