"""What a network reads beside each character: small numbers that say where in the tune it stands.

T characters of a text, I inputs. Every input is a choice of one of some, and has a table of its own in the network.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from charrnn.learning.vocab import Vocabulary
from charrnn.music.canonical import RHYTHMS
from charrnn.music.context import LONGEST, PLACES, WHOLE, Context, Repeat

BARS_AGO = (1, 2, 4, 8)
MOST_BARS, MOST_PARTS = 17, 8
FIELDS = "XTRMLK"
HEADER = 4 + LONGEST  # the first of the places in a header
MODES = ("maj", "min", "dor", "mix", "lyd", "phr", "loc")
METERS = ("2/4", "C|", "4/4", "3/4", "6/8", "9/8", "12/8", "3/8", "6/4", "3/2", "5/4", "4/2")
TONIC_NUMBERS = {"CDEFGAB"[i // 3] + ("", "#", "b")[i % 3]: i for i in range(21)}
MODE_NUMBERS = {mode: i for i, mode in enumerate(MODES)} | {"ion": 0, "aeo": 1}
METER_NUMBERS = {meter: i for i, meter in enumerate(METERS, 2)}
RHYTHM_NUMBERS = {rhythm: i for i, rhythm in enumerate(RHYTHMS, 2)}

Row = tuple[int, ...]


def _meter(context: Context) -> Row:
    """What the bar lacks, and what it would as the part's last; complete bars of the part; what is to be closed.

    The last bar of a part leaves out its pick-up. In the header the first value says which field is being written.
    """
    if not context.in_music:
        return HEADER + 2 * (FIELDS.find(context.field) + 1) + context.in_value if context.field else HEADER, 0, 0, 0
    left = context.left
    due = None if left is None else left - context.pick_up
    return _lacking(left), _lacking(due), 1 + min(context.bar, MOST_BARS), 1 + context.repeat


def _lacking(grains: int | None) -> int:
    """In places of PLACES a whole note; a bar may be in free meter, or too full."""
    if grains is None:
        return 1
    return 3 + min(-(-grains * PLACES // WHOLE), LONGEST) if grains >= 0 else 2


def _cond(context: Context) -> Row:
    """Key, meter, rhythm, complete parts, step of the last note above the tonic."""
    if not context.in_music:
        return 0, 0, 0, 0, 0
    return (
        1 + 7 * TONIC_NUMBERS.get(context.tonic, 0) + MODE_NUMBERS.get(context.mode, 0),
        METER_NUMBERS.get(context.meter, 1),
        RHYTHM_NUMBERS.get(context.rhythm, 1 if context.rhythm else 0),
        1 + min(context.part, MOST_PARTS),
        0 if context.degree is None else 1 + context.degree,
    )


def sizes(names: Sequence[str], vocab_size: int) -> Row:
    """How many values each of the inputs has that `names` stand for, (I,)."""
    of_name = {
        "meter": (HEADER + 2 * len(FIELDS) + 2, HEADER, 2 + MOST_BARS, 2 + max(Repeat)),
        "phrase": (1 + vocab_size,) * len(BARS_AGO),
        "cond": (1 + 7 * len(TONIC_NUMBERS), 2 + len(METERS), 2 + len(RHYTHMS), 2 + MOST_PARTS, 8),
    }
    return tuple(size for name in names for size in of_name[name])


class InputEncoder:
    """The inputs that `names` stand for, for texts of this alphabet.

    0 is the value of each where there is nothing to say, as behind a tune.
    """

    def __init__(self, names: Sequence[str], vocab: Vocabulary):
        measures: dict[str, Callable[[Context], Row]] = {"meter": _meter, "phrase": self._phrase, "cond": _cond}
        self._measures = [measures[name] for name in names]
        self._nothing = (0,) * len(sizes(names, len(vocab)))
        self._vocab = vocab
        self._ids = {"": 0} | {c: 1 + i for i, c in enumerate(vocab.characters)}

    def _phrase(self, context: Context) -> Row:
        """What followed at this place of the bar, 1, 2, 4 and 8 bars ago: the id of the character and 1."""
        ids = self._ids
        return tuple([ids.get(context.stood(bars), 0) for bars in BARS_AGO])

    def row(self, context: Context) -> Row:
        """The values (I,) of one moment."""
        found: Row = ()
        for measure in self._measures:
            found += measure(context)
        return found

    def read(self, ids: np.ndarray) -> np.ndarray:
        """The values (T, I) int32 after each character of tunes behind each other, each between its marks."""
        start, end, characters = self._vocab.start, self._vocab.end, self._vocab.characters
        found = np.zeros((len(ids), len(self._nothing)), dtype=np.int32)
        context = Context()
        for place, one in enumerate(ids.tolist() if self._measures else ()):
            if one == start:
                context = Context()
            elif one != end:
                context.read(characters[one])
            found[place] = self._nothing if one == end else self.row(context)
        return found


NAMES = ("meter", "phrase", "cond")


def names(settings: Mapping[str, bool]) -> list[str]:
    """The names that a configuration has switched on."""
    return [name for name in NAMES if settings[name]]


class InputReader:
    """The inputs of `width` tunes that are written side by side, from `begin` on a character at a time."""

    def __init__(self, inputs: InputEncoder, width: int):
        self._inputs, self._contexts = inputs, [Context() for _ in range(width)]
        self.values = np.zeros((width, len(inputs.row(Context()))), dtype=np.int32)

    def begin(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._contexts[row] = Context()
            self.values[row] = self._inputs.row(self._contexts[row])

    def read(self, rows: np.ndarray, characters: Sequence[str]) -> None:
        """The next character of these rows; `characters` has one of every row."""
        if not len(rows):
            return
        found, contexts, row_of = [], self._contexts, self._inputs.row
        for row in rows.tolist():
            context = contexts[row]
            context.read(characters[row])
            found.append(row_of(context))
        self.values[rows] = found
