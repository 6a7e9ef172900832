"""Where the reading of a tune's body stands; the handlers of tokens (notes, figures, signs, fields) share it."""

from collections.abc import Callable
from fractions import Fraction

from charrnn.music.notation.clefs import Clef, read_clef
from charrnn.music.notation.header import Header
from charrnn.music.notation.lexer import State
from charrnn.music.notation.records import Bar, Navigation, Note, Part, Problem
from charrnn.music.notation.voice import Voice

# ABC 2.1, section 4.14.
DECORATIONS = {
    "~": "roll", ".": "staccato", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda", "P": "uppermordent",
    "S": "segno", "T": "trill", "u": "upbow", "v": "downbow",
}  # fmt: skip


class Reader:
    """`at` is the token to come; `notes`, `bars` and `problems` grow in the order of the text."""

    def __init__(self, text: str, tokens: list[tuple[int, int, int]], header: Header, problems: list[Problem]):
        self.text, self.tokens, self.at, self.header, self.problems = text, tokens, header.tokens, header, problems
        self.over = len(text.rstrip())  # where nothing but blanks follows
        self.fields = list(header.fields)
        self.notes: list[Note] = []
        self.bars: list[Bar] = []
        self.parts: list[Part] = []
        self.navigation: list[Navigation] = []
        # Of voices that are yet to begin.
        self.key, self.meter, self.unit = header.in_force()
        self.shift = (0, 0, 0)
        self.properties = {  # of the voices that the header names
            name: read_clef(properties)
            for name, _, properties in (f.value.partition(" ") for f in header.fields if f.letter == "V")
        }
        self.voices: dict[str, Voice] = {}
        self.named = False  # whether the body has named a voice: before, its fields are for all
        self.voice = self.voice_of(next(iter(self.properties)) if len(self.properties) == 1 else "")
        for field in header.fields:
            if field.letter == "K":
                self.set_clef(read_clef(field.value))
        self.chord: int | None = None  # where an open chord began, what is in it, how long its first note is
        self.chord_notes: list[Note] = []
        self.chord_duration: Fraction | None = None
        self.grace: int | None = None  # where open grace notes began
        self.decorations = dict(DECORATIONS)  # letters and what they stand for
        for field in header.fields:
            if field.letter == "U":
                self.define(field.value)

    def problem(self, kind: str, position: int, found: str, expected: str) -> None:
        self.problems.append(Problem(kind, position, found, expected))

    def define(self, value: str) -> None:
        """U: gives a letter a meaning, as in T = !trill! (ABC 2.1, section 4.16)."""
        letter, _, name = value.partition("=")
        self.decorations[letter.strip()[:1]] = name.strip().strip("!+")

    def voice_of(self, name: str) -> Voice:
        """The voice of this name; a new one begins as K: and its V: of the header say."""
        if name not in self.voices:
            self.voices[name] = Voice(name, self.key, self.meter, self.unit, self.bars, self.problems, *self.shift)
            if name in self.properties:
                self.voices[name].set_clef(self.properties[name])
        return self.voices[name]

    def set_clef(self, clef: Clef) -> None:
        """The clef of K:, from here on; for all voices that are yet to begin, too, if none has been named so far."""
        self.voice.set_clef(clef)
        if not self.named:
            self.shift = (self.voice.eight, self.voice.octave, self.voice.transpose)

    def turn_to(self, name: str) -> None:
        """Go on with a voice; the first that is named takes over the music that no V: stands before."""
        before = self.voice
        if not self.named and before.name == "" and name not in self.voices:
            del self.voices[""]
            if self.bars:
                before.name = name
                self.voices[name] = before
                for note in self.notes:
                    note.voice = name
                for bar in self.bars:
                    bar.voice = name
                self.parts = [part._replace(voice=name) for part in self.parts]
                self.navigation = [sign._replace(voice=name) for sign in self.navigation]
        self.named = True
        self.voice = self.voice_of(name)

    def kind(self, ahead: int) -> int:
        """The kind of the token to come, or of one further on; as if a line ended where there is none."""
        at = self.at + ahead
        return self.tokens[at][0] if at < len(self.tokens) else State.NEWLINE


Handler = Callable[[Reader, int, int], None]
"""Called with the start and end of a token, which the reader has just passed."""
