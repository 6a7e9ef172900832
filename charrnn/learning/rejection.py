"""Rejection: whole tunes sampled anew until one is well-formed, so that those are left as the network weighs them."""

from collections.abc import Iterator
from typing import Any

from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import Vocabulary
from charrnn.music.tune import Tune


def sample_well_formed(
    model: CharRNN, vocab: Vocabulary, *, num_tunes: int, max_tries: int, **settings: Any
) -> Iterator[tuple[int, Tune | None, int]]:
    """Each of `num_tunes` numbers, its first tune that ends and is well-formed, and the number of tries it took.

    None where none of `max_tries` was. The first try of a number is the tune that `sample` gives it; `settings` are
    those of `sample`.
    """
    missing = list(range(num_tunes))
    accepted: dict[int, tuple[Tune, int]] = {}
    next_number = 0
    for attempt in range(max_tries):
        for tune in sample(model, vocab, num_tunes=num_tunes, only=missing, attempt=attempt, **settings):
            if tune.ended and tune.well_formed:
                accepted[tune.index] = (tune, attempt + 1)
        missing = [number for number in missing if number not in accepted]
        while next_number in accepted:
            yield next_number, *accepted.pop(next_number)
            next_number += 1
        if not missing:
            return
    for number in range(next_number, num_tunes):
        yield number, *accepted.get(number, (None, max_tries))
