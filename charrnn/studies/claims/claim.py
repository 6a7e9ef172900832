"""One statement of the paper in one reading, and the rule that turns an interval into its verdict.

The smallest effect of interest d cuts the line of possible effects into pieces, each with a verdict: supported, no
difference or refuted (for "small rise", zero is a cut as well). If the 95 % interval lies in one piece, the claim has
that verdict, else it is undecided. Each verdict stands alone: of sixty on a page a few may be wrong. "No difference"
asks for the 95 % interval within ±d, which is stricter than two one-sided tests at 5 % and their 90 % interval
(Schuirmann 1987).
"""

from dataclasses import dataclass
from typing import Literal

from scipy import stats

from charrnn.studies.claims.evidence import Contrast
from charrnn.studies.inference import CONFIDENCE, POWER, Interval

SUPPORTED, REFUTED, NO_DIFFERENCE, UNDECIDED, NOT_RUN = (
    "supported", "refuted", "no difference", "undecided", "not run",
)  # fmt: skip
VERDICTS = (SUPPORTED, REFUTED, NO_DIFFERENCE, UNDECIDED, NOT_RUN)
Expectation = Literal["above", "below", "equivalent", "small rise"]
# For each expectation the cuts of the line, as multiples of d, and the verdicts of the pieces.
PIECES: dict[str, tuple[tuple[float, float], tuple[str, str, str]]] = {
    "above": ((-1, 1), (REFUTED, NO_DIFFERENCE, SUPPORTED)),
    "below": ((-1, 1), (SUPPORTED, NO_DIFFERENCE, REFUTED)),
    "equivalent": ((-1, 1), (REFUTED, SUPPORTED, REFUTED)),
    "small rise": ((0, 1), (REFUTED, SUPPORTED, REFUTED)),
}
MAX_N_NEEDED = 1000  # nobody trains more seeds


@dataclass(frozen=True)
class Claim:
    """A `quotation` of the paper in one `reading`: a `contrast` in `unit`, one number for each of the `replicates`.

    The contrast is empty where runs are missing; `command` trains them. `smallest_effect` is the smallest effect of
    interest, in `unit`. `key` names the claim in claims.json.
    """

    key: str
    section: str
    quotation: str
    reading: str
    unit: str
    smallest_effect: float
    expectation: Expectation
    contrast: Contrast
    replicates: Literal["seeds", "turns", "tunes"] = "seeds"
    command: str = "make reproduce"

    @property
    def supported_when(self) -> str:
        """The effects that support the claim, in words."""
        d = f"{self.smallest_effect:g} {self.unit}"
        return {
            "above": f"more than +{d}",
            "below": f"less than -{d}",
            "equivalent": f"within ±{d}",
            "small rise": f"between 0 and +{d}",
        }[self.expectation]


def claim_verdict(expectation: Expectation, smallest_effect: float, effect: Interval) -> str:
    """One of VERDICTS; undecided without an interval, not run without a value."""
    if effect.n == 0:
        return NOT_RUN
    if effect.n == 1:
        return UNDECIDED
    low, high = (_piece(expectation, smallest_effect, end) for end in (effect.low, effect.high))
    if low == high:
        return PIECES[expectation][1][low]
    is_small = -smallest_effect <= effect.low and effect.high <= smallest_effect
    return NO_DIFFERENCE if is_small else UNDECIDED


def replicates_needed(expectation: Expectation, smallest_effect: float, effect: Interval) -> int | None:
    """The n that gives a verdict with probability POWER, if the true mean and spread are those of `effect`.

    None if they are unknown (n < 2), or if the mean is so close to a cut that MAX_N_NEEDED would not do.
    """
    if effect.n < 2:
        return None
    distance = min(abs(effect.mean - smallest_effect * cut) for cut in PIECES[expectation][0])
    for n in range(2, MAX_N_NEEDED + 1):
        quantiles = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) + stats.t.ppf(POWER, n - 1))
        if quantiles * effect.sd / n**0.5 < distance:
            return n
    return None


def _piece(expectation: Expectation, smallest_effect: float, effect: float) -> int:
    return sum(effect > cut * smallest_effect for cut in PIECES[expectation][0])
