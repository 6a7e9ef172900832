"""The fields of a tune: which stand in its header, which may stand where, and what they say of the music."""

import re
from fractions import Fraction
from typing import Any, NamedTuple

from charrnn.music.notation.fields import FREE, NO_KEY, Key, Meter, default_unit, read_key, read_meter, read_unit
from charrnn.music.notation.lexer import State
from charrnn.music.notation.records import Field, Problem

S = State
VALUES = (S.VALUE, S.VALUE_ESCAPE, S.COLON_AT_LINE)
# ABC 2.1, section 3, table of information fields; + continues the one before (section 3.3).
HEADER_FIELDS = "ABCDFGHIKLMmNOPQRrSTUVWXZ+"
BODY_FIELDS = "IKLMmNPQRrsTUVWw+"
INLINE_FIELDS = "IKLMmNPQRrUV"
# How a value that the music depends on is read, the problem if it cannot be, and what was expected.
READERS = {
    "K": (read_key, "key", "a key, such as Gm"),
    "M": (read_meter, "meter", "a meter, such as 6/8"),
    "L": (read_unit, "unit length", "1 or 1/2, 1/4 … 1/512"),
}
_BETWEEN = (S.NEWLINE, S.RETURN, S.SPACE, S.COMMENT)


class Header(NamedTuple):
    """What stands before the music: up to the first K:, or to the first line that is no field.

    `number` is X: if it is one, `title` the first T:. `key`, `meter` and `unit` (whole notes) are None where the field
    is missing or not legal; `meter` of "none" is Meter(None, None). `tokens` and `end` say where the header ends.
    """

    fields: tuple[Field, ...]
    number: int | None
    title: str
    key: Key | None
    meter: Meter | None
    unit: Fraction | None
    tokens: int
    end: int

    def in_force(self) -> tuple[Key, Meter, Fraction]:
        """Key, meter and unit length that the music begins with, by the standard's rules where one is not given."""
        meter = self.meter or FREE
        return self.key or NO_KEY, meter, self.unit or default_unit(meter)


def read_header(text: str, tokens: list[tuple[int, int, int]], problems: list[Problem]) -> Header:
    """Read the fields before the music; what the standard does not allow is added to `problems`."""
    fields: list[Field] = []
    at = 0
    while at < len(tokens):
        if at + 1 < len(tokens) and tokens[at + 1][0] in VALUES:
            _, start, end = tokens[at + 1]
            fields.append(Field(text[tokens[at][1]], text[start + 1 : end].strip(), tokens[at][1]))
            at += 2
            if fields[-1].letter == "K":
                break
        elif tokens[at][0] in _BETWEEN:
            at += 1
        else:
            break
    end = tokens[at][1] if at < len(tokens) else len(text)
    problems += [problem for field in fields if (problem := misplaced(field, HEADER_FIELDS))]
    values = {f.letter: f.value for f in reversed(fields)}
    read = {field.letter: read_value(field, problems) for field in fields if field.letter in READERS}
    number = int(values["X"]) if re.fullmatch("[0-9]{1,9}", values.get("X", "")) else None
    problems += _missing(fields, values, number, end)
    title, key, meter, unit = values.get("T", ""), read.get("K"), read.get("M"), read.get("L")
    return Header(tuple(fields), number, title, key, meter, unit, at, end)


def read_value(field: Field, problems: list[Problem]) -> Any:
    """The Key, Meter or unit length that K:, M: or L: gives; None and a problem if it is not legal."""
    reader, kind, expected = READERS[field.letter]
    value = reader(field.value)
    if value is None:
        problems.append(Problem(kind, field.position, field.value, expected))
    return value


def misplaced(field: Field, allowed: str) -> Problem | None:
    """The problem of a field that is not one of `allowed` where it stands."""
    if field.letter in allowed:
        return None
    if field.letter in HEADER_FIELDS + BODY_FIELDS:
        return Problem("misplaced field", field.position, f"{field.letter}:", "one of " + " ".join(allowed))
    return Problem("unknown field", field.position, f"{field.letter}:", "a field of the standard")


def _missing(fields: list[Field], values: dict[str, str], number: int | None, end: int) -> list[Problem]:
    where = {field.letter: field.position for field in reversed(fields)}
    found = []
    for letters, name in (
        ("X", "a reference number"),
        ("T", "a title"),
        ("K", "a key"),
        ("ML", "a meter or unit length"),
    ):
        if not set(letters) & set(values):
            kind = "no " + ": or ".join(letters) + ":"
            found.append(Problem(kind, end, "the end of the header", f"{name} before the music"))
    if "X" in values and number is None:
        found.append(Problem("number", where["X"], values["X"][:20], "X: with a number"))
    if values.get("T") == "":
        found.append(Problem("title", where["T"], "nothing", "T: with a title"))
    if "X" in values and fields[0].letter != "X":
        found.append(Problem("field order", where["X"], "X:", "X: first"))
    return found
