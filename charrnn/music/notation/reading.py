"""Read a tune: from any text whatever to its notes, its bars and everything that is wrong with it."""

from dataclasses import dataclass

from charrnn.music.notation.bars import judge
from charrnn.music.notation.blocks import without_blocks
from charrnn.music.notation.body import read_body
from charrnn.music.notation.header import Header, read_header
from charrnn.music.notation.lexer import tokens
from charrnn.music.notation.reader import Reader
from charrnn.music.notation.records import Bar, Field, Navigation, Note, Part, Problem
from charrnn.music.notation.values import part_order

ENOUGH_NOTES = 16
ENOUGH_BARS_FIT = 0.9
LONGEST = 50_000  # characters: ten times the longest tune of the collections, and read in half a second
JUNK = (
    "junk", "unclosed field", "unclosed quote", "unclosed decoration", "unclosed chord", "unopened chord",
    "empty chord", "unclosed grace", "unopened grace", "malformed tuplet", "unclosed block",
)  # fmt: skip
"""Kinds of problem where characters belong to no construct of the standard."""
FAULTS = {
    "too long": ("too long",),
    "X": ("no X:", "number", "second number"),
    "T": ("no T:", "title"),
    "K": ("no K:", "key"),
    "M": ("meter",),
    "L": ("unit length",),
    "Q": ("tempo",),
    "P": ("part order",),
    "V": ("voice",),
    "U": ("user symbol",),
    "m": ("macro",),
    "pitch": ("pitch",),
    "endings": ("ending",),
    "junk": JUNK,
}
"""What keeps a tune from being well-formed, and the kinds of problem that are each."""
STRICT_FAULTS = {
    "M": ("no meter",),
    "header": ("header line",),
    "repeats": ("repeat",),
}
"""The same, of a composed tune only."""


@dataclass(frozen=True)
class Reading:
    """A tune as it is read; notes, bars, fields and problems in the order of the text, all voices together.

    `text` is as long as what was read; text blocks and comments are comments in it, and all blanks are of ASCII. It is
    what `tokens` and positions belong to. `part_order` are the letters of P: in the header, `parts` what P: names in
    the body. `strict` says whether the tune is judged as a composed one.
    """

    text: str
    strict: bool
    header: Header
    fields: list[Field]
    notes: list[Note]
    bars: list[Bar]
    part_order: tuple[str, ...]
    parts: list[Part]
    navigation: list[Navigation]
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
        """What keeps the tune from being well-formed.

        A composed tune needs more than the standard says: a meter, ENOUGH_NOTES, repeats that are closed, a header of
        fields alone.
        """
        kinds, fit = {problem.kind for problem in self.problems}, self.bar_fit
        faults = [name for name, of_kinds in FAULTS.items() if not kinds.isdisjoint(of_kinds)]
        if self.strict:
            faults += [name for name, of_kinds in STRICT_FAULTS.items() if not kinds.isdisjoint(of_kinds)]
        if len(self.notes) < (ENOUGH_NOTES if self.strict else 1):
            faults.append("few notes")
        # Bars that may all be short prove nothing; in free meter there is nothing to prove.
        if fit < ENOUGH_BARS_FIT if fit is not None else any(bar.kind != "free" for bar in self.bars):
            faults.append("bar fit")
        return list(dict.fromkeys(faults))

    @property
    def well_formed(self) -> bool:
        return not self.faults


def read(text: str, *, strict: bool = False) -> Reading:
    """Read one tune, in time that grows with its length; no text makes it raise.

    Music before the first K: ends the header all the same, and is read in C. What stands behind LONGEST characters is
    not read, which is a problem of kind "too long". `strict` is for composed tunes, see `Reading.faults`.
    """
    problems: list[Problem] = []
    if len(text) > LONGEST:
        problems.append(Problem("too long", LONGEST, f"{len(text)} characters", f"up to {LONGEST}"))
    text = without_blocks(text[:LONGEST], problems)
    split = tokens(text)
    reader = Reader(text, split, read_header(text, split, problems), problems)
    read_body(reader)
    by_voice: dict[str, list[Bar]] = {}
    for bar in reader.bars:
        by_voice.setdefault(bar.voice, []).append(bar)
    for bars in by_voice.values():
        problems += judge(bars)
    parts = _part_order(reader)
    problems.sort(key=lambda problem: problem.position)
    return Reading(
        text, strict, reader.header, reader.fields, reader.notes, reader.bars, parts, reader.parts, reader.navigation,
        problems,
    )  # fmt: skip


def _part_order(reader: Reader) -> tuple[str, ...]:
    """The order of P: in the header; what it names and the body lacks, or has twice, is a problem."""
    field = next((field for field in reader.header.fields if field.letter == "P"), None)
    order = part_order(field.value) if field else None
    if field is None or not order:
        return ()
    letters = [part.letter for part in reader.parts]
    if letters and (lacking := "".join(sorted(set(order) - set(letters)))):
        reader.problem("part", field.position, lacking[:20], "P: of the body for every part")
    if tuple(letters) != order:
        seen: set[tuple[str, str]] = set()
        for part in reader.parts:
            if part.letter and (part.letter, part.voice) in seen:
                reader.problem("part", part.position, part.letter, "every part once")
            seen.add((part.letter, part.voice))
    return order
