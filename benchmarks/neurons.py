"""AUCs of units and features: the time of all circular shifts, and the rate of false discoveries among noise.

python -m benchmarks.neurons
"""

import numpy as np
import torch
from scipy import signal

from benchmarks import Row, at_most, seconds
from charrnn.learning.activations import ablated_losses, trace
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.corpus import find_sources, parse
from charrnn.music.features import features_of
from charrnn.studies.neurons.probe_tunes import take_characters
from charrnn.studies.neurons.selectivity import FALSE_DISCOVERY_RATE, feature_auc

UNITS, FEATURES, CHARACTERS = 100, 15, 50_000
DRAWS = 300


def main() -> None:
    torch.set_num_threads(1)
    tunes = take_characters(parse(find_sources("ryan")).tunes, CHARACTERS)
    vocab = Vocabulary("".join(tunes))
    model = CharRNN(len(vocab), cell="rnn", hidden=UNITS, layers=1).eval()
    named = f"{UNITS} units"
    spent = seconds(lambda: trace(model, vocab, tunes))
    print(at_most(f"neurons: {named} at {CHARACTERS:,} characters", spent, "s", 10))
    activations = trace(model, vocab, tunes).activations[:CHARACTERS]
    features = {name: f[:CHARACTERS] for name, f in list(features_of(tunes).items())[:FEATURES]}
    spent = seconds(lambda: feature_auc(activations, features))
    print(at_most(f"neurons: {named}, {FEATURES} features, all {CHARACTERS:,} shifts", spent, "s", 60))
    some = take_characters(tunes, 20_000)
    spent = seconds(lambda: ablated_losses(model, vocab, some, range(UNITS), np.zeros(UNITS)))
    print(at_most(f"neurons: {named} ablated, one at a time, on 20,000 characters", spent, "s", 30))
    wrong = sum(_false_discovery(np.random.default_rng(seed)) for seed in range(DRAWS))
    share = 100 * wrong / DRAWS
    # The binomial 99 % band of the rate at so many draws reaches 8.3 %.
    print(Row(f"neurons: false discoveries among noise, {DRAWS} draws", share, "%", "≤ 8.3", share <= 8.3))


def _false_discovery(random: np.random.Generator, n: int = 10_000) -> bool:
    """Whether any of ten units of noise is significant for any of ten features of noise."""

    def noise(phi: np.ndarray) -> np.ndarray:
        shocks = random.normal(size=(n, len(phi))) * np.sqrt(1 - phi**2)
        return np.stack([signal.lfilter([1], [1, -p], shocks[:, i]) for i, p in enumerate(phi)], 1)

    on = noise(np.linspace(0, 0.99, 10)) > np.linspace(-1.2, 1.2, 10)
    features = {str(i): column.astype(np.float32) for i, column in enumerate(on.T)}
    return bool((feature_auc(noise(np.linspace(0, 0.9, 10)), features)["q"] <= FALSE_DISCOVERY_RATE).any())


if __name__ == "__main__":
    main()
