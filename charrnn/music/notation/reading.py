"""Read a tune: from any text whatever to its notes, its bars and everything that is wrong with it."""

from dataclasses import dataclass

from charrnn.music.notation.bars import judge
from charrnn.music.notation.body import read_body
from charrnn.music.notation.header import Header, read_header
from charrnn.music.notation.lexer import tokens
from charrnn.music.notation.reader import Reader
from charrnn.music.notation.records import Bar, Field, Note, Problem

ENOUGH_NOTES = 16
ENOUGH_BARS_FIT = 0.9
LONGEST = 50_000  # characters: ten times the longest tune of the collections, and read in half a second
JUNK = (
    "junk", "unknown field", "unclosed field", "unclosed quote", "unclosed decoration", "unclosed chord",
    "unopened chord", "empty chord", "unclosed grace", "unopened grace",
)  # fmt: skip
"""Kinds of problem where characters belong to no construct of the standard."""


@dataclass(frozen=True)
class Reading:
    """A tune as it is read; notes, bars, fields and problems in the order of the text, all voices together."""

    text: str
    header: Header
    fields: list[Field]
    notes: list[Note]
    bars: list[Bar]
    problems: list[Problem]

    @property
    def junk(self) -> int:
        return sum(problem.kind in JUNK for problem in self.problems)

    @property
    def bar_fit(self) -> float | None:
        """Share of bars as long as the meter; those that may be short do not count. None if there is none to count."""
        full, wrong = (sum(bar.kind == kind for bar in self.bars) for kind in ("full", "wrong"))
        return full / (full + wrong) if full + wrong else None

    @property
    def faults(self) -> list[str]:
        """What keeps the tune from being well-formed, in this order."""
        header, fit = self.header, self.bar_fit
        wrong = {
            "too long": len(self.text) > LONGEST,
            "X": header.number is None,
            "T": not header.title,
            "K": header.key is None,
            "M or L": header.meter is None and header.unit is None,
            "junk": self.junk > 0,
            "few notes": len(self.notes) < ENOUGH_NOTES,
            # Bars that may all be short prove nothing; in free meter there is nothing to prove.
            "bar fit": fit < ENOUGH_BARS_FIT if fit is not None else any(bar.kind != "free" for bar in self.bars),
        }
        return [name for name, is_wrong in wrong.items() if is_wrong]

    @property
    def well_formed(self) -> bool:
        return not self.faults


def read(text: str) -> Reading:
    """Read one tune, in time that grows with its length; no text makes it raise.

    Music before the first K: ends the header all the same, and is read in C. What stands behind LONGEST characters is
    not read, which is a problem of kind "too long".
    """
    problems: list[Problem] = []
    if len(text) > LONGEST:
        problems.append(Problem("too long", LONGEST, f"{len(text)} characters", f"up to {LONGEST}"))
    found = tokens(text[:LONGEST])
    header = read_header(text, found, problems)
    reader = Reader(text[:LONGEST], found, header, problems)
    read_body(reader)
    by_voice: dict[str, list[Bar]] = {}
    for bar in reader.bars:
        by_voice.setdefault(bar.voice, []).append(bar)
    for bars in by_voice.values():
        problems += judge(bars)
    problems.sort(key=lambda problem: problem.position)
    return Reading(text, header, reader.fields, reader.notes, reader.bars, problems)
