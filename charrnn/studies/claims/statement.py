"""One statement in one reading, and its verdict as a pure function of an interval and the smallest effect of interest.

The smallest effect d, and for "a small rise" zero, cut the line of possible effects into pieces, each of which has a
name: supported, no difference or refuted. An interval that lies in one piece has its name; any other is undecided.
Every verdict stands for itself, at its own 95 % interval: of a page of sixty, a few may be wrong. "No difference" asks
that the 95 % interval lie within ±d, which is stricter than the 90 % of two one-sided tests at 5 % (Schuirmann 1987).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd
from scipy import stats

from charrnn.studies.settings import CONFIDENCE, POWER, Interval

if TYPE_CHECKING:
    from charrnn.studies.claims.evidence import Evidence

SUPPORTED, REFUTED, ALIKE, UNDECIDED, NOT_RUN = "supported", "refuted", "no difference", "undecided", "not run"
VERDICTS = (SUPPORTED, REFUTED, ALIKE, UNDECIDED, NOT_RUN)
Expectation = Literal["above", "below", "alike", "small rise"]
# By what a statement expects: the places, as multiples of d, at which the line is cut, and the names of the pieces.
PIECES: dict[str, tuple[tuple[float, float], tuple[str, str, str]]] = {
    "above": ((-1, 1), (REFUTED, ALIKE, SUPPORTED)),
    "below": ((-1, 1), (SUPPORTED, ALIKE, REFUTED)),
    "alike": ((-1, 1), (REFUTED, SUPPORTED, REFUTED)),
    "small rise": ((0, 1), (REFUTED, SUPPORTED, REFUTED)),
}
MOST = 1000  # seeds; who needs more will not run them


@dataclass(frozen=True)
class Claim:
    """A `quotation` of the paper in one `reading`: the effect that `values` gives, one number a seed, in `unit`.

    `values` may be of turns or tunes instead, as `over` says; it gives an empty series where the runs are missing, for
    which `needs` is the command. `key` names the claim in claims.json.
    """

    key: str
    where: str
    quotation: str
    reading: str
    unit: str
    smallest: float
    expects: Expectation
    values: Callable[["Evidence"], pd.Series]
    over: str = "seeds"
    needs: str = "make reproduce"

    @property
    def supported_when(self) -> str:
        """In words, with the smallest effect of interest."""
        d = f"{self.smallest:g} {self.unit}"
        return {
            "above": f"more than +{d}",
            "below": f"less than -{d}",
            "alike": f"within ±{d}",
            "small rise": f"between 0 and +{d}",
        }[self.expects]


def verdict(expects: Expectation, smallest: float, effect: Interval) -> str:
    """What `effect` says of a statement; undecided without an interval, not run without a value."""
    if effect.n == 0:
        return NOT_RUN
    if effect.n == 1:
        return UNDECIDED
    low, high = _piece(expects, smallest, effect.low), _piece(expects, smallest, effect.high)
    if low == high:
        return PIECES[expects][1][low]
    return ALIKE if -smallest <= effect.low and effect.high <= smallest else UNDECIDED


def would_decide(expects: Expectation, smallest: float, effect: Interval) -> int | None:
    """How many seeds would give a verdict four times out of five, if mean and spread are what they seem.

    None where that is not known (fewer than two seeds) or more than MOST: the effect stands at the edge of a piece.
    """
    if effect.n < 2:
        return None
    distance = min(abs(effect.mean - smallest * cut) for cut in PIECES[expects][0])
    for n in range(2, MOST + 1):
        needed = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) + stats.t.ppf(POWER, n - 1))
        if needed * effect.sd / n**0.5 < distance:
            return n
    return None


def _piece(expects: Expectation, smallest: float, effect: float) -> int:
    cuts = PIECES[expects][0]
    return sum(effect > cut * smallest for cut in cuts)
