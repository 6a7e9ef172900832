import math
import time
from collections import Counter
from functools import cache

import numpy as np
import pytest

from charrnn.learning.vocab import Vocabulary
from charrnn.music.corpus import find_sources, parse
from charrnn.music.ngram import MAX_CONTEXT, baseline, cross_entropies, cross_entropy
from charrnn.music.splits import split


class SlowWittenBell:
    """P(c|h) = (N(hc) + T(h) P(c|h')) / (N(h) + T(h)), counted in dictionaries and asked one character at a time."""

    def __init__(self, text: list[int], vocab_size: int, longest: int):
        self.vocab_size = vocab_size
        self.after: dict[tuple[int, ...], Counter[int]] = {}
        for length in range(longest + 1):
            for i in range(length, len(text)):
                self.after.setdefault(tuple(text[i - length : i]), Counter())[text[i]] += 1

    def probability(self, character: int, context: tuple[int, ...]) -> float:
        shorter = self.probability(character, context[1:]) if context else 1 / self.vocab_size
        seen = self.after.get(context)
        if seen is None:
            return shorter
        return (seen[character] + len(seen) * shorter) / (seen.total() + len(seen))


def random_text(seed: int, length: int, vocab_size: int) -> np.ndarray:
    """Ids with a memory of two characters, so that longer contexts help at first and hurt later."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(vocab_size, 0.3), size=(vocab_size, vocab_size))
    ids = [0, 0]
    for _ in range(length):
        ids.append(int(rng.choice(vocab_size, p=table[ids[-2], ids[-1]])))
    return np.array(ids[2:], dtype=np.int64)


def parts(seed: int = 0, vocab_size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    ids = random_text(seed, 420, vocab_size)
    return ids[:300], ids[300:]


@cache
def ryan() -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    tunes = parse(find_sources("ryan")).tunes
    found = split(tunes, "tunes", 0)
    vocab = Vocabulary("".join(tunes))
    return *(vocab.encode_tunes(part) for part in (found.train, found.val, found.test)), len(vocab)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("context", range(5))
def test_the_loss_is_that_of_witten_bell_in_dictionaries(context, seed):
    train, held_out = parts(seed)
    slow = SlowWittenBell(train.tolist(), 5, context)
    ids = held_out.tolist()
    expected = np.mean([-math.log(slow.probability(c, tuple(ids[max(i - context, 0) : i]))) for i, c in enumerate(ids)])
    assert cross_entropy(train, held_out, 5, context) == pytest.approx(expected, abs=1e-12)


def test_an_alphabet_larger_than_the_text_keeps_room_for_unseen_characters():
    train, held_out = np.array([0, 1, 0, 1, 1]), np.array([3, 0, 1])
    slow = SlowWittenBell(train.tolist(), 4, 1)
    expected = -math.log(slow.probability(3, ())) - math.log(slow.probability(0, (3,)))
    expected -= math.log(slow.probability(1, (0,)))
    assert cross_entropy(train, held_out, 4, 1) == pytest.approx(expected / 3, abs=1e-12)


@pytest.mark.parametrize("history", [(), (0,), (2, 1), (3, 3, 3), (0, 1, 2, 3)])
def test_the_probabilities_after_a_context_sum_to_one(history):
    train, _ = parts()
    context = len(history)
    slow = SlowWittenBell(train.tolist(), 5, context)
    # The text of history and one more character costs what the history costs and then that character's nats.
    before = cross_entropy(train, np.array(history, dtype=np.int64), 5, context) * context if context else 0.0
    fast = []
    for character in range(5):
        loss = cross_entropy(train, np.array([*history, character]), 5, context) * (context + 1)
        fast.append(math.exp(before - loss))
        assert fast[-1] == pytest.approx(slow.probability(character, history), abs=1e-12)
    assert sum(fast) == pytest.approx(1, abs=1e-12)


def test_by_hand_on_four_characters():
    # After nothing: a a a b, so N = 4, T = 2 and P(a) = (3 + 2/2) / 6.
    assert cross_entropy(np.array([0, 0, 0, 1]), np.array([0]), 2, 0) == pytest.approx(-math.log(4 / 6), abs=1e-15)


def test_all_contexts_at_once_are_each_alone():
    train, held_out = parts()
    assert cross_entropies(train, held_out, 5, 4) == [cross_entropy(train, held_out, 5, c) for c in range(5)]


def test_the_baseline_takes_the_context_that_suits_validation_best():
    train, val = parts()
    test = random_text(9, 50, 5)
    losses = [cross_entropy(train, val, 5, c) for c in range(MAX_CONTEXT + 1)]
    best = int(np.argmin(losses))
    assert 0 < best < MAX_CONTEXT
    found = baseline(train, val, test, 5)
    assert found == {
        "context": best,
        "trained_on": len(train),
        "val_loss": losses[best],
        "val_bpc": losses[best] / math.log(2),
        "test_loss": cross_entropy(train, test, 5, best),
    }


def test_a_baseline_without_a_test_part_has_no_test_loss():
    train, val = parts()
    assert baseline(train, val, np.array([], dtype=np.int64), 5)["test_loss"] is None


@pytest.mark.parametrize("vocab_size", [2, 128, 129, 256, 1000, 100_000])
def test_context_codes_do_not_overflow_whatever_the_alphabet(vocab_size):
    # The same text under the largest ids of a large alphabet: codes that wrapped would make contexts of one another.
    # A text with a long period, where the longest context is the best.
    period = np.random.default_rng(0).integers(0, 2, 60)
    train, val = np.tile(period, 8), np.tile(period, 2)
    shift = vocab_size - 2
    found = baseline(train + shift, val + shift, val[:0], vocab_size)
    slow = SlowWittenBell((train + shift).tolist(), vocab_size, found["context"])
    ids = (val + shift).tolist()
    expected = [-math.log(slow.probability(c, tuple(ids[max(i - found["context"], 0) : i]))) for i, c in enumerate(ids)]
    assert found["val_loss"] == pytest.approx(np.mean(expected), abs=1e-12)
    assert found["context"] == max(c for c in range(MAX_CONTEXT + 1) if vocab_size ** (c + 1) <= 2**64)


@pytest.mark.parametrize(
    ("short", "length"),
    [("train", 1), ("train", 8), ("train", 9), ("held_out", 1), ("held_out", 3), ("held_out", 7), ("held_out", 8)],
)
def test_a_text_shorter_than_the_longest_context_is_no_problem(short, length):
    train, held_out = parts()
    train, held_out = (train[:length], held_out) if short == "train" else (train, held_out[:length])
    slow = SlowWittenBell(train.tolist(), 5, MAX_CONTEXT)
    ids = held_out.tolist()
    for context, loss in enumerate(cross_entropies(train, held_out, 5, MAX_CONTEXT)):
        expected = [-math.log(slow.probability(c, tuple(ids[max(i - context, 0) : i]))) for i, c in enumerate(ids)]
        assert loss == pytest.approx(np.mean(expected), abs=1e-12)


def test_the_baseline_of_ryans_is_quick_and_where_it_should_be():
    train, val, test, vocab_size = ryan()
    begin = time.perf_counter()
    found = baseline(train, val, test, vocab_size)
    assert time.perf_counter() - begin < 5
    assert 1.4 < found["val_loss"] < 1.8
    assert 1.4 < found["test_loss"] < 1.8
    assert found["val_bpc"] == pytest.approx(found["val_loss"] / math.log(2))
