"""The loss of a network on texts that it is not trained on; no graph, some characters at a time."""

from collections.abc import Iterable

import torch
from torch import Tensor

from charrnn.learning.data import IGNORED, Block
from charrnn.learning.model import CharRNN
from charrnn.learning.step import summed_loss

SCORES_AT_ONCE = 1024  # characters of a block


def score(model: CharRNN, block: Block, state: Tensor | None) -> tuple[float, int, Tensor]:
    """Summed nats and number of the targets of one block, and the state to score the next one with."""
    hidden, state = model.hidden(block[0], state, *block[2:])
    # Some steps at a time: the scores of a whole block fit no cache, and take half as long again.
    steps = max(1, SCORES_AT_ONCE // len(block[0]))
    nats = torch.zeros((), dtype=torch.float64, device=hidden.device)
    parts = [hidden.split(steps), *(part.transpose(0, 1).split(steps) for part in block)]
    for outputs, ids, targets, *inputs in zip(*parts, strict=True):
        logits = model.logits(outputs, ids, inputs[0] if inputs else None)
        nats += summed_loss(logits.transpose(0, 1), targets.t())
    return float(nats), int((block[1] != IGNORED).sum()), state


def evaluate(model: CharRNN, blocks: Iterable[Block]) -> float:
    """Mean nats per character of a network in eval mode, the state carried from block to block."""
    total, count, state = 0.0, 0, None
    with torch.inference_mode():
        for block in blocks:
            loss, characters, state = score(model, block, state)
            total, count = total + loss, count + characters
    return total / count
