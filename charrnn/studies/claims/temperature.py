"""Section 2(a): what temperature does to tunes, and what tunes lack."""

from collections.abc import Callable

import pandas as pd

from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.claims.statement import Claim

A = "2(a)"
MANY = "many of the songs generated from our model were not in the correct format"
KEY = "the biggest problem being that 'K:' would be missing from the header"
MALFORMED = "At T = 2, we had more malformed songs"
DETERMINISTIC = (
    "lowering T will cause our model to be more deterministic […] we can see this pattern actually occurring"
)
RHYTHM = "at T = 2 […] they have a lot more variation in the rhythm and beats"
STYLE = "the music being generated is not following the general music style shown to the model"
CLOSE = "At T = .5 […] songs with notes that are very close together"
LENGTHS = "[at T = .5] barely vary at all in terms of note lengths"
GENERIC = "with a lower T parameter, we can think of our songs as the more generic songs"
SHARE = "of tunes"


def warmer(name: str, one: float, other: float) -> Callable[[Evidence], pd.Series]:
    """A rate at temperature `one` minus that at `other`, by seed."""
    return lambda evidence: (evidence.drawn(name, one) - evidence.drawn(name, other)).dropna()


def more_than(name: str, other: str) -> Callable[[Evidence], pd.Series]:
    """A rate at temperature 1 minus another one, by seed."""
    return lambda evidence: (evidence.drawn(name, 1.0) - evidence.drawn(other, 1.0)).dropna()


def beside_human(evidence: Evidence) -> pd.Series:
    if "malformed" not in evidence.human:
        return pd.Series(dtype=float)
    return (evidence.drawn("malformed", 1.0) - evidence.human["malformed"]).dropna()


CLAIMS = [
    Claim("malformed-many", A, MANY, "share of malformed tunes at T = 1, minus that of human tunes", SHARE, 0.1,
          "above", beside_human),
    Claim("key-any", A, KEY, "share without a key at T = 1, minus that of the most frequent other fault", SHARE, 0.05,
          "above", more_than("no_key", "other_fault")),
    Claim("key-header", A, KEY, "the same among what a header may lack: X:, T:, M: or L:", SHARE, 0.05, "above",
          more_than("no_key", "no_other_header")),
    Claim("malformed-share", A, MALFORMED, "share of malformed tunes, T = 2 minus T = 1", SHARE, 0.05, "above",
          warmer("malformed", 2.0, 1.0)),
    Claim("malformed-cool", A, MALFORMED, "share of malformed tunes, T = 2 minus T = 0.5", SHARE, 0.05, "above",
          warmer("malformed", 2.0, 0.5)),
    Claim("malformed-junk", A, MALFORMED, "characters that are no music, per 100 notes, T = 2 minus T = 1",
          "per 100 notes", 1, "above", warmer("junk_per_100_notes", 2.0, 1.0)),
    Claim("deterministic-low", A, DETERMINISTIC, "entropy of the next character, T = 0.5 minus T = 1", "nats", 0.1,
          "below", warmer("entropy", 0.5, 1.0)),
    Claim("deterministic-high", A, DETERMINISTIC, "entropy of the next character, T = 2 minus T = 1", "nats", 0.1,
          "above", warmer("entropy", 2.0, 1.0)),
    Claim("rhythm-lengths", A, RHYTHM, "entropy of note lengths, T = 2 minus T = 1", "bits", 0.1, "above",
          warmer("length_entropy", 2.0, 1.0)),
    Claim("rhythm-bars", A, RHYTHM, "share of bars not as long as the meter, T = 2 minus T = 1", "of bars", 0.05,
          "above", warmer("wrong_bars", 2.0, 1.0)),
    Claim("style", A, STYLE, "Jensen-Shannon distance of pitches, lengths and intervals to human tunes, T = 2 minus 1",
          "of 1", 0.02, "above", warmer("distance", 2.0, 1.0)),
    Claim("close-interval", A, CLOSE, "mean interval between neighbours, T = 0.5 minus T = 1", "semitones", 0.2,
          "below", warmer("interval", 0.5, 1.0)),
    Claim("close-steps", A, CLOSE, "share of neighbours one or two semitones apart, T = 0.5 minus T = 1",
          "of neighbours", 0.03, "above", warmer("stepwise", 0.5, 1.0)),
    Claim("lengths-entropy", A, LENGTHS, "entropy of note lengths, T = 0.5 minus T = 1", "bits", 0.1, "below",
          warmer("length_entropy", 0.5, 1.0)),
    Claim("lengths-same", A, LENGTHS, "share of notes as long as the one before, T = 0.5 minus T = 1", "of neighbours",
          0.03, "above", warmer("same_length", 0.5, 1.0)),
    Claim("generic", A, GENERIC, "share of 20-character runs that stand in training tunes, T = 0.5 minus T = 1",
          "of runs", 0.02, "above", warmer("copied", 0.5, 1.0)),
]  # fmt: skip
