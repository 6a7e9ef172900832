"""What a reading does not keep of the text around its notes: beams, slurs, tuplets, decorations, names of chords."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from charrnn.music.engraving.voices import bar_numbers
from charrnn.music.notation import Reading
from charrnn.music.notation.lexer import State, tokens

S = State
_TUPLETS = (S.TUPLET, S.TUPLET_COLON, S.TUPLET_TIME, S.TUPLET_COLONS, S.TUPLET_NOTES)
_RESTS = (S.REST, S.LINE_REST, S.INLINE_REST)
# What a beam goes on behind: everything else between two notes, blanks above all, ends it (ABC 2.1, section 4.7).
_BEAMED = (
    S.NUMERATOR, S.SLASH, S.DENOMINATOR, S.NOTE, S.CHORD_END, S.GRACE, S.GRACE_SLASH, S.GRACE_END, S.SLUR, S.SLUR_END,
    *_TUPLETS, S.TIE, S.SHORT_LONG, S.LONG_SHORT, S.QUOTE_END, S.BANG_END, S.PLUS_END, S.DOT, S.DECORATION, S.IGNORED,
)  # fmt: skip
_DECORATIONS = (S.DOT, S.DECORATION, S.LINE_LETTER, S.INLINE_LETTER)
_MOST_SLURS = 6  # at a time: MusicXML numbers them 1 to 6
_MOST_BARS = 8  # of a slur: six in the longest that people wrote; what is longer was never closed where it should be
_NO_CHORD = ("^", "_", "<", ">", "@")  # how annotations begin (ABC 2.1, section 4.19)


class Tuplet(NamedTuple):
    """`notes` in the time of `time`, or of as many as the meter says where it is 0; `last`: position of the last one.

    It has no `last` where a rest is among its notes: a reading does not say where one rest ends and the next begins.
    """

    notes: int
    time: int
    last: int | None


@dataclass(slots=True)
class Marks:
    """Of a note or chord.

    `beamed`: a beam may join it to the one before. `tuplet` is the one that begins with it. `slurs` are (number, start
    or stop). `dotted_line`: behind the dotted bar line of a divided bar.
    """

    beamed: bool = False
    tuplet: Tuplet | None = None
    decorations: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    slurs: list[tuple[int, str]] = field(default_factory=list)
    dotted_line: bool = False


def marks(reading: Reading) -> dict[int, Marks]:
    """The marks of every note and chord, by its position; grace notes have none."""
    return _Marker(reading).marks


class _Marker:
    def __init__(self, reading: Reading):
        self.marks: dict[int, Marks] = {}
        self._text = reading.text
        self._voices: dict[int, str] = {}
        self._bars: dict[int, int] = {}  # of each note its bar, counted in its voice
        numbers = bar_numbers(reading)
        for note in reading.notes:
            if not note.grace:
                position = note.position if note.chord is None else note.chord
                self._voices[position], self._bars[position] = note.voice, numbers[note.bar]
        self._fields = {field.position for field in reading.fields}
        pairs = (field.value.partition("=") for field in reading.fields if field.letter == "U")
        self._symbols = {letter.strip(): name.strip().strip("!+") for letter, _, name in pairs}
        self._slurs: dict[str, list[int]] = defaultdict(list)  # of each voice, the notes they begin with
        self._opened = 0  # slurs that begin with the next note
        self._last, self._next = -1, Marks()
        self._has_dotted_line = False
        for kind, start, end in tokens(reading.text)[reading.header.tokens :]:
            self._token(kind, start, end)
        self._mark_tuplets(reading)

    def _token(self, kind: int, start: int, end: int) -> None:
        text = self._text[start:end]
        if start in self._voices:
            self._note(start)
            return
        if kind == S.SLUR:
            self._opened += 1
        elif kind == S.SLUR_END:
            self._end_slur()
        elif kind == S.QUOTE_END:
            self._next.words.append(text[1:-1].lstrip("".join(_NO_CHORD)))
        elif kind in (S.BANG_END, S.PLUS_END):
            self._next.decorations.append(text[1:-1])
        elif kind in _DECORATIONS and start not in self._fields:
            self._next.decorations.append(self._symbols.get(text, text))
        elif kind == S.BAR:
            self._has_dotted_line = text == ".|"
        if kind not in _BEAMED:
            self._next.beamed = False

    def _note(self, position: int) -> None:
        in_this_bar = self._last >= 0 and self._bars[self._last] == self._bars[position]
        self._next.dotted_line = self._has_dotted_line and in_this_bar
        self.marks[position], self._last = self._next, position
        self._slurs[self._voices[position]] += [position] * self._opened
        self._next, self._opened, self._has_dotted_line = Marks(beamed=True), 0, False

    def _end_slur(self) -> None:
        if self._opened:
            self._opened -= 1
        elif self._last >= 0 and (open_slurs := self._slurs[self._voices[self._last]]):
            number, first = len(open_slurs), open_slurs.pop()
            is_short = self._bars[self._last] - self._bars[first] < _MOST_BARS
            if first != self._last and number <= _MOST_SLURS and is_short:
                self.marks[first].slurs.append((number, "start"))
                self.marks[self._last].slurs.insert(0, (number, "stop"))

    def _mark_tuplets(self, reading: Reading) -> None:
        for positions, notes, time, has_rest in _tuplets(reading, self._voices):
            bars: dict[int, list[int]] = defaultdict(list)
            for position in positions:
                bars[self._bars[position]].append(position)
            for in_bar in bars.values():  # a bar line divides its bracket
                self.marks[in_bar[0]].tuplet = Tuplet(notes, time, None if has_rest else in_bar[-1])


def _tuplets(reading: Reading, voices: dict[int, str]) -> Iterator[tuple[list[int], int, int, bool]]:
    """Of each tuplet the positions of its notes and chords, its numbers, and whether it has rests."""
    malformed = {problem.position for problem in reading.problems if problem.kind == "malformed tuplet"}
    positions: list[int] = []
    notes = time = left = 0
    has_rest = in_chord = False
    for kind, start, end in tokens(reading.text)[reading.header.tokens :]:
        if kind in _TUPLETS and start not in malformed:
            if positions:
                yield positions, notes, time, has_rest
            sign = reading.text[start:end]
            notes, time, left = (int(part or 0) for part in [*sign[sign.index("(") + 1 :].split(":"), "", ""][:3])
            left = left or notes
            positions, has_rest = [], False
        elif start in voices:
            in_chord = kind == S.BRACKET
            if left:
                positions.append(start)
                left -= 1
        elif kind == S.CHORD_END:
            in_chord = False
        elif kind in _RESTS and not in_chord and left:
            has_rest = True
            left -= 1
        elif kind == S.OVERLAY:
            left = 0
        if positions and not left:
            yield positions, notes, time, has_rest
            positions = []
    if positions:
        yield positions, notes, time, has_rest
