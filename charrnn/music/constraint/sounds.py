"""Notes, rests, chords and grace notes: what may be written, and how long they may be."""

from charrnn.music.constraint.automaton import ALWAYS, Builder
from charrnn.music.constraint.counters import IF, UNIT, E, K

# What may stand behind a note, in grains: one note head has it, with no, one or two dots.
LENGTHS = {"/": 2, "/2": 2, "//": 1, "/4": 1, "3/": 6, "3/2": 6, "3/4": 3, "7/2": 14}
LENGTHS |= {str(units): UNIT * units for units in (2, 3, 4, 6, 7, 8, 12, 14, 16)}
UPPER, LOWER = "CDEFGAB", "cdefgab"
LOWEST, HIGHEST = 2, 1  # octave marks: from a cello's open C, (36 in MIDI) to b' (95)


class Sounds:
    """Writes sounds into `build`. Behind any of them comes what may follow `after`; `in_chord` is the inside of one."""

    def __init__(self, build: Builder, after: int):
        self._build, self._after = build, after
        self.in_chord, end = build.node(), build.node(kind=K.CHORD)
        self.notes(self.in_chord, K.OF_CHORD, self.in_chord, IF.FEW, accidentals=IF.FEW)
        build.edge(self.in_chord, "]", end, ALWAYS, E.CHORD_END, begins=True)
        build.like(end, after)

    def notes(
        self, start: int, kind: int, behind: int, condition: int, *, accidentals: int = IF.OTHER, colon: bool = True
    ) -> None:
        """Notes from `start`, with an accidental and octave marks or not, and what is `behind` them.

        Without a `colon` no : may follow the mere letter, which at the beginning of a line would name a field.
        """
        build = self._build
        lengths = self._lengths(kind, behind) if kind else build.node()  # grace notes have none
        altered = build.node()
        for letters, mark, octaves in ((UPPER, ",", LOWEST), (LOWER, "'", HIGHEST)):
            node = build.node(UNIT, kind)
            build.edge(start, letters, node, condition, E.NOTE, begins=True)
            build.edge(altered, letters, node, ALWAYS, E.NOTE)
            build.like(node, lengths)
            build.like(node, behind, without="" if colon else ":")
            for _ in range(octaves):
                below, node = node, build.node(UNIT, kind)
                build.edge(below, mark, node, IF.OCTAVE, E.UNTIED)
                build.like(node, lengths)
                build.like(node, behind)
        for sign in "^_":
            one = build.node()
            build.edge(start, sign, one, accidentals, begins=True)
            build.edge(one, sign, altered)
            build.like(one, altered)
        build.edge(start, "=", altered, accidentals, begins=True)

    def rests(self, start: int, *, colon: bool = True) -> None:
        node = self._build.node(UNIT, K.SOUND)
        self._build.edge(start, "zx", node, IF.REST, E.UNTIED, begins=True)
        self._build.like(node, self._lengths(K.SOUND, self._after))
        self._build.like(node, self._after, without="" if colon else ":")

    def chords(self, start: int) -> None:
        """Notes of one length, the first one's."""
        chord = self._build.node()
        self._build.edge(start, "[", chord, IF.OTHER, E.CHORD, begins=True)
        self.notes(chord, K.OF_CHORD, self.in_chord, IF.NOTE, accidentals=IF.MORE)

    def graces(self, start: int, behind: int) -> None:
        build = self._build
        grace, in_grace = build.node(), build.node()
        build.edge(start, "{", grace, IF.OTHER, E.GRACE, begins=True)
        self.notes(grace, K.NOTHING, in_grace, ALWAYS, accidentals=IF.MORE)
        self.notes(in_grace, K.NOTHING, in_grace, IF.FEW, accidentals=IF.FEW)
        build.edge(in_grace, "}", behind, begins=True)

    def _lengths(self, kind: int, behind: int) -> int:
        """A node whose edges spell a length that fits."""
        root, ends = self._build.choice(LENGTHS, kind, K.NOTHING, begins=False)
        for word, node in ends.items():
            self._build.value(node, LENGTHS[word])
            self._build.like(node, behind)
        return root
