"""Numbers about tunes: well-formed or why not, what their notes are like, how much of them is copied.

A rate says something beside the same rate on human tunes that nobody trained on; that is the ceiling, not 100 %.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from charrnn.music.notation import Note, Reading

HISTOGRAMS = ("pitch_class", "length", "interval")


def measure(reading: Reading) -> dict[str, Any]:
    """Of one tune, read leniently so that broken tunes count; None where there is nothing to measure.

    `first_problem` is the kind of the first problem in the text, `faults` what keeps the tune from being well-formed.
    `length_entropy` is in bits, `same_length` the share of notes as long as the one before, `interval` the mean
    distance of neighbours in semitones and `stepwise` the share of neighbours one or two semitones apart.
    """
    return {
        "well_formed": reading.well_formed,
        "faults": reading.faults,
        "first_problem": reading.problems[0].kind if reading.problems else None,
        "key_missing": _key_missing(reading),
        "notes": len(reading.notes),
        "junk_per_100_notes": _ratio(100 * reading.junk, len(reading.notes)),
        "bar_fit": reading.bar_fit,
        **_statistics(counts(reading)),
    }


def summarize(readings: Sequence[Reading], reference: Sequence[Reading] = ()) -> dict[str, Any]:
    """Of a collection: shares of its tunes, rates over all of its notes, bars and neighbours together.

    `histograms` count pitch classes (0 is C), note lengths in whole notes and signed intervals in semitones. With a
    `reference`, `distance` is the Jensen-Shannon distance of each to that of the reference, the square root of the
    divergence in bits: 0 for the same, 1 for histograms with nothing in common.
    """
    total = _total(readings)
    notes = sum(len(r.notes) for r in readings)
    full, wrong = (sum(bar.kind == kind for r in readings for bar in r.bars) for kind in ("full", "wrong"))
    summary: dict[str, Any] = {
        "tunes": len(readings),
        "well_formed": _ratio(sum(r.well_formed for r in readings), len(readings)),
        "faults": dict(Counter(fault for r in readings for fault in r.faults)),
        "first_problem": dict(Counter(r.problems[0].kind for r in readings if r.problems)),
        "key_missing": _ratio(sum(map(_key_missing, readings)), len(readings)),
        "notes": _ratio(notes, len(readings)),
        "junk_per_100_notes": _ratio(100 * sum(r.junk for r in readings), notes),
        "bar_fit": _ratio(full, full + wrong),
        "without_bar_fit": sum(r.bar_fit is None for r in readings),
        **_statistics(total),
        "histograms": {name: {str(k): n for k, n in sorted(total[name].items())} for name in HISTOGRAMS},
    }
    if reference:
        expected = _total(reference)
        summary["distance"] = {name: jensen_shannon(total[name], expected[name]) for name in HISTOGRAMS}
    return summary


def jensen_shannon(one: Counter, other: Counter) -> float | None:
    """Distance of two histograms between 0 and 1: the root of their Jensen-Shannon divergence in bits (Lin, 1991)."""
    if not one or not other:
        return None
    keys = sorted({*one, *other})
    return distance(*(np.array([counts[k] for k in keys], dtype=float) for counts in (one, other)))


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """As `jensen_shannon`, of counts (K,) of the same K things; nan where nothing was counted."""
    if not one.any() or not other.any():
        return np.nan
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    divergence = sum(float((r[r > 0] * np.log2(r[r > 0] / middle[r > 0])).sum()) / 2 for r in (p, q))
    return max(divergence, 0.0) ** 0.5


def _key_missing(reading: Reading) -> bool:
    return not any(field.letter == "K" for field in reading.fields)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def melodies(reading: Reading) -> Iterable[list[Note]]:
    """The notes of each voice, of a chord the highest, without grace notes."""
    voices: dict[str, list[Note]] = {}
    for note in reading.notes:
        if not note.grace:
            voices.setdefault(note.voice, []).append(note)
    for notes in voices.values():
        chords = groupby(notes, key=lambda note: note.position if note.chord is None else note.chord)
        yield [max(chord, key=lambda note: note.pitch) for _, chord in chords]


def counts(reading: Reading) -> dict[str, Counter]:
    """Histograms of one tune, and how often a note is as long as the one before."""
    histograms: dict[str, Counter] = {name: Counter() for name in (*HISTOGRAMS, "same_length")}
    for notes in melodies(reading):
        histograms["pitch_class"].update(note.pitch % 12 for note in notes)
        histograms["length"].update(note.duration for note in notes)
        histograms["interval"].update(b.pitch - a.pitch for a, b in pairwise(notes))
        histograms["same_length"].update(a.duration == b.duration for a, b in pairwise(notes))
    return histograms


def _total(readings: Iterable[Reading]) -> dict[str, Counter]:
    total: dict[str, Counter] = {name: Counter() for name in (*HISTOGRAMS, "same_length")}
    for reading in readings:
        for name, histogram in counts(reading).items():
            total[name].update(histogram)
    return total


def _statistics(counts: dict[str, Counter]) -> dict[str, float | None]:
    intervals, neighbours = counts["interval"], counts["interval"].total()
    lengths = np.array(list(counts["length"].values()), dtype=float)
    shares = lengths / lengths.sum() if len(lengths) else lengths
    return {
        "length_entropy": float(-(shares * np.log2(shares)).sum()) + 0.0 if len(shares) else None,
        "same_length": _ratio(counts["same_length"][True], neighbours),
        "interval": _ratio(sum(abs(i) * n for i, n in intervals.items()), neighbours),
        "stepwise": _ratio(sum(n for i, n in intervals.items() if abs(i) in (1, 2)), neighbours),
    }
