"""Which unit follows which feature: a concordance, what chance gives, and which of many findings may be believed.

n characters, U units, F features. The concordance of a unit and a binary feature is the AUC, the probability that the
unit is higher where the feature is on than where it is off (Mann and Whitney 1947). Written with mid-ranks r of the
unit and g of the feature it is ½ + ½ · cov(r, g) / var(g), which for a graded feature is the mean of the AUCs at its
thresholds t, weighted by w_t p_t (1 - p_t): p_t is the share above t, w_t the mean frequency of the two values around
it. 0.5 is chance, 1 the same order, 0 the opposite one. Being linear in r, it is had for all shifts from one Fourier
transform.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import fft, stats

RATE = 0.05  # of false discoveries among units and features (Benjamini and Hochberg 1995)
FEWEST = 20  # characters on either side of a feature, below which nothing is said


def follow(activations: np.ndarray, features: Mapping[str, np.ndarray], shifts: bool = True) -> pd.DataFrame:
    """Every unit held against every feature: a row a pair with `feature`, `unit`, `auc`, and with `shifts` `p` and `q`.

    `activations` are (n, U); a feature is (n,), and where it is nan the characters are left out. `p` is two-sided: the
    share of all circular shifts of the unit against the feature, the true one included, at which the concordance is as
    far from 0.5. It keeps what both are like by themselves, the runs of neighbouring characters above all. `q` is `p`
    adjusted for all pairs. All are nan of a feature with fewer than FEWEST characters on a side.
    """
    tables = []
    ranks: dict[bytes, np.ndarray] = {}
    for name, values in features.items():
        says = ~np.isnan(values)
        if (known := says.tobytes()) not in ranks:  # features that speak of the same characters share the ranks
            ranks[known] = stats.rankdata(activations[says], axis=0)
        auc, p = _one(ranks[known], values[says], shifts)
        tables.append(
            pd.DataFrame({"feature": name, "unit": range(len(auc)), "auc": auc} | ({"p": p} if shifts else {}))
        )
    table = pd.concat(tables, ignore_index=True)
    return table.assign(q=adjusted(table["p"].to_numpy())) if shifts else table


def _one(ranks: np.ndarray, feature: np.ndarray, shifts: bool) -> tuple[np.ndarray, np.ndarray]:
    n, units = ranks.shape
    top = np.count_nonzero(feature == feature.max(initial=-np.inf))
    bottom = np.count_nonzero(feature == feature.min(initial=np.inf))
    if n - top < FEWEST or n - bottom < FEWEST:
        return np.full(units, np.nan), np.full(units, np.nan)
    centred = stats.rankdata(feature) - (n + 1) / 2
    scale = 2 * float(centred @ centred)
    auc = 0.5 + (centred @ (ranks - (n + 1) / 2)) / scale
    if not shifts:
        return auc, np.full(units, np.nan)
    spectrum = np.conj(fft.rfft(centred))
    p = np.empty(units)
    for unit in range(units):
        # Padding to a faster length would make it another test; the library is fast at any length.
        correlation = fft.irfft(fft.rfft(ranks[:, unit]) * spectrum, n)
        far = np.abs(correlation / scale)
        p[unit] = np.count_nonzero(far >= far[0] - 1e-9) / n
    return auc, p


def adjusted(p: np.ndarray) -> np.ndarray:
    """False-discovery rates (Benjamini and Hochberg 1995); nan stays nan and does not count."""
    q, known = np.full(len(p), np.nan), ~np.isnan(p)
    if known.any():
        q[known] = stats.false_discovery_control(p[known])
    return q


def strength(auc: pd.Series) -> pd.Series:
    """How far a unit tells a feature, whichever way: 0.5 to 1."""
    return 0.5 + (auc - 0.5).abs()


def best_units(table: pd.DataFrame) -> pd.DataFrame:
    """Of `follow`'s rows the strongest of every feature, by feature; features that nothing is said of are left out."""
    said = table.dropna(subset=["auc"])
    return said.loc[strength(said["auc"]).groupby(said["feature"]).idxmax()].set_index("feature")


def learned(table: pd.DataFrame, untrained: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """`best_units` with `strength`; of the untrained networks the best unit's, `untrained`, and `bound`; `learned`.

    In a network that was never trained most units differ significantly between headers and music, one of them nearly
    without fail between colons and the rest: what it was given, it can show. Only what beats it was learned. `bound` is
    that of `beaten_by`.
    """
    best = best_units(table)
    best["strength"] = strength(best["auc"])
    rivals = pd.concat([strength(best_units(other)["auc"]) for other in untrained], axis=1).reindex(best.index)
    best["untrained"] = rivals.max(axis=1)
    best["bound"] = [beaten_by(row) for row in rivals.to_numpy()]
    return best.assign(learned=(best["q"] <= RATE) & (best["strength"] > best["bound"]))


def beaten_by(rivals: Iterable[float]) -> float:
    """What an AUC must exceed to be better than those of untrained networks: their best, and what one more might reach.

    One more untrained network beats five in one of six cases; the upper end of the one-sided 95 % prediction interval,
    mean + t · sd · √(1 + 1/n), in one of twenty. It is taken on Fisher's z of 2 AUC - 1, which no bound cuts short.
    """
    auc = np.fromiter(rivals, float)
    n = len(auc)
    if n < 2:
        return float(auc.max())
    z = np.arctanh(np.clip(2 * auc - 1, -1 + 1e-9, 1 - 1e-9))
    top = z.mean() + stats.t.ppf(0.95, n - 1) * z.std(ddof=1) * (1 + 1 / n) ** 0.5
    return max(float(auc.max()), float(0.5 + np.tanh(top) / 2))
