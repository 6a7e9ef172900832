"""Section 2(a): what temperature does to tunes, and what malformed tunes lack."""

import pandas as pd

from charrnn.studies.claims.claim import Claim
from charrnn.studies.claims.evidence import Contrast, Evidence

SECTION = "2(a)"
_MANY_MALFORMED = "many of the songs generated from our model were not in the correct format"
_KEY_MISSING = "the biggest problem being that 'K:' would be missing from the header"
_MORE_MALFORMED = "At T = 2, we had more malformed songs"
_DETERMINISTIC = (
    "lowering T will cause our model to be more deterministic […] we can see this pattern actually occurring"
)
_RHYTHM = "at T = 2 […] they have a lot more variation in the rhythm and beats"
_STYLE = "the music being generated is not following the general music style shown to the model"
_CLOSE = "At T = .5 […] songs with notes that are very close together"
_LENGTHS = "[at T = .5] barely vary at all in terms of note lengths"
_GENERIC = "with a lower T parameter, we can think of our songs as the more generic songs"
_SHARE = "of tunes"


def temperature_contrast(name: str, temperature: float, minus: float) -> Contrast:
    """A rate at one temperature minus the rate at another, by seed."""
    return lambda evidence: (evidence.sample_rate(name, temperature) - evidence.sample_rate(name, minus)).dropna()


def fault_contrast(name: str, minus: str) -> Contrast:
    """One rate at temperature 1 minus another, by seed."""
    return lambda evidence: (evidence.sample_rate(name, 1.0) - evidence.sample_rate(minus, 1.0)).dropna()


def human_contrast(evidence: Evidence) -> pd.Series:
    """The share of malformed tunes at temperature 1 minus that of human tunes, by seed."""
    if "malformed" not in evidence.human:
        return pd.Series(dtype=float)
    return (evidence.sample_rate("malformed", 1.0) - evidence.human["malformed"]).dropna()


CLAIMS = [
    Claim("malformed-many", SECTION, _MANY_MALFORMED, "share of malformed tunes at T = 1, minus that of human tunes",
          _SHARE, 0.1, "above", human_contrast),
    Claim("key-any", SECTION, _KEY_MISSING, "share without a key at T = 1, minus that of the most frequent other fault",
          _SHARE, 0.05, "above", fault_contrast("no_key", "other_fault")),
    Claim("key-header", SECTION, _KEY_MISSING, "share without a key at T = 1, minus that without X:, without T:, or "
          "without M: and L:, whichever is largest", _SHARE, 0.05, "above",
          fault_contrast("no_key", "no_other_header")),
    Claim("malformed-share", SECTION, _MORE_MALFORMED, "share of malformed tunes, T = 2 minus T = 1", _SHARE, 0.05,
          "above", temperature_contrast("malformed", 2.0, 1.0)),
    Claim("malformed-cool", SECTION, _MORE_MALFORMED, "share of malformed tunes, T = 2 minus T = 0.5", _SHARE, 0.05,
          "above", temperature_contrast("malformed", 2.0, 0.5)),
    Claim("malformed-junk", SECTION, _MORE_MALFORMED, "characters that are no music, per 100 notes, T = 2 minus T = 1",
          "per 100 notes", 1, "above", temperature_contrast("junk_per_100_notes", 2.0, 1.0)),
    Claim("deterministic-low", SECTION, _DETERMINISTIC, "entropy of the next character, T = 0.5 minus T = 1", "nats",
          0.1, "below", temperature_contrast("entropy", 0.5, 1.0)),
    Claim("deterministic-high", SECTION, _DETERMINISTIC, "entropy of the next character, T = 2 minus T = 1", "nats",
          0.1, "above", temperature_contrast("entropy", 2.0, 1.0)),
    Claim("rhythm-lengths", SECTION, _RHYTHM, "entropy of note lengths, T = 2 minus T = 1", "bits", 0.1, "above",
          temperature_contrast("length_entropy", 2.0, 1.0)),
    Claim("rhythm-bars", SECTION, _RHYTHM, "share of bars not as long as the meter, T = 2 minus T = 1", "of bars", 0.05,
          "above", temperature_contrast("wrong_bars", 2.0, 1.0)),
    Claim("style", SECTION, _STYLE, "mean Jensen-Shannon distance of pitches, lengths and intervals to human tunes, "
          "T = 2 minus T = 1", "of 1", 0.02, "above", temperature_contrast("human_distance", 2.0, 1.0)),
    Claim("close-interval", SECTION, _CLOSE, "mean interval between neighbouring notes, T = 0.5 minus T = 1",
          "semitones", 0.2, "below", temperature_contrast("interval", 0.5, 1.0)),
    Claim("close-steps", SECTION, _CLOSE, "share of neighbouring notes one or two semitones apart, T = 0.5 minus T = 1",
          "of neighbours", 0.03, "above", temperature_contrast("stepwise", 0.5, 1.0)),
    Claim("lengths-entropy", SECTION, _LENGTHS, "entropy of note lengths, T = 0.5 minus T = 1", "bits", 0.1, "below",
          temperature_contrast("length_entropy", 0.5, 1.0)),
    Claim("lengths-same", SECTION, _LENGTHS, "share of notes as long as the one before, T = 0.5 minus T = 1",
          "of neighbours", 0.03, "above", temperature_contrast("same_length", 0.5, 1.0)),
    Claim("generic", SECTION, _GENERIC, "share of 20-character runs that training tunes contain, T = 0.5 minus T = 1",
          "of runs", 0.02, "above", temperature_contrast("copied_share", 0.5, 1.0)),
]  # fmt: skip
