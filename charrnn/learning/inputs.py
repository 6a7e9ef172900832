"""What a network reads beside each character: small numbers that say where in the tune it stands.

T characters of a text, I inputs. Every input is a choice of one of some, and has a table of its own in the network.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from charrnn.learning.vocab import Vocabulary
from charrnn.music.canonical import RHYTHMS
from charrnn.music.context import LONGEST, PLACES, WHOLE, Context

BARS_AGO = (1, 2, 4, 8)
MOST_BARS, MOST_PARTS = 17, 8
MODES = ("maj", "min", "dor", "mix", "lyd", "phr", "loc")
METERS = ("2/4", "C|", "4/4", "3/4", "6/8", "9/8", "12/8", "3/8", "6/4", "3/2", "5/4", "4/2")
_TONICS = {"CDEFGAB"[i // 3] + ("", "#", "b")[i % 3]: i for i in range(21)}
_MODES = {mode: i for i, mode in enumerate(MODES)} | {"ion": 0, "aeo": 1}
_METERS = {meter: i for i, meter in enumerate(METERS, 2)}
_RHYTHMS = {rhythm: i for i, rhythm in enumerate(RHYTHMS, 2)}

Row = tuple[int, ...]


def _meter(context: Context) -> Row:
    """What the bar lacks, in places of PLACES a whole note; complete bars of the part."""
    left = context.left
    if left is None:
        place = 0
    else:
        place = 2 + min(-(-left * PLACES // WHOLE), LONGEST) if left >= 0 else 1
    return place, 1 + min(context.bar, MOST_BARS)


def _cond(context: Context) -> Row:
    """Key, meter, rhythm, complete parts, step of the last note above the tonic."""
    return (
        1 + 7 * _TONICS.get(context.tonic, 0) + _MODES.get(context.mode, 0),
        _METERS.get(context.meter, 1),
        _RHYTHMS.get(context.rhythm, 1 if context.rhythm else 0),
        1 + min(context.part, MOST_PARTS),
        0 if context.degree is None else 1 + context.degree,
    )


class Inputs:
    """The inputs that `names` stand for, for texts of this alphabet; `sizes` (I,) is how many values each has.

    0 is the value of each where there is nothing to say, as in the header and behind a tune.
    """

    def __init__(self, names: Iterable[str], vocab: Vocabulary):
        self.names = tuple(name for name in NAMES if name in set(names))
        self._vocab = vocab
        self._ids = {"": 0} | {c: 1 + i for i, c in enumerate(vocab.characters)}
        kinds: dict[str, tuple[Callable[[Context], Row], Row]] = {
            "meter": (_meter, (3 + LONGEST, 2 + MOST_BARS)),
            "phrase": (self._phrase, (1 + len(vocab),) * len(BARS_AGO)),
            "cond": (_cond, (1 + 7 * len(_TONICS), 2 + len(METERS), 2 + len(RHYTHMS), 2 + MOST_PARTS, 8)),
        }
        self._measures = [kinds[name][0] for name in self.names]
        self.sizes: Row = sum((kinds[name][1] for name in self.names), ())

    def _phrase(self, context: Context) -> Row:
        """What followed at this place of the bar, 1, 2, 4 and 8 bars ago: the id of the character and 1."""
        ids = self._ids
        return tuple([ids.get(context.stood(bars), 0) for bars in BARS_AGO])

    def row(self, context: Context) -> Row:
        """The values (I,) of one moment."""
        if not context.in_music:
            return (0,) * len(self.sizes)
        found: Row = ()
        for measure in self._measures:
            found += measure(context)
        return found

    def read(self, ids: np.ndarray) -> np.ndarray:
        """The values (T, I) int32 after each character of tunes behind each other, each between its marks."""
        start, end, characters = self._vocab.start, self._vocab.end, self._vocab.characters
        found = np.zeros((len(ids), len(self.sizes)), dtype=np.int32)
        context = Context()
        for place, one in enumerate(ids.tolist() if self.names else ()):
            if one in (start, end):
                context = Context()
            else:
                context.read(characters[one])
                if context.in_music:
                    found[place] = self.row(context)
        return found


NAMES = ("meter", "phrase", "cond")


def chosen(settings: dict[str, bool]) -> Sequence[str]:
    """The names of those that a configuration has switched on."""
    return [name for name in NAMES if settings[name]]
