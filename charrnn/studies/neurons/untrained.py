"""Untrained networks: what a unit responds to in them is due to its input, not to training."""

from collections.abc import Iterator

import torch

from charrnn.learning.model import CharRNN

UNTRAINED_SEEDS = range(1000, 1005)  # far from those that people train with: a run begins as its seed's network


def untrained_networks(model: CharRNN) -> Iterator[CharRNN]:
    """Networks of the shape of `model` with initial weights, one for each of UNTRAINED_SEEDS."""
    for seed in UNTRAINED_SEEDS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = CharRNN(
                model.output.out_features, cell=model.cell, hidden=model.output.in_features, layers=len(model.layers)
            )
        yield network.eval()
