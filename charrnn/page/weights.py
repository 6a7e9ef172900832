"""A network as JSON: what the page composes with."""

import base64
from typing import Any

import numpy as np

from charrnn.learning.inputs import sizes
from charrnn.learning.network import Network

CELLS = ("rnn", "gru", "lstm")  # of js/network.js
# Bytes of weights in single precision; a larger network is held in half precision, and the page promises no seed.
LARGEST = 8 * 2**20


def network_data(network: Network) -> dict[str, Any] | None:
    """What js/network.js reads; None for a network whose cell is a user's own, which the page cannot run."""
    model = network.model
    if model.cell not in CELLS:
        return None
    named = {name: value.detach().float().cpu().numpy() for name, value in model.state_dict().items()}
    index, first = [], 0
    for name, value in named.items():
        index.append([name, list(value.shape), first])
        first += value.size
    dtype = "float32" if 4 * first <= LARGEST else "float16"
    weights = np.concatenate([value.ravel() for value in named.values()]).astype(np.dtype(dtype).newbyteorder("<"))
    return {
        "cell": model.cell,
        "hidden": model.output.in_features,
        "layers": len(model.layers),
        "vocabulary": network.vocab.characters,
        "inputs": {"names": list(model.inputs), "sizes": list(sizes(model.inputs, len(network.vocab)))},
        "tonics": model.tonics,
        "dtype": dtype,
        "index": index,
        "weights": base64.b64encode(weights.tobytes()).decode(),
    }
