"""Networks that never learned anything: what a unit follows in them, it owes to what it is fed, not to training."""

from collections.abc import Iterator

import torch

from charrnn.learning.model import CharRNN

SEEDS = range(1000, 1005)  # nobody trains with them: a run begins as the untrained network of its seed


def untrained(model: CharRNN) -> Iterator[CharRNN]:
    """Networks of the shape of `model` with the weights that training begins with, one for each of SEEDS."""
    for seed in SEEDS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = CharRNN(
                model.output.out_features, cell=model.cell, hidden=model.output.in_features, layers=len(model.layers)
            )
        yield network.eval()
