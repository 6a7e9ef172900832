"""The fields of a tune: which stand in its header, which may stand where, and what they say of the music."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from charrnn.music.notation.fields import (
    FREE,
    NO_KEY,
    NO_METER,
    Key,
    Meter,
    default_unit,
    read_beginning,
    read_key,
    read_meter,
    read_unit,
)  # fmt: skip
from charrnn.music.notation.lexer import State
from charrnn.music.notation.records import Field, Problem
from charrnn.music.notation.values import illegal

S = State
VALUES = (S.VALUE, S.VALUE_ESCAPE, S.COLON_AT_LINE)
# ABC 2.1, section 3, table of information fields; + continues the one before (section 3.3).
HEADER_FIELDS = "ABCDFGHIKLMmNOPQRrSTUVWXZ+"
BODY_FIELDS = "IKLMmNPQRrsTUVWw+"
INLINE_FIELDS = "IKLMmNPQRrUV"
# How a value that the music depends on is read, the problem if it cannot be, and what was expected.
READERS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "K": (read_key, "key", "a key, such as Gm"),
    "M": (read_meter, "meter", "a meter, such as 6/8"),
    "L": (read_unit, "unit length", "1 or 1/2, 1/4 … 1/512"),
}
_ENDS = (S.NEWLINE, S.RETURN)
_BETWEEN = (*_ENDS, S.SPACE, S.COMMENT)
_SPACED_FIELD = re.compile(r"[ \t]*([A-Za-z])[ \t]*:(?![|:])([^\n\r%]*)")


class Header(NamedTuple):
    """What stands before the music: up to the first K:, or to the first line of music if there is no K: before it.

    `number` is X: if it is one, `title` the first T:. `key`, `meter` and `unit` (whole notes) are those that the music
    begins with, also if they stand behind K:; None where the field is missing or not legal, but a key that is partly
    readable is read. `meter` of "none" is Meter(None, None). `tokens` and `end` say where the header ends.
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
        meter = self.meter or (FREE if any(f.letter == "M" for f in self.fields) else NO_METER)
        return self.key or NO_KEY, meter, self.unit or default_unit(meter)


def read_header(text: str, tokens: list[tuple[int, int, int]], problems: list[Problem]) -> Header:
    """Read the fields before the music; what the standard does not allow is added to `problems`."""
    fields, at, in_lines = _header_lines(text, tokens)
    problems += in_lines
    end = tokens[at][1] if at < len(tokens) else len(text)
    problems += [problem for field in fields if (problem := misplaced(field, HEADER_FIELDS))]
    problems += [problem for field in fields if (problem := illegal(field, in_header=True))]
    values = {f.letter: f.value for f in reversed(fields)}
    read: dict[str, Any] = {}
    for field in fields:
        if field.letter in READERS and (value := read_value(field, problems)) is not None:
            read[field.letter] = value
    number = int(values["X"]) if re.fullmatch("[0-9]{1,9}", values.get("X", "")) else None
    problems += _missing(fields, values, number, end)
    title, key, meter, unit = values.get("T", ""), read.get("K"), read.get("M"), read.get("L")
    return Header(tuple(fields), number, title, key, meter, unit, at, end)


def _header_lines(text: str, tokens: list[tuple[int, int, int]]) -> tuple[list[Field], int, list[Problem]]:
    """The fields, the token behind them, and the lines between them that are neither field nor music.

    Such a line (an address, more of a field's text) has no bar line. Where no K: follows it before a blank line, it is
    music after all.
    """
    fields: list[Field] = []
    problems: list[Problem] = []
    first: tuple[int, int] | None = None  # such line: its token, and how many fields stand before it
    at = 0
    while at < len(tokens):
        kind = tokens[at][0]
        if at + 1 < len(tokens) and tokens[at + 1][0] in VALUES:
            _, start, end = tokens[at + 1]
            fields.append(Field(text[tokens[at][1]], text[start + 1 : end].strip(), tokens[at][1]))
            at += 2
            if fields[-1].letter == "K":
                return fields, at, problems
        elif kind in _BETWEEN and not (kind == S.SPACE and _spaced_field(text, tokens[at][1])):
            if fields and kind in _ENDS and tokens[at - 1][0] in _ENDS:
                if first is not None:
                    break
                start = tokens[at][1]
                problems.append(
                    Problem("blank line", start, "a blank line", "the header to go on, since it ends the tune")
                )
            at += 1
        else:
            over = at
            while over < len(tokens) and tokens[over][0] not in _ENDS:
                over += 1
            start = tokens[at][1]
            field = _spaced_field(text, start)
            if field is None and any(kind == S.BAR for kind, _, _ in tokens[at:over]):
                break
            first = first or (at, len(fields))
            line = text[start : tokens[over - 1][2]]
            problems.append(Problem("header line", start, line[:20], "a field: a letter and a colon"))
            if field is not None:
                fields.append(field)
                if field.letter == "K":
                    return fields, over, problems
            at = over
    if first is not None:
        at, number = first
        return fields[:number], at, []
    return fields, at, problems


def _spaced_field(text: str, start: int) -> Field | None:
    """A field with blanks before its letter or colon, which is not legal."""
    match = _SPACED_FIELD.match(text, start)
    if match is None or match[1] not in HEADER_FIELDS or (start and text[start - 1] not in "\n\r"):
        return None
    return Field(match[1], match[2].strip(), match.start(1))


def read_value(field: Field, problems: list[Problem]) -> Any:
    """The Key, Meter or unit length that K:, M: or L: gives; None and a problem if it is not legal.

    Of a key that is not legal, what its beginning names.
    """
    reader, kind, expected = READERS[field.letter]
    value = reader(field.value)
    if value is None:
        problems.append(Problem(kind, field.position, field.value[:20], expected))
        return read_beginning(field.value)[0] if field.letter == "K" else None
    return value


def misplaced(field: Field, allowed: str) -> Problem | None:
    """The problem of a field that is not one of `allowed` where it stands."""
    if field.letter in allowed:
        return None
    if field.letter in HEADER_FIELDS + BODY_FIELDS:
        return Problem("misplaced field", field.position, f"{field.letter}:", "one of " + " ".join(allowed))
    if allowed == BODY_FIELDS and field.letter in "ABCDEFGabcdefgxyz":  # which other programs play
        return Problem("junk", field.position, f"{field.letter}:", "a field of the standard")
    return Problem("unknown field", field.position, f"{field.letter}:", "a field of the standard")


def _missing(fields: list[Field], values: dict[str, str], number: int | None, end: int) -> list[Problem]:
    where = {field.letter: field.position for field in reversed(fields)}
    problems = []
    for letter, name in (("X", "a reference number"), ("T", "a title"), ("K", "a key")):
        if letter not in values:
            problems.append(Problem(f"no {letter}:", end, "the end of the header", f"{name} before the music"))
    numbers = [field.position for field in fields if field.letter == "X"]
    if len(numbers) > 1:
        problems.append(Problem("second number", numbers[1], "X:", "one X: a tune"))
    if "X" in values and number is None:
        problems.append(Problem("number", where["X"], values["X"][:20], "X: with a number"))
    if values.get("T") == "":
        problems.append(Problem("title", where["T"], "nothing", "T: with a title"))
    if "X" in values and fields[0].letter != "X":
        problems.append(Problem("field order", where["X"], "X:", "X: first"))
    return problems
