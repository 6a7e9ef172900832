"""The interpolated n-gram model that every network is held against."""

import math

import numpy as np

MAX_CONTEXT = 8
ENOUGH = 2_000_000
_LEADING = 64  # bits of a context code


def cross_entropy(train: np.ndarray, held_out: np.ndarray, vocab_size: int, context: int) -> float:
    """Mean nats per character of `held_out` under counts of `train`, both 1-d arrays of ids.

    Witten-Bell interpolation (Bell, Cleary, Witten, "Text Compression", 1990, method C): with N(h) occurrences of a
    context h and T(h) different characters after it, P(c|h) = (N(hc) + T(h) P(c|h')) / (N(h) + T(h)), where h' lacks
    the oldest character, down to the uniform distribution. Contexts run across the marks between tunes, as the
    network's do.
    """
    return cross_entropies(train, held_out, vocab_size, context)[-1]


def cross_entropies(train: np.ndarray, held_out: np.ndarray, vocab_size: int, max_context: int) -> list[float]:
    """`cross_entropy` for 0, 1, …, `max_context` preceding characters, which costs no more than the longest alone."""
    probability = np.full(len(held_out), 1 / vocab_size)
    losses = []
    for length in range(max_context + 1):
        grams, gram_counts = np.unique(_codes(train, length + 1, vocab_size), return_counts=True)
        contexts, first, kinds = np.unique(grams // np.uint64(vocab_size), return_index=True, return_counts=True)
        totals = np.add.reduceat(gram_counts, first) if len(first) else gram_counts
        # The first `length` held-out characters lack so long a context; they keep the shorter one's probability.
        held_out_grams = _codes(held_out, length + 1, vocab_size)
        count = _look_up(grams, gram_counts, held_out_grams)
        context = held_out_grams // np.uint64(vocab_size)
        total, distinct = _look_up(contexts, totals, context), _look_up(contexts, kinds, context)
        seen = total > 0
        shorter = probability[length:]
        probability[length:][seen] = (count[seen] + distinct[seen] * shorter[seen]) / (total[seen] + distinct[seen])
        losses.append(float(-np.log(probability).mean()))
    return losses


def baseline(train: np.ndarray, val: np.ndarray, test: np.ndarray, vocab_size: int) -> dict[str, float | int | None]:
    """The order that suits the validation part best, with its loss there and on the test part in nats per character.

    Of a very large corpus the first ENOUGH characters of each part are read: seconds and memory stay bounded.
    """
    train, val, test = train[:ENOUGH], val[:ENOUGH], test[:ENOUGH]
    longest = min(MAX_CONTEXT, int(_LEADING / math.log2(max(vocab_size, 2))) - 1)
    losses = cross_entropies(train, val, vocab_size, longest)
    context = int(np.argmin(losses))
    return {
        "context": context,
        "trained_on": len(train),
        "val_loss": losses[context],
        "val_bpc": losses[context] / math.log(2),
        "test_loss": cross_entropy(train, test, vocab_size, context) if len(test) else None,
    }


def _codes(ids: np.ndarray, length: int, vocab_size: int) -> np.ndarray:
    """Every run of `length` ids as one number in base `vocab_size`; the last id is the lowest digit."""
    n = max(len(ids) - length + 1, 0)
    codes = np.zeros(n, dtype=np.uint64)
    for k in range(length):
        codes = codes * np.uint64(vocab_size) + ids[k : k + n].astype(np.uint64)
    return codes


def _look_up(keys: np.ndarray, values: np.ndarray, queries: np.ndarray) -> np.ndarray:
    if not len(keys):
        return np.zeros(len(queries), dtype=np.int64)
    position = np.searchsorted(keys, queries)
    position[position == len(keys)] = 0
    return np.where(keys[position] == queries, values[position], 0)
