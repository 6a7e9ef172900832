"""The values of K:, M: and L:, by the standard's own rules."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

# Fifths above C, and what a mode adds to them (ABC 2.1, section 3.1.14).
_FIFTHS = {step: i - 1 for i, step in enumerate("FCGDAEB")}
MODES = {"maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "mix": -1, "dor": -2, "phr": -4, "lyd": 1, "loc": -5}
ALTERS = {"": None, "=": 0, "^": 1, "_": -1, "^^": 2, "__": -2}

_TONIC = re.compile(r"([A-G])([#b]?)[ \t]*([A-Za-z]*)")
_PART = re.compile(
    r"""[ \t]*(?: none(?![^ \t]) | exp(?![^ \t])
    | (?P<accidental>\^\^?|__?|=)(?P<step>[A-Ga-g])
    | (?P<clef> (?i:treble|bass|alto|tenor|perc)[0-9]?(?:[+-](?:8|15))?(?:va|vb)?(?![^ \t])
        | [A-Za-z]+=(?:"[^"]*"|[^ \t"]+)(?![^ \t]) ) )""",
    re.VERBOSE,
)
_METER = re.compile(r"\(?([0-9]{1,3}(?:\+[0-9]{1,3})*)\)?/([0-9]{1,3})")


class Key(NamedTuple):
    """`alters`: the semitones by which a step sounds higher than it is written; no tonic where there is no signature.

    The tonic of the Highland bagpipes is "HP" or "Hp"; both sound the same, but "HP" draws no signature.
    """

    tonic: str
    mode: str
    alters: dict[str, int]

    @property
    def signature(self) -> dict[str, int]:
        """The part of `alters` that is drawn."""
        return {} if self.tonic == "HP" else self.alters


class Meter(NamedTuple):
    """Length of a bar and of a beat in whole notes; None in free meter."""

    bar: Fraction | None
    beat: Fraction | None


NO_KEY = Key("", "none", {})
CLEF_ONLY = Key("", "", {})
"""Of a K: that names a clef and no key: the key before it stays."""
FREE = Meter(None, None)
NO_METER = Meter(None, None)
"""Of a tune without M:, or with an empty one: free, too (ABC 2.1, section 3.1.6), but another object than FREE."""


def read_key(value: str) -> Key | None:
    """The value of a K: field, None if it is not legal (ABC 2.1, sections 3.1.14 and 4.6).

    An empty field and "none" say that there is no signature; of a mode three letters count, in either case. More than
    seven sharps or flats have no signature.
    """
    key, is_legal = read_beginning(value)
    return key if is_legal else None


@lru_cache(1024)
def read_beginning(value: str) -> tuple[Key | None, bool]:
    """The key that the readable beginning of K: names, None without a tonic, and whether all of it is legal.

    A key of more than seven sharps or flats is not legal, and sounds as the one with the same notes that has fewer.
    """
    value = value.strip()
    tonic, mode, at = "", "none", 0
    alters: dict[str, int] = {}
    is_legal = True
    if value[:2] in ("HP", "Hp") and not value[2:3].isalpha():
        tonic, at, alters = value[:2], 2, {"F": 1, "C": 1}
    elif match := _TONIC.match(value):
        tonic, at = match[1] + match[2], match.end()
        mode = match[3].lower() if match[3] in ("m", "M") else match[3][:3].lower()
        if mode not in MODES:  # but the first word of what comes behind: exp, treble, clef=…
            mode, at = "maj", match.end(2)
        fifths = _FIFTHS[match[1]] + MODES[mode] + {"": 0, "#": 7, "b": -7}[match[2]]
        if abs(fifths) > 7:
            is_legal, fifths = False, fifths - 12 if fifths > 0 else fifths + 12
        steps = "FCGDAEB"[:fifths] if fifths > 0 else "BEADGCF"[:-fifths]
        alters = dict.fromkeys(steps, 1 if fifths > 0 else -1)
        mode = "min" if mode == "m" else mode
    says_key = bool(tonic) or not value
    while at < len(value):
        match = _PART.match(value, at)
        if match is None:
            return (Key(tonic, mode, alters) if says_key else None), False
        if match["accidental"]:
            alters[match["step"].upper()] = ALTERS[match["accidental"]] or 0
        elif match[0].strip() == "exp":
            alters = {}
        says_key |= not match["clef"]
        at = match.end()
    return (Key(tonic, mode, alters) if says_key else CLEF_ONLY), is_legal


@lru_cache(1024)
def read_meter(value: str) -> Meter | None:
    """The value of an M: field, None if it is not legal (ABC 2.1, section 3.1.6)."""
    value = value.strip()
    if value in ("none", ""):
        return FREE if value else NO_METER
    if value in ("C", "C|"):
        return Meter(Fraction(1), Fraction(1, 4 if value == "C" else 2))
    match = _METER.fullmatch(value)
    if match is None or ("(" in value) != (")" in value):
        return None
    beats, unit = sum(map(int, match[1].split("+"))), int(match[2])
    if not beats or not _is_power_of_two(unit):
        return None
    compound = beats % 3 == 0 and beats > 3 and unit >= 8
    return Meter(Fraction(beats, unit), Fraction(3 if compound else 1, unit))


@lru_cache(1024)
def read_unit(value: str) -> Fraction | None:
    """The value of an L: field in whole notes, None if it is not legal: 1, 1/2 … 1/512 (ABC 2.1, section 3.1.7)."""
    match = re.fullmatch(r"1(?:/([0-9]{1,3}))?", value.strip())
    unit = int(match[1] or 1) if match else 0
    return Fraction(1, unit) if _is_power_of_two(unit) else None


def default_unit(meter: Meter) -> Fraction:
    """The unit note length of a tune without L: (ABC 2.1, section 3.1.7)."""
    return Fraction(1, 16) if meter.bar is not None and meter.bar < Fraction(3, 4) else Fraction(1, 8)


def _is_power_of_two(number: int) -> bool:
    return 0 < number <= 512 and number & (number - 1) == 0
