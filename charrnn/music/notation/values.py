"""What the values of other fields have to look like, and the order of parts."""

import re

from charrnn.music.notation.records import Field, Problem

MOST_PARTS = 200  # that P: may ask for
_TEMPO = re.compile(
    r"""(?: [ ]? (?: "[^"]*" | (?: [0-9]{1,3}/[0-9]{1,3}(?:[ ][0-9]{1,3}/[0-9]{1,3}){0,3}[ ]?=[ ]?[0-9]{1,3}
    | C?[0-9]{0,2}[ ]?=[ ]?[0-9]{1,3} | [0-9]{1,3} ) (?=[ "]|$) ) ){0,3}""",
    re.VERBOSE,
)
_SYMBOL = re.compile(r'[H-Yh-w~][ \t]*=[ \t]*(?:![^!]*!|\+[^+]*\+|"[^"]*"|[A-Za-z.~]+)')
_PATTERNS = {
    "Q": (_TEMPO, "tempo", 'a tempo, such as 1/4=120 or "Slow"'),
    "U": (_SYMBOL, "user symbol", "a letter and what it stands for, such as T = !trill!"),
    "m": (re.compile(r"[^=]{1,20}=.*"), "macro", "notes and what they stand for, such as ~G = {A}G"),
    "V": (re.compile(r"\S.*"), "voice", "the name of a voice"),
}


def illegal(field: Field, *, in_header: bool) -> Problem | None:
    """The problem of a Q:, U:, m:, V: or P: whose value is not legal (ABC 2.1, section 3)."""
    if field.letter == "P":
        if not in_header or not field.value or part_order(field.value) is not None:
            return None
        return Problem("part order", field.position, field.value[:20], "parts, such as ABA or A(BC)2")
    if field.letter not in _PATTERNS:
        return None
    pattern, kind, expected = _PATTERNS[field.letter]
    return (
        None
        if pattern.fullmatch(" ".join(field.value.split()))
        else Problem(kind, field.position, field.value[:20], expected)
    )


def part_order(value: str) -> tuple[str, ...] | None:
    """The letters of P: in the order of playing, A(BC)2 as A B C B C; None if it is not legal (section 3.1.9)."""
    outer: list[list[str]] = []
    parts: list[str] = []
    last: list[str] | None = None  # what a number repeats
    for token in re.findall(r"[0-9]+|.", value):
        if token == "(":
            outer.append(parts)
            parts, last = [], None
        elif token == ")" and outer:
            last = parts
            parts = outer.pop()
            parts += last
        elif token[0] in "0123456789" and last and 0 < len(last) * int(token[:6]) <= MOST_PARTS:
            parts += last * (int(token[:6]) - 1)
            last = None
        elif token.isascii() and token.isalpha():
            last = [token]
            parts += last
        elif token in ". \t,":
            last = None
        else:
            return None
        if len(parts) > MOST_PARTS:
            return None
    return None if outer else tuple(parts)
