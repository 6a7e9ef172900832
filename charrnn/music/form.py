"""The form of tunes: how long their parts are, which bars return, where they come to rest.

After Dai, Yu, Dannenberg 2022, "What is missing in deep music generation?", what fits one voice. n bars of a tune,
those of later endings left out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

import numpy as np

from charrnn.music.notation import Bar, Note, Reading
from charrnn.music.notation.bars import divides
from charrnn.music.notation.fields import Key
from charrnn.music.notation.notes import SEMITONES

SQUARE = (8, 16)  # bars, of parts that one can dance to
NEAR = Fraction(1, 4)  # of a bar, that a part may be longer or shorter
HALF = (1, 4, 6)  # steps above the tonic of the chord that a half cadence rests on
LIKE = 0.75  # similarity from which a bar is a variant of another
PHRASE = 4  # bars
SAME, VARIED = 0.95, 0.5  # similarities from which a phrase has another's letter, and that letter with a prime
_SHARPS = {"": 0, "#": 1, "b": -1}
MEASURES = (
    "square", "returns", "variants", "phrases", "tonic", "half", "in_key", "range", "leaps", "adds_up", "repeats",
)  # fmt: skip
"""Those of `Form.measures` that are rates or means, in the order of tables."""


@dataclass(frozen=True)
class Form:
    """`parts` holds the length of each part in bars, `similarity` (n, n) how alike bars are, from 0 to 1.

    `borders` are the rows of `similarity` where a part begins, but the first. `scheme` has a letter for every phrase of
    four bars, primed where it is a variant, and the repeats: |: A B A C :|.
    """

    parts: tuple[Fraction, ...]
    similarity: np.ndarray
    borders: tuple[int, ...]
    scheme: str
    measures: dict[str, float]


def form(reading: Reading) -> Form | None:
    """The form of the first voice, None where there is no key, meter or music to speak of.

    `measures`: `square`, whether the tune has parts and all are of 8 or 16 bars; `returns`, the share of bars that
    stood in the tune before, note for note, and `variants`, of those that are LIKE one before; `phrases`, of phrases of
    four bars that are so, exactly or VARIED; `tonic`, whether the last note is one; `half`, the share of parts whose
    fourth bar ends on a note of the dominant; `in_key` and `leaps` (more than a fifth), shares of notes; `range` in
    semitones; `adds_up`, whether a pick-up and the last bar of the tune's first part are one bar together; `repeats`,
    whether a part is repeated.
    """
    key = reading.header.key
    if key is None or key.tonic in ("", "HP") or not reading.bars:
        return None
    voice = reading.bars[0].voice
    bars: list[tuple[Bar, list[Note]] | None] = [(bar, []) if bar.voice == voice else None for bar in reading.bars]
    for note in reading.notes:
        place = bars[note.bar]
        if place is not None and not note.grace:
            place[1].append(note)
    parts = _parts([bar for bar in bars if bar is not None])
    first = [bar for part in parts for bar in part]
    notes = [note for _, some in first for note in some]
    if len(notes) < 2 or not all(bar.expected for bar, _ in first):
        return None
    lengths = tuple(sum((bar.length / bar.expected for bar, _ in part), Fraction(0)) for part in parts)  # type: ignore[operator]
    similarity = self_similarity([some for _, some in first])
    phrases = _phrases(parts, similarity)
    measures = _measures(parts, lengths, similarity, notes, key, reading) | {"phrases": _share_that_returns(phrases)}
    borders = tuple(accumulate(len(part) for part in parts[:-1]))
    return Form(lengths, similarity, borders, _scheme(parts, phrases), {name: measures[name] for name in MEASURES})


Part = list[tuple[Bar, list[Note]]]


def pitch_class(key: Key) -> int:
    """Of the tonic, in semitones above C."""
    return (SEMITONES[key.tonic[0]] + _SHARPS[key.tonic[1:]]) % 12


def _parts(bars: Part) -> list[Part]:
    """The bars of each part, without those of a second and later ending."""
    parts: list[Part] = [[]]
    again = False
    for bar, notes in bars:
        if divides(bar.opening) and not bar.ending and parts[-1]:
            parts.append([])
            again = False
        again = bar.ending[0] > 1 if bar.ending else again
        if not again:
            parts[-1].append((bar, notes))
    return [part for part in parts if part]


def self_similarity(bars: Sequence[Sequence[Note]]) -> np.ndarray:
    """How much of the time two bars sound the same, note for note at the same place, (n, n): 1 for the same bar."""
    contents = [_content(notes) for notes in bars]
    similarity = np.eye(len(bars))
    for i, one in enumerate(contents):
        for j, other in enumerate(contents[:i]):
            shared = sum(duration for note, duration in one.items() if note in other)
            whole = max(sum(one.values()), sum(other.values()))
            similarity[i, j] = similarity[j, i] = float(shared / whole) if whole else 0.0
    return similarity


def _content(notes: Sequence[Note]) -> dict[tuple[int, Fraction, Fraction], Fraction]:
    """Pitch, place from the first note on and duration of every note, each with its duration."""
    return {(note.pitch, note.onset - notes[0].onset, note.duration): note.duration for note in notes}


def _measures(
    parts: list[Part],
    lengths: Sequence[Fraction],
    similarity: np.ndarray,
    notes: list[Note],
    key: Key,
    reading: Reading,
) -> dict[str, float]:
    earlier = np.tril(similarity, -1).max(1) if len(similarity) > 1 else np.zeros(1)
    pitches = np.array([note.pitch for note in notes])
    intervals = np.abs(np.diff(pitches))
    fourth = [degree for part in parts if (degree := _degree_at_bar(part, 4, key)) is not None]
    (first, _), (last, _) = parts[0][0], parts[0][-1]
    assert first.expected is not None
    return {
        "square": float(len(parts) > 1 and all(_is_square(length) for length in lengths)),
        "returns": float((earlier == 1).mean()),
        "variants": float((earlier >= LIKE).mean()),
        "tonic": float(reading.notes[-1].pitch % 12 == pitch_class(key)),
        "half": float(np.mean([degree in HALF for degree in fourth])) if fourth else math.nan,
        "in_key": float(np.mean([note.alter == key.alters.get(note.step, 0) for note in notes])),
        "range": float(np.ptp(pitches)),
        "leaps": float((intervals > 7).mean()),
        "adds_up": float(first.length + last.length == first.expected) if first.length < first.expected else math.nan,
        "repeats": float(any(":" in bar.closing for bar in reading.bars)),
    }


def _phrases(parts: Sequence[Part], similarity: np.ndarray) -> list[list[str]]:
    """The letters of each part's phrases; a phrase is compared with all before it, bar by bar, pick-ups left out."""
    known: dict[str, list[int]] = {}  # the bars of the phrase that a letter stands for
    letters: list[list[str]] = []
    first = 0
    for part in parts:
        begin = first + (part[0][0].length != part[0][0].expected and len(part) > 1)
        first += len(part)
        letters.append([])
        for start in range(begin, first, PHRASE):
            bars = list(range(start, min(start + PHRASE, first)))
            if len(bars) < PHRASE // 2 and letters[-1]:
                continue  # what is left over at the end of a part is no phrase
            alike = {letter: _alike(similarity, others, bars) for letter, others in known.items()}
            best = max(alike, key=lambda letter: alike[letter], default="")
            if best and alike[best] >= VARIED:
                letters[-1].append(best + "'" * (alike[best] < SAME))
            else:
                name = _name(len(known))
                known[name] = bars
                letters[-1].append(name)
    return letters


