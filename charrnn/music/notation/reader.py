"""Where the reading of a tune's body stands; the handlers of tokens (notes, figures, signs, fields) share it."""

from collections.abc import Callable
from fractions import Fraction

from charrnn.music.notation.header import Header
from charrnn.music.notation.lexer import State
from charrnn.music.notation.records import Bar, Note, Problem
from charrnn.music.notation.voice import Voice


class Reader:
    """`at` is the token to come; `notes`, `bars` and `problems` grow in the order of the text."""

    def __init__(self, text: str, tokens: list[tuple[int, int, int]], header: Header, problems: list[Problem]):
        self.text, self.tokens, self.at, self.header, self.problems = text, tokens, header.tokens, header, problems
        self.over = len(text.rstrip())  # where nothing but blanks follows
        self.fields = list(header.fields)
        self.notes: list[Note] = []
        self.bars: list[Bar] = []
        self.voices: dict[str, Voice] = {}
        self.voice = self.voice_of("")
        self.chord: int | None = None  # where an open chord began, what is in it, how long its first note is
        self.chord_notes: list[Note] = []
        self.chord_duration: Fraction | None = None
        self.grace: int | None = None  # where open grace notes began
        # ABC 2.1, section 4.14, and what U: adds.
        self.decorations = {*".~HLMOPSTuv", *(f.value[:1] for f in header.fields if f.letter == "U")}

    def problem(self, kind: str, position: int, found: str, expected: str) -> None:
        self.problems.append(Problem(kind, position, found, expected))

    def voice_of(self, name: str) -> Voice:
        if name not in self.voices:
            self.voices[name] = Voice(name, *self.header.in_force(), self.bars, self.problems)
        return self.voices[name]

    def kind(self, ahead: int) -> int:
        """The kind of the token to come, or of one further on; as if a line ended where there is none."""
        at = self.at + ahead
        return self.tokens[at][0] if at < len(self.tokens) else State.NEWLINE


Handler = Callable[[Reader, int, int], None]
"""Called with the start and end of a token, which the reader has just passed."""
