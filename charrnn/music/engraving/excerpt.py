"""How much of a tune fits into a score."""

from collections import Counter
from itertools import accumulate

from charrnn.music.notation import Reading


def bars_that_fit(reading: Reading, most: int) -> int | None:
    """How many bars, from the first of every voice on, hold `most` notes together at most; None where all do."""
    notes = Counter(note.bar for note in reading.notes)
    bars: Counter[str] = Counter()
    counts: Counter[int] = Counter()  # of notes in the bars of one number
    for i, bar in enumerate(reading.bars):
        counts[bars[bar.voice]] += notes[i]
        bars[bar.voice] += 1
    fit = sum(total <= most for total in accumulate(counts[number] for number in range(len(counts))))
    return fit if fit < len(counts) else None
