"""The header: X first, then T, then what else a header holds, K last, each with a value that the standard allows.

Every tune has a meter, since free meter would free it from its bars.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from charrnn.music.constraint.automaton import ALWAYS, Builder
from charrnn.music.constraint.counters import IF, WHOLE, E, K
from charrnn.music.notation.fields import read_key, read_meter, read_unit

TEXT_FIELDS = "ABCDFGHNORSTZ"  # any text; I:, P:, U:, V: and m: would change how the music is read
METERS = ("C", "C|", *(f"{n}/{d}" for d in (2, 4, 8, 16) for n in range(1, 25)))
EVEN = ("C", "2/4", "4/4")
DIGITS = 6  # of X: at most
UNITS = ("1/4", "1/8", "1/16")
BEATS = ("", "1/4=", "1/8=", "3/8=", "1/2=", "3/4=")
_MODES = (
    "m", "min", "minor", "maj", "major", "mix", "mixolydian", "dor", "dorian", "phr", "phrygian", "lyd", "lydian",
    "aeo", "aeolian", "ion", "ionian", "loc", "locrian",
)  # fmt: skip
_SPELLED = ("", *(blank + m for mode in _MODES for m in {mode, mode.capitalize()} - {"M"} for blank in ("", " ")))
KEYS = tuple(
    step + sign + mode for step in "CDEFGAB" for sign in ("", "#", "b") for mode in _SPELLED
    if read_key(step + sign + mode) is not None
)  # fmt: skip


def units(bar: Fraction | None) -> Sequence[str]:
    """The unit note lengths of which a quarter goes into a bar without a remainder."""
    return [unit for unit in UNITS if (4 * (bar or Fraction(0)) / (read_unit(unit) or 1)).denominator == 1]


class HeaderGrammar:
    """Writes the nodes of a header into `build`; `start` is the first, `keys` are those where K: has its value.

    `fixed` gives the values of some of K, M, R and T, `text` the characters that text may hold.
    """

    def __init__(self, build: Builder, fixed: Mapping[str, str], text: str):
        self._build, self._fixed, self._text = build, fixed, text
        bar = read_meter(fixed.get("M", "none"))
        self._lengths = units(bar.bar if bar else None)
        self.start = self._node()
        number = [self._field(self.start, "X"), *(self._node() for _ in range(DIGITS))]
        title = self._node()
        for before, after in pairwise(number):
            build.edge(before, "0123456789", after, ALWAYS if before == number[0] else IF.MORE)
            build.edge(after, "\n", title)
        at = self._text_field(title, "T")
        if "R" in fixed:
            at = self._text_field(at, "R")
        metered = self._node()
        if "M" in fixed:
            self._meter(at, metered, (fixed["M"],))
        else:
            self._others(at)
            self._meter(at, metered, METERS)
        self._others(metered)
        self.keys = write_key(build, self._field(metered, "K"), fixed.get("K"))

    def _others(self, node: int) -> None:
        """The fields that may stand at `node`, each as often as it likes but L:, which stands once."""
        for letter in TEXT_FIELDS:
            if letter not in self._fixed:
                self._text_field(node, letter, node)
        for word, end in self._build.tree(self._field(node, "L", IF.NO_LENGTH), self._lengths).items():
            self._build.value(end, int((read_unit(word) or 0) * WHOLE))
            self._build.edge(end, "\n", node, effect=E.LENGTH)
        tempo = self._field(node, "Q", IF.MORE)
        for beat in self._build.tree(tempo, BEATS).values():
            digits = [beat, *(self._node() for _ in range(3))]
            self._build.edge(beat, "123456789", digits[1])
            self._build.edge(digits[1], "0123456789", digits[2])
            self._build.edge(digits[2], "0123456789", digits[3], IF.MORE)
            self._build.edge(digits[2], "\n", node)
            self._build.edge(digits[3], "\n", node)

    def _meter(self, node: int, metered: int, words: Iterable[str]) -> None:
        value = self._field(node, "M")
        for even in (True, False):
            some = [word for word in words if (word in EVEN) == even]
            for word, end in self._build.tree(value, some, ALWAYS if even else IF.NO_HORNPIPE).items():
                bar, _ = read_meter(word) or (None, None)
                # In one number: the bar, and whether it is even.
                self._build.value(end, 2 * int((bar or 0) * WHOLE) + even)
                self._build.edge(end, "\n", metered, effect=E.METER)

    def _text_field(self, node: int, letter: str, after: int | None = None) -> int:
        after = self._node() if after is None else after
        value = self._field(node, letter, IF.MORE if after == node else ALWAYS)
        if letter in self._fixed:
            self._build.edge(self._build.chain(value, self._fixed[letter]), "\n", after)
        else:
            text = self._node()
            if letter == "R":
                self._hornpipe(value, text)
            # A:| and A:: would be a note and a bar line.
            self._build.edge(value, set(self._text) - set(" |:"), text)
            self._build.edge(text, self._text, text, IF.MORE)
            self._build.edge(text, "\n", after)
            if letter != "T":
                self._build.edge(value, "\n", after)
        return after

    def _hornpipe(self, value: int, text: int) -> None:
        for first in "hH":
            before = value
            for character in first + "ornpipe":
                self._build.like(before, text) if before != value else None
                at, before = before, self._node()
                ends = character == "e"
                condition, effect = (IF.HORNPIPE, E.HORNPIPE) if ends else (ALWAYS, E.NONE)
                self._build.edge(at, character, before, condition, effect)
            self._build.like(before, text)

    def _field(self, node: int, letter: str, condition: int = ALWAYS) -> int:
        """The node behind a field's letter, its colon and perhaps blanks."""
        colon, value = self._node(), self._node()
        self._build.edge(node, letter, colon, condition)
        self._build.edge(colon, ":", value)
        self._build.edge(value, " ", value, IF.MORE)
        return value

    def _node(self) -> int:
        return self._build.node(kind=K.HEADER)


def write_key(build: Builder, value: int, fixed: str | None = None) -> list[int]:
    """The nodes where the value of a K: may end, one of a `fixed` one."""
    return list(build.tree(value, KEYS if fixed is None else (fixed,)).values())
