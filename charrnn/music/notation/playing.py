"""A tune as it sounds: parts in their order, repeats and endings played out, ties joined, grace notes left out."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from charrnn.music.notation.bars import divides, repeats
from charrnn.music.notation.reading import Reading
from charrnn.music.notation.records import Bar, Note, Part

MOST_LABELS = 32  # P: of the body; later ones begin no part
MOST_BARS = 20_000  # of all voices, where parts are repeated; what comes after is not played


def played(reading: Reading) -> list[Note]:
    """The notes in the order of their onsets, which count from the beginning of the tune as it is played.

    Tied notes of one pitch are one, as long as all of them together. Voices are played out each on its own.
    """
    notes: dict[int, list[Note]] = {}
    for note in reading.notes:
        if not note.grace:
            notes.setdefault(note.bar, []).append(note)
    voices: dict[str, list[int]] = {}
    for number, bar in enumerate(reading.bars):
        voices.setdefault(bar.voice, []).append(number)
    parts: dict[str, list[Part]] = {}
    if reading.part_order:
        for part in reading.parts[:MOST_LABELS]:
            parts.setdefault(part.voice, []).append(part)
    sounding, left = [], MOST_BARS
    for voice, numbers in voices.items():
        bars = [reading.bars[number] for number in numbers]
        in_order = _in_parts(reading, numbers, bars, parts.get(voice, []), parts) if parts else order(bars)
        in_order = in_order[: max(len(bars), left)]
        left -= len(in_order)
        sounding += _sounding([(bars[i], notes.get(numbers[i], [])) for i in in_order])
    return sorted(sounding, key=lambda note: (note.onset, note.pitch))


def _sounding(bars: list[tuple[Bar, list[Note]]]) -> list[Note]:
    """The notes of bars that are played behind each other."""
    time = Fraction(0)
    sounding: list[Note] = []
    tied: dict[int, Note] = {}
    for bar, notes in bars:
        for note in notes:
            onset = time + note.onset - bar.onset
            held = tied.pop(note.pitch, None)
            if held is not None and held.onset + held.duration == onset:
                held.duration += note.duration
            else:
                held = replace(note, onset=onset)
                sounding.append(held)
            if note.tied:
                tied[note.pitch] = held
        time += bar.length
    return sounding


def _in_parts(
    reading: Reading, numbers: list[int], bars: list[Bar], own: list[Part], parts: dict[str, list[Part]]
) -> list[int]:
    """Which of the bars of one voice are played, in which order: what precedes the parts, then these as P: says.

    A voice without P: of its own has its parts where the first voice with P: has them. The last of two parts of one
    name counts, as in abc2midi; parts that stand in the order of P: are played as they are written.
    """
    if own:
        begins = [bisect_left(numbers, part.bar) for part in own]
    else:
        own = next(iter(parts.values()))
        onsets = [bar.onset for bar in bars]
        times = [reading.bars[part.bar].onset if part.bar < len(reading.bars) else onsets[-1] + 1 for part in own]
        begins = [bisect_left(onsets, time) for time in times]
    letters = tuple(part.letter for part in own)
    if letters == reading.part_order:
        return order(bars)
    spans = dict(zip(letters, zip(begins, [*begins[1:], len(bars)], strict=True), strict=True))
    played_part = {
        letter: [start + i for i in order(bars[start:end])]
        for letter in set(reading.part_order) & set(spans)
        for start, end in [spans[letter]]
    }
    played = order(bars[: begins[0]])
    for letter in reading.part_order:
        if len(played) < MOST_BARS:
            played += played_part.get(letter, [])
    return played


def order(bars: Sequence[Bar]) -> list[int]:
    """Numbers of the bars of one voice in the order they are played.

    :| goes back to the last |:, or without one to the last repeat or double bar line (ABC 2.1, section 4.8). Each pass
    leaves out the endings of others; one whose turn never comes is played where it stands.
    """
    played: list[int] = []
    ends = _ends(bars)
    passes: dict[tuple[int, int], int] = {}  # that the endings of a part ask for
    at, start, this_pass = 0, 0, 1
    opened = bool(bars) and repeats(bars[0].opening)[1] > 0  # a |: that no :| has closed
    while at < len(bars):
        bar, end = bars[at], ends[at]
        if bar.ending and this_pass not in bar.ending:
            # A second ending behind a first that lacks its :| is played as if it had it.
            again = this_pass + 1 in bar.ending and any(this_pass in b.ending for b in bars[start:at])
            if not again:
                at, this_pass = _ending(bars, at, end, this_pass)
        else:
            played.append(at)
            more = repeats(bar.closing)[0]
            if (start, end) not in passes:
                passes[start, end] = max((b.ending[-1] for b in bars[start:end] if b.ending), default=0)
            again = more > 0 and this_pass < max(more + 1, passes[start, end])
            at += 1
        if again:
            at, this_pass = start, this_pass + 1
            opened = repeats(bars[at].opening)[1] > 0
        elif at < len(bars):
            before, behind = repeats(bars[at].opening)
            if (behind or before or not opened) and divides(bars[at].opening) and not bars[at].ending:
                start, this_pass = at, 1
            opened = behind > 0 or (opened and not before)
    return played


def _ending(bars: Sequence[Bar], at: int, end: int, this_pass: int) -> tuple[int, int]:
    """The bar and the pass to go on with, where `at` begins an ending of another pass."""
    for i in range(at + 1, end):
        if this_pass in bars[i].ending:
            return i, this_pass
    for i in range(at, end):
        if later := [number for number in bars[i].ending if number > this_pass]:
            return i, later[0]
    return end, this_pass


def _ends(bars: Sequence[Bar]) -> list[int]:
    """Of every bar where the part it belongs to is over: behind all of its endings."""
    ends = [len(bars)] * len(bars)
    for i in range(len(bars) - 1, 0, -1):
        ends[i - 1] = i if divides(bars[i].opening) and not bars[i].ending else ends[i]
    return ends
