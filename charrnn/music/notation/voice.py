"""What one voice remembers while its notes are read: time, accidentals, ties, tuplets, broken rhythm, its open bar."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from charrnn.music.notation.fields import Key, Meter
from charrnn.music.notation.records import Bar, Note, Problem

ONE = Fraction(1)


@dataclass(slots=True)
class Voice:
    """`bars` and `problems` are those of all voices, in the order of the text."""

    name: str
    key: Key
    meter: Meter
    unit: Fraction
    bars: list[Bar]
    problems: list[Problem]
    time: Fraction = Fraction(0)
    accidentals: dict[str, int] = field(default_factory=dict)  # of this bar, in all octaves (ABC 2.1, section 11.3)
    durations: dict[str, Fraction] = field(default_factory=dict)  # of lengths as written, for this unit
    last: tuple[list[Note], Fraction] | None = None  # what sounded last in this bar, and how long
    broken: tuple[Fraction, Fraction, int] | None = None  # factors of the last and the next duration, position
    tuplet: tuple[Fraction, int, int] = (ONE, 0, 0)  # factor, how many notes it still holds for, position
    ties: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)  # (step, octave): (alter, position)
    slurs: list[int] = field(default_factory=list)
    graces: list[Note] = field(default_factory=list)  # waiting for the note they lead to
    bar: Bar | None = None
    index: int = -1  # of `bar` in `bars`
    line: str = ""  # the bar lines since the last note
    ending: tuple[int, ...] = ()  # that begins with the next note

    def open_bar(self, position: int) -> int:
        """The number of the bar that stands at `position`, which its first note opens."""
        if self.bar is None:
            self.index = len(self.bars)
            self.bar = Bar(position, self.name, self.time, self.meter.bar, self.line, self.ending)
            self.bars.append(self.bar)
            self.line, self.ending = "", ()
        return self.index

    def alter(self, step: str, octave: int) -> int:
        """Semitones by which a note without an accidental of its own is altered."""
        if self.ties and (step, octave) in self.ties:
            return self.ties[step, octave][0]
        if step in self.accidentals:
            return self.accidentals[step]
        return self.key.alters.get(step, 0)

    def sound(self, notes: list[Note], duration: Fraction) -> None:
        """Place a note, a chord or, without notes, a rest at this time and let the time go on."""
        factor, left, at = self.tuplet
        if left:
            self.tuplet = (factor, left - 1, at)
        else:
            factor = ONE
        if self.broken and self.last:
            before, after, position = self.broken
            earlier, length = self.last
            if length != duration * factor:
                # Which the standard leaves undefined (ABC 2.1, section 4.4).
                self.problems.append(Problem("broken rhythm", position, "unequal lengths", "notes of one length"))
            self.time += length * (before - 1)
            _stretch(earlier, before)
            factor *= after
        self.broken = None
        if factor is not ONE:
            duration *= factor
            _stretch(notes, factor)
        for note in notes:
            note.onset = self.time
        if self.graces:
            self._place_graces()
        if self.ties:
            self._untie(notes)
        self.time += duration
        self.last = (notes, duration)

    def bar_line(self, text: str) -> None:
        self._end_figures()
        self.accidentals.clear()
        if self.bar is None:
            self.line = f"{self.line} {text}".lstrip()
            if self.index >= 0:
                self.bars[self.index].closing = self.line
        else:
            self.close_bar(text)

    def close_bar(self, line: str = "") -> None:
        """End the bar, if one is open, with a bar line or, at an ending within a bar, without."""
        self.overlay()
        if self.bar is not None:
            self.time = self.bar.onset + self.bar.length
            self.bar.closing = self.line = line
            self.bar = None

    def overlay(self) -> None:
        """Begin the bar again for another layer of notes; the longest counts (ABC 2.1, section 7.4)."""
        self._end_figures()
        self.last = None
        if self.bar is not None:
            self._place_graces()
            self.bar.length = max(self.bar.length, self.time - self.bar.onset)
            self.time = self.bar.onset

    def finish(self) -> None:
        """The text is over: close the bar without a bar line, name what is still open."""
        self.overlay()
        self._untie([])
        for position in self.slurs:
            self.problems.append(Problem("unclosed slur", position, "(", ")"))

    def _place_graces(self) -> None:
        for note in self.graces:
            note.onset = self.time
        self.graces.clear()

    def _untie(self, notes: Iterable[Note]) -> None:
        for note in notes:
            self.ties.pop((note.step, note.octave), None)
        for position in {position for _, position in self.ties.values()}:
            self.problems.append(Problem("tie", position, "-", "the same note next"))
        self.ties.clear()

    def _end_figures(self) -> None:
        if self.broken:
            self.problems.append(Problem("broken rhythm", self.broken[2], "one note", "a note on both sides"))
            self.broken = None
        factor, left, position = self.tuplet
        if left:
            self.problems.append(Problem("tuplet", position, f"{left} notes too few", "as many notes as it says"))
            self.tuplet = (factor, 0, position)


def _stretch(notes: Iterable[Note], factor: Fraction) -> None:
    for note in notes:
        note.duration *= factor
