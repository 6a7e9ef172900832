"""Can a small model tell composed tunes from human ones? A classifier two-sample test (Lopez-Paz and Oquab, 2017).

n tunes, F features of each: what a tune is like, not whether it is well-formed.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from charrnn.music import form, quality
from charrnn.music.notation import Reading
from charrnn.studies.inference import Interval

FOLDS = 10
RIDGE = 1.0  # weight of the squared coefficients, of standardized features
WIDEST = 12  # semitones of an interval; wider ones count as this
LENGTHS = 6  # the most frequent note lengths of the human tunes have a share each
ENOUGH = 2 * FOLDS  # tunes of either kind


def tell_apart(composed: Sequence[Reading], human: Sequence[Reading]) -> Interval | None:
    """How often a logistic regression knows a tune that it was not fitted to: the mean of both kinds' rates.

    0.5 is a guess, and the goal; with its 95 % interval, by the normal approximation, None for few tunes.
    """
    if min(len(composed), len(human)) < ENOUGH:
        return None
    lengths = [value for value, _ in _lengths(human).most_common(LENGTHS)]
    features = np.array([_features(reading, lengths) for reading in (*composed, *human)])
    labels = np.repeat([0.0, 1.0], [len(composed), len(human)])
    # In turns, so that every fold has its share of both kinds.
    fold = np.concatenate([np.arange(len(composed)), np.arange(len(human))]) % FOLDS
    right = np.zeros(len(labels), dtype=bool)
    for number in range(FOLDS):
        held_out = fold == number
        predicted = _predict(features[~held_out], labels[~held_out], features[held_out])
        right[held_out] = predicted == labels[held_out]
    rates = [right[labels == label].mean() for label in (0, 1)]
    counts = [len(composed), len(human)]
    error = math.sqrt(sum(rate * (1 - rate) / n for rate, n in zip(rates, counts, strict=True))) / 2
    mean = float(np.mean(rates))
    return Interval(sum(counts), mean, math.nan, max(mean - 1.96 * error, 0.0), min(mean + 1.96 * error, 1.0))


def _predict(features: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Labels of others (m, F) from a fit in which both kinds weigh alike, however many there are of each."""
    centre, spread = features.mean(0), features.std(0)
    spread[spread == 0] = 1.0
    x, z = (features - centre) / spread, (others - centre) / spread
    sign = 2 * labels - 1
    weight = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (x @ coefficients[1:] + coefficients[0])
        pull = -weight * sign * expit(-margin)
        value = -(weight * log_expit(margin)).sum() + RIDGE / 2 * (coefficients[1:] ** 2).sum()
        return value, np.concatenate([[pull.sum()], x.T @ pull + RIDGE * coefficients[1:]])

    fitted = minimize(loss, np.zeros(1 + x.shape[1]), jac=True, method="L-BFGS-B").x
    return (z @ fitted[1:] + fitted[0] > 0).astype(float)


def _lengths(readings: Sequence[Reading]) -> Counter:
    return sum((quality.counts(reading)["length"] for reading in readings), Counter())


def _features(reading: Reading, lengths: Sequence[object]) -> np.ndarray:
    """Form, rates, and shares of scale steps, intervals and note lengths, (F,); what cannot be measured is 0."""
    shape = form.form(reading)
    measures = quality.measure(reading)
    histograms = quality.counts(reading)
    tonic = 0 if shape is None or reading.header.key is None else form.pitch_class(reading.header.key)
    values = [
        math.log1p(measures["notes"]),
        *(measures[name] for name in ("length_entropy", "same_length", "interval", "stepwise")),
        *((shape.measures[name] if shape else None) for name in form.MEASURES),
        *(float(n) for n in ([len(shape.parts), max(map(float, shape.parts))] if shape else [0, 0])),
    ]
    pitches = np.zeros(12)
    for pitch, count in histograms["pitch_class"].items():
        pitches[(pitch - tonic) % 12] += count
    intervals = np.zeros(2 * WIDEST + 1)
    for interval, count in histograms["interval"].items():
        intervals[WIDEST + max(-WIDEST, min(interval, WIDEST))] += count
    total = max(sum(histograms["length"].values()), 1)
    shares = [*pitches / max(pitches.sum(), 1), *intervals / max(intervals.sum(), 1)]
    shares += [histograms["length"][length] / total for length in lengths]
    return np.nan_to_num(np.array([math.nan if v is None else v for v in (*values, *shares)], dtype=float))
