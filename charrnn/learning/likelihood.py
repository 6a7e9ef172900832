"""How likely a network finds given tunes, and the temperature at which it would most likely have sampled them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import optimize
from torch import Tensor

from charrnn.learning.inputs import InputEncoder
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.notation import read

_TUNES_AT_ONCE = 32
BOUNDS = (0.02, 50.0)  # of a temperature


@dataclass(frozen=True)
class Scores:
    """For n characters of one tune the logits (n, V) before each, -inf for the start mark, and their ids (n,)."""

    logits: Tensor
    ids: Tensor

    def log_prob(self, temperature: float) -> Tensor:
        """Nats of each character, (n,)."""
        return torch.log_softmax(self.logits / temperature, -1).gather(1, self.ids[:, None])[:, 0]

    def entropy(self, temperature: float) -> Tensor:
        """Nats of the distribution before each character, (n,)."""
        log_prob = torch.log_softmax(self.logits / temperature, -1)
        return torch.special.entr(log_prob.exp()).sum(-1)


def score_tunes(model: CharRNN, vocab: Vocabulary, tunes: Sequence[str], ended: Sequence[bool]) -> Iterator[Scores]:
    """Read each tune from its start mark; where it `ended`, the end mark is one of its characters.

    Characters that are not in the alphabet are left out.
    """
    known, inputs = set(vocab.characters), InputEncoder(model.inputs, vocab)
    ids = [vocab.encode("".join(c for c in tune if c in known)).tolist() for tune in tunes]
    for begin in range(0, len(ids), _TUNES_AT_ONCE):
        batch = [i + [vocab.end] * e for i, e in zip(ids[begin:], ended[begin : begin + _TUNES_AT_ONCE], strict=False)]
        longest = max(map(len, batch))
        read = torch.full((len(batch), longest + 1), vocab.start)
        for row, tune in zip(read, batch, strict=True):
            row[1 : len(tune) + 1] = torch.tensor(tune, dtype=torch.int64)
        beside = np.stack([inputs.read(row) for row in read[:, :-1].numpy()])
        with torch.inference_mode():
            logits = model(read[:, :-1], inputs=torch.from_numpy(beside))[0].float()
            logits[:, :, vocab.start] = -torch.inf  # a tune begins once
        for row, tune in enumerate(batch):
            yield Scores(logits[row, : len(tune)], read[row, 1 : len(tune) + 1])


def nats_per_note(model: CharRNN, vocab: Vocabulary, tunes: Sequence[str]) -> float:
    """What a network spends on the music of whole tunes, for each of their notes: the header is read and not counted.

    So networks can be compared that read the same tunes in other notations. Characters that are not in the alphabet
    cost nothing.
    """
    known, nats, notes = set(vocab.characters), 0.0, 0
    for tune, scores in zip(tunes, score_tunes(model, vocab, tunes, [True] * len(tunes)), strict=True):
        reading = read(tune)
        header = sum(character in known for character in tune[: reading.header.end])
        nats -= float(scores.log_prob(1.0)[header:].sum())
        notes += sum(not note.grace for note in reading.notes)
    return nats / max(notes, 1)


@dataclass(frozen=True)
class Temperature:
    """The likeliest temperature and a 95 % interval."""

    value: float
    low: float
    high: float


def estimate_temperature(scores: Sequence[Scores]) -> Temperature:
    """The temperature by maximum likelihood, as if each character were sampled from softmax(logits / T).

    The interval is Wald's on log T, from the curvature of the likelihood there.
    """
    logits = torch.cat([s.logits for s in scores]).double()
    chosen = logits.gather(1, torch.cat([s.ids for s in scores])[:, None])[:, 0].sum()

    def loss(log_t: float) -> float:
        t = float(np.exp(log_t))
        return float(torch.logsumexp(logits / t, -1).sum() - chosen / t)

    best = float(optimize.minimize_scalar(loss, bounds=tuple(np.log(BOUNDS)), method="bounded").x)
    step = 0.01
    curvature = (loss(best + step) - 2 * loss(best) + loss(best - step)) / step**2
    half = 1.96 / np.sqrt(max(curvature, 1e-12))
    return Temperature(*(float(np.exp(x)) for x in (best, best - half, best + half)))
