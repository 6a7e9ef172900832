"""The music around its sounds: what adorns and binds them, bar lines and endings, fields between lines."""

from charrnn.music.constraint.automaton import ALWAYS, Builder
from charrnn.music.constraint.counters import IF, SIZES, E, K, L
from charrnn.music.constraint.header_grammar import write_key
from charrnn.music.constraint.sounds import Sounds

LINES = {"|": L.PLAIN, "||": L.DOUBLE, "|]": L.DOUBLE, ":|": L.ENDS, "|:": L.STARTS, "::": L.BOTH}
ROLLS, DECORATIONS, HOLDS = "~T", "LMOPSuv", "H."  # ABC 2.1, section 4.14
NAMED = ("accent", "pp", "p", "mp", "mf", "f", "ff", "sfz")
LONGEST_QUOTE = 16  # characters


class BodyGrammar:
    """Writes the nodes of a tune's music into `build`; `start` begins a line, and `end` leads to `goal`.

    If it `is_strict`, a tune ends at a bar line and holds no text in quotes, of which other programs read chord names
    only.
    """

    def __init__(self, build: Builder, goal: int, end: str, text: str, *, is_strict: bool):
        self._build, self._text = build, text.replace('"', "")
        self.start, self._indent = build.node(kind=K.LINE_START), build.node(kind=K.LINE_START)
        self._gap, self._barred, self._after = build.node(), build.node(), build.node()
        self._sounds = Sounds(build, self._after)
        self._sites = (self._gap, self._barred, self.start, self._indent)
        # What a note begins with; a note or chord; one that may be adorned; any sound, rests too.
        self._note, self._bare, self._adorned, self._sound = (build.node() for _ in range(4))
        self._write_sounds(with_quotes=not is_strict)
        self._write_binding()
        self._write_bars()
        for node in (self.start, self._gap, self._barred, *([] if is_strict else [self._after])):
            build.edge(node, end, goal, IF.END, begins=True)

    def _write_sounds(self, *, with_quotes: bool) -> None:
        build, sounds = self._build, self._sounds
        sounds.notes(self._note, K.SOUND, self._after, IF.NOTE)
        build.like(self._bare, self._note)
        sounds.chords(self._bare)
        build.like(self._adorned, self._bare)
        self._write_adornments()
        if with_quotes:
            self._write_quotes()
        build.like(self._sound, self._adorned)
        sounds.rests(self._sound)
        if build.spells("()"):
            self._write_groups()
        build.like(self._after, self._sound)
        self._write_endings()
        # At the beginning of a line a letter with a colon is a field.
        self._write_fields()
        sounds.notes(self.start, K.SOUND, self._after, IF.NOTE, colon=False)
        sounds.rests(self.start, colon=False)
        for site in self._sites:
            build.like(site, self._sound)

    def _write_adornments(self) -> None:
        """Grace notes before decorations, one decoration, rolls on single notes only, as other programs want them."""
        build, site = self._build, self._adorned
        rolled, decorated, named = build.node(), build.node(), build.node()
        build.like(rolled, self._note)
        build.like(decorated, self._bare)
        build.edge(site, ROLLS, rolled, IF.OTHER, E.HELD, begins=True)
        build.edge(site, DECORATIONS, decorated, IF.OTHER, begins=True)
        build.edge(site, HOLDS, decorated, IF.HELD, E.HELD, begins=True)
        build.edge(site, "!", named, IF.OTHER, begins=True)
        for node in build.tree(named, NAMED).values():
            build.edge(node, "!", decorated)
        self._sounds.graces(site, decorated)

    def _write_quotes(self) -> None:
        build = self._build
        quote, behind = build.node(), build.node()
        build.edge(self._adorned, '"', quote, IF.OTHER, begins=True)
        build.like(behind, self._gap)
        for length in range(LONGEST_QUOTE):
            before, quote = quote, build.node()
            build.edge(before, self._text, quote, IF.MORE if length else ALWAYS)
            build.edge(quote, '"', behind)

    def _write_groups(self) -> None:
        """( of a slur, or with a digit of a tuplet."""
        build = self._build
        group, tuplet = build.node(kind=K.GROUP), build.node()
        build.edge(self._sound, "(", group, IF.GROUP, E.SLUR, begins=True)
        for node in (group, tuplet):
            build.like(node, self._sound)
        for i, notes in enumerate(SIZES):
            build.edge(group, str(notes), tuplet, IF.TUPLETS + i, E.TUPLETS + i)

    def _write_binding(self) -> None:
        """What follows a sound and binds it to the next: ties, broken rhythm; the ends of slurs."""
        build = self._build
        slurred, tied = build.node(), build.node()
        build.edge(self._after, ")", slurred, IF.SLUR_END, E.SLUR_END, begins=True)
        build.like(slurred, self._after, without="-<>")
        build.edge(self._after, "-", tied, IF.TIE, E.TIE, begins=True)
        build.like(tied, self._gap)
        for sign in "<>":
            once, twice = build.node(), build.node()
            build.edge(self._after, sign, once, IF.BROKEN, E.BROKEN, begins=True)
            build.edge(once, sign, twice, IF.BROKEN_TWICE)
            for node in (once, twice):
                build.like(node, self._bare)  # of adorned notes other programs lose the length
                self._sounds.rests(node)

    def _write_bars(self) -> None:
        build = self._build
        options = {word: -1 - line for word, line in LINES.items()}
        lines, ends = build.choice(options, K.LINE, K.LINE_BEGUN, begins=True)
        for word, node in ends.items():
            build.value(node, LINES[word])
            build.like(node, self._barred)
            if word[-1] == "|" and build.spells("12"):
                build.edge(node, "1", self._ending, IF.FIRST, E.FIRST, begins=True)
                build.edge(node, "2", self._ending, IF.SECOND, E.SECOND, begins=True)
        for site in (self._after, self._gap, self.start, self._indent):
            build.like(site, lines)
        # Behind a bar line to which a second ending is owed, a blank needs a [ to follow.
        first = IF.SPACE if build.spells("[") else IF.SPACES
        for site, behind, condition in (
            (self.start, self._indent, IF.SPACES), (self._indent, self._indent, IF.SPACES),
            (self._gap, self._gap, IF.SPACES), (self._after, self._gap, IF.SPACE), (self._barred, self._gap, first),
        ):  # fmt: skip
            build.edge(site, " ", behind, condition, begins=True)
        continued = build.node()
        build.edge(continued, "\n", self.start)
        for site in (self._after, self._gap, self._barred):
            build.edge(site, "\n", self.start, IF.NEWLINE, begins=True)
            build.edge(site, "\\", continued, IF.NEWLINE, begins=True)

    def _write_endings(self) -> None:
        """[ behind a bar line, of an ending or of a chord."""
        build = self._build
        bracket, self._ending = build.node(), build.node()
        build.like(self._ending, self._gap)
        if build.spells("12"):
            build.edge(bracket, "1", self._ending, IF.FIRST_BEGUN, E.FIRST)
            build.edge(bracket, "2", self._ending, IF.SECOND, E.SECOND)
        self._sounds.notes(bracket, K.OF_CHORD, self._sounds.in_chord, IF.NOTE)
        condition = IF.BRACKET if build.spells("]") else IF.ENDING
        for site in self._sites:
            build.edge(site, "[", bracket, condition, E.CHORD, begins=True)

    def _write_fields(self) -> None:
        """K: and P: on lines of their own, at the beginning of a bar."""
        build = self._build
        key, value = build.node(kind=K.HEADER), build.node(kind=K.HEADER)
        build.edge(self.start, "K", key, IF.FIELD, begins=True)
        build.edge(key, ":", value)
        for node in write_key(build, value):
            build.edge(node, "\n", self.start)
        # P is a decoration, too.
        part, colon, name = build.node(), build.node(kind=K.HEADER), build.node(kind=K.HEADER)
        build.edge(self.start, "P", part, IF.OTHER, begins=True)
        build.like(part, self._bare)
        build.edge(part, ":", colon, IF.FIELD)
        build.edge(colon, set(self._text) - set(" |:"), name)
        build.edge(name, self._text, name, IF.MORE)
        build.edge(name, "\n", self.start)
