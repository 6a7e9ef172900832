"""What one voice remembers while its notes are read: time, accidentals, ties, tuplets, broken rhythm, its open bar."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from charrnn.music.notation.clefs import Clef
from charrnn.music.notation.fields import NO_METER, Key, Meter
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
    eight: int = 0  # octaves that the clef shifts it by
    octave: int = 0  # those and octave=
    transpose: int = 0  # semitones
    has_unit: bool = False  # whether an L: of its own says how long the unit is
    time: Fraction = Fraction(0)
    accidentals: dict[str, int] = field(default_factory=dict)  # of this bar, in all octaves (ABC 2.1, section 11.3)
    durations: dict[str, Fraction] = field(default_factory=dict)  # of lengths as written, for this unit
    last: tuple[list[Note], Fraction] | None = None  # what sounded last, and how long
    broken: tuple[Fraction, Fraction, int] | None = None  # factors of the last and the next duration, position
    tuplet: tuple[Fraction, int, int] = (ONE, 0, 0)  # factor, how many notes it still holds for, position
    ties: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)  # (step, octave): (alter, position)
    slurs: list[int] = field(default_factory=list)
    graces: list[Note] = field(default_factory=list)  # waiting for the note they lead to
    bar: Bar | None = None
    index: int = -1  # of `bar` in `bars`, or of the one before
    line: str = ""  # the bar lines since the last note
    ending: tuple[int, ...] = ()  # that begins with the next note

    def set_clef(self, clef: Clef) -> None:
        """Transpose as a K: or V: says; what it does not name stays."""
        octave = self.octave - self.eight if clef.octave is None else clef.octave
        if clef.name is not None:
            self.eight = clef.eight or 0
        self.octave = octave + self.eight
        self.transpose = self.transpose if clef.transpose is None else clef.transpose

    def open_bar(self, position: int) -> int:
        """The number of the bar that stands at `position`, which its first note opens."""
        if self.bar is None:
            if self.meter is NO_METER and self.index < 0:
                self.problems.append(Problem("no meter", position, "music", "M: before it, perhaps M:none"))
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
            if self.last[1] != duration * factor * before:
                # Which the standard leaves undefined (ABC 2.1, section 4.4).
                self.problems.append(Problem("broken rhythm", position, "unequal lengths", "notes of one length"))
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

    def stretch_last(self, factor: Fraction) -> None:
        """Lengthen or shorten what sounded last, even if a bar line has come since."""
        if self.last is not None:
            notes, duration = self.last
            _stretch(notes, factor)
            self.last = (notes, duration * factor)
            self.time += duration * (factor - 1)
            if self.bar is None:
                self.bars[self.index].length += duration * (factor - 1)

    def bar_line(self, text: str) -> None:
        self.accidentals.clear()
        if text == ".|" and self.bar is not None and self._elapsed() != self.bar.expected:
            return  # editorial, within a long measure (ABC 2.1, section 4.8)
        if self.broken or self.tuplet[1]:
            self._cross()
        if self.bar is None:
            self.line = f"{self.line} {text}".lstrip()
            if self.index >= 0:
                self.bars[self.index].closing = self.line
        else:
            self.close_bar(text)

    def end_line(self) -> None:
        """A line of the text ends, and with it a bar that is as long as the meter, with or without a bar line."""
        if self.bar is not None and self._elapsed() == self.bar.expected and not self.broken and not self.tuplet[1]:
            self.close_bar()
        if self.bar is None and self.index >= 0:
            self.bars[self.index].ends_line = True

    def close_bar(self, line: str = "") -> None:
        """End the bar, if one is open, with a bar line or, at an ending or line end, without."""
        bar = self.bar
        if bar is not None:
            if self.graces:
                self._place_graces()
            bar.length = max(bar.length, self.time - bar.onset)
            self.time = bar.onset + bar.length
            bar.closing = self.line = line
            self.bar = None

    def overlay(self) -> None:
        """Begin the bar again for another layer of notes; the longest counts (ABC 2.1, section 7.4)."""
        self.end_figures()
        self.last = None
        if self.bar is not None:
            self._place_graces()
            self.bar.length = self._elapsed()
            self.time = self.bar.onset

    def finish(self) -> None:
        """The text is over: close the bar without a bar line, name what is still open."""
        self.end_figures()
        self.close_bar()
        self._place_graces()
        self._untie([])
        for position in self.slurs:
            self.problems.append(Problem("unclosed slur", position, "(", ")"))

    def end_figures(self) -> None:
        """Name a tuplet and a broken rhythm that lack notes; what has been lengthened is as it was."""
        if self.broken:
            self.problems.append(Problem("broken rhythm", self.broken[2], "one note", "a note on both sides"))
            self.stretch_last(1 / self.broken[0])
            self.broken = None
        factor, left, position = self.tuplet
        if left:
            self.problems.append(Problem("tuplet", position, f"{left} notes too few", "as many notes as it says"))
            self.tuplet = (factor, 0, position)

    def _cross(self) -> None:
        """Name what is carried over a bar line."""
        if self.broken:
            self.problems.append(Problem("broken rhythm", self.broken[2], "a bar line", "two notes of one bar"))
        if self.tuplet[1]:
            self.problems.append(Problem("tuplet", self.tuplet[2], "a bar line", "notes of one bar"))

    def _elapsed(self) -> Fraction:
        """The length of the open bar so far: that of its longest layer."""
        assert self.bar is not None
        return max(self.bar.length, self.time - self.bar.onset)

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


def _stretch(notes: Iterable[Note], factor: Fraction) -> None:
    for note in notes:
        note.duration *= factor
