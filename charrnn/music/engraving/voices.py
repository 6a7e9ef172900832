"""Bars counted in their voices, since a score has a measure for the bars of one number."""

from collections import Counter

from charrnn.music.notation import Reading


def bar_numbers(reading: Reading) -> list[int]:
    """Of every bar how many of its voice come before it."""
    counts: Counter[str] = Counter()
    numbers = []
    for bar in reading.bars:
        numbers.append(counts[bar.voice])
        counts[bar.voice] += 1
    return numbers


def bars_that_fit(reading: Reading, most: int) -> int | None:
    """How many bars, from the first of every voice on, hold `most` notes together at most; None where all do."""
    numbers = bar_numbers(reading)
    counts = Counter(numbers[note.bar] for note in reading.notes)
    total = 0
    for number in range(max(numbers, default=-1) + 1):
        total += counts[number]
        if total > most:
            return number
    return None