def _alike(similarity: np.ndarray, one: Sequence[int], other: Sequence[int]) -> float:
    """The mean over the bars of two phrases; a bar that only one of them has is like nothing."""
    return float(sum(similarity[i, j] for i, j in zip(one, other, strict=False)) / max(len(one), len(other)))


def _name(number: int) -> str:
    return chr(ord("A") + number % 26) + str(number // 26 or "")


def _share_that_returns(phrases: Sequence[Sequence[str]]) -> float:
    """Of all phrases but the first."""
    letters = [letter for part in phrases for letter in part]
    new = {letter for letter in letters if not letter.endswith("'")}
    return (len(letters) - len(new)) / (len(letters) - 1) if len(letters) > 1 else math.nan


def _scheme(parts: Sequence[Part], phrases: Sequence[Sequence[str]]) -> str:
    texts = []
    for part, letters in zip(parts, phrases, strict=True):
        is_repeated = any(":" in bar.closing for bar, _ in part)
        texts.append(" ".join(["|:", *letters, ":|"] if is_repeated else [*letters, "|"]))
    return " ".join(texts)


def _is_square(length: Fraction) -> bool:
    return any(abs(length - bars) <= NEAR for bars in SQUARE)


def _degree_at_bar(part: Part, number: int, key: Key) -> int | None:
    """Steps of the last note in this full bar above the tonic; None where the part is shorter."""
    full = [notes for bar, notes in part if bar.length == bar.expected]
    if len(full) < number or not full[number - 1]:
        return None
    return ("CDEFGAB".index(full[number - 1][-1].step) - "CDEFGAB".index(key.tonic[0])) % 7


def summarize(readings: Sequence[Reading]) -> dict[str, Any]:
    """Means over tunes with 95 % intervals (_low, _high), None of nothing; `with_form` counts tunes that have any.

    A tune without form counts as one whose parts are not square, that does not repeat and does not end on the tonic.
    """
    found = [form(reading) for reading in readings]
    summary: dict[str, Any] = {"with_form": sum(one is not None for one in found)}
    for name in MEASURES:
        missing = 0.0 if name in ("square", "tonic", "repeats") else math.nan
        values = np.array([missing if one is None else one.measures[name] for one in found])
        values = values[~np.isnan(values)]
        mean = float(values.mean()) if len(values) else None
        summary[name] = mean
        if mean is not None and len(values) > 1:
            half = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values))
            summary |= {f"{name}_low": mean - half, f"{name}_high": mean + half}
    return summary
