"""ABC 2.1 as an automaton over characters: which state follows a state and a character, and where tokens begin.

The state after every character is one number, and `NEXT` is the whole grammar of characters: to say which characters
may come next is to strike entries from it. What nests (chord, grace notes, slurs) is no part of the state.
"""

from enum import IntEnum, auto


class State(IntEnum):
    """Where a character leaves the reader. The last state of a token is its kind."""

    START = 0  # nothing read yet
    NEWLINE = auto()
    RETURN = auto()  # a carriage return, perhaps the first half of a line end
    SPACE = auto()
    COMMENT = auto()  # from % to the end of the line, %% directives too
    # A letter that begins a line, or follows [, is music unless a colon comes next: then it names a field.
    LINE_NOTE = auto()
    LINE_REST = auto()
    LINE_SPACER = auto()
    LINE_LETTER = auto()
    LINE_UNUSED = auto()  # Y, which no music uses
    LINE_PLUS = auto()  # +: continues a field
    INLINE_NOTE = auto()
    INLINE_REST = auto()
    INLINE_SPACER = auto()
    INLINE_LETTER = auto()
    INLINE_UNUSED = auto()
    COLON_AT_LINE = auto()  # behind A, it is a bar line before | or :, else of a field
    VALUE = auto()  # of a field, with its colon
    VALUE_ESCAPE = auto()  # \% is no comment
    INLINE_VALUE = auto()
    INLINE_ESCAPE = auto()
    INLINE_END = auto()
    SHARP = auto()
    FLAT = auto()
    ACCIDENTAL = auto()  # ^^ __ =
    NOTE = auto()  # with accidental and octave marks
    REST = auto()
    SPACER = auto()
    NUMERATOR = auto()
    SLASH = auto()
    DENOMINATOR = auto()
    CHORD_END = auto()
    BRACKET = auto()  # [ of a chord or an inline field
    GRACE = auto()  # { and {/
    GRACE_SLASH = auto()
    GRACE_END = auto()
    SLUR = auto()
    SLUR_END = auto()
    TUPLET = auto()  # (p
    TUPLET_COLON = auto()
    TUPLET_TIME = auto()  # (p:q
    TUPLET_COLONS = auto()
    TUPLET_NOTES = auto()  # (p:q:r
    TIE = auto()
    SHORT_LONG = auto()  # < << <<<
    LONG_SHORT = auto()
    QUOTE = auto()
    QUOTE_END = auto()
    BANG = auto()
    BANG_END = auto()
    PLUS = auto()
    PLUS_END = auto()
    DOT = auto()  # staccato, or a dotted slur, tie or bar line
    DECORATION = auto()
    COLON = auto()
    BAR = auto()
    ENDING = auto()  # the numbers behind a bar line or [
    ENDING_MORE = auto()  # , or - between them
    OVERLAY = auto()
    IGNORED = auto()  # ` between notes, $ as a line break
    BACKSLASH = auto()
    JUNK = auto()


S = State
_NAMED = {"note": "ABCDEFGabcdefg", "rest": "zxZX", "spacer": "y", "unused": "Y", "digit": "0123456789", "space": " \t"}
_NAMED["letter"] = "HIJKLMNOPQRSTUVWhijklmnopqrstuvw"
_SINGLE = "^_=',/()[]{}|:-<>\"!+.~&$`\\%\n\r"
CLASSES = (*_NAMED, *_SINGLE, "other")
"""Characters that no state tells apart; "other" belongs to no construct of the standard outside of text."""
CLASS = {c: i for i, name in enumerate(CLASSES[:-1]) for c in _NAMED.get(name, name)}
_OTHER = len(CLASSES) - 1

# What a character begins where no construct claims it: each one a token of its own.
_MUSIC = dict.fromkeys(CLASSES, S.JUNK) | {
    "note": S.NOTE, "rest": S.REST, "spacer": S.SPACER, "letter": S.DECORATION, "~": S.DECORATION, ".": S.DOT,
    "space": S.SPACE, "\n": S.NEWLINE, "\r": S.RETURN, "%": S.COMMENT, "\\": S.BACKSLASH, "`": S.IGNORED,
    "$": S.IGNORED, "^": S.SHARP, "_": S.FLAT, "=": S.ACCIDENTAL, "(": S.SLUR, ")": S.SLUR_END, "[": S.BRACKET,
    "]": S.CHORD_END, "{": S.GRACE, "}": S.GRACE_END, "|": S.BAR, ":": S.COLON, "-": S.TIE, "<": S.SHORT_LONG,
    ">": S.LONG_SHORT, '"': S.QUOTE, "!": S.BANG, "+": S.PLUS, "&": S.OVERLAY,
}  # fmt: skip
_LETTERS = ("note", "rest", "spacer", "letter", "unused")
_LENGTH = {"digit": S.NUMERATOR, "/": S.SLASH}
_LINE = {name: State[f"LINE_{name.upper()}"] for name in _LETTERS} | {"+": S.LINE_PLUS}
_INLINE = {name: State[f"INLINE_{name.upper()}"] for name in _LETTERS}
# Tokens that begin in one state only: {state: {class: next state}}.
_BEGINS: dict[State, dict[str, State]] = {
    **dict.fromkeys((S.START, S.NEWLINE, S.RETURN), _LINE),
    **dict.fromkeys((S.NOTE, S.REST, S.SPACER, S.CHORD_END), _LENGTH),
    **{state: {":": S.COLON_AT_LINE} | _LENGTH for state in (S.LINE_NOTE, S.LINE_REST, S.LINE_SPACER)},
    **{state: {":": S.VALUE} for state in (S.LINE_LETTER, S.LINE_UNUSED, S.LINE_PLUS)},
    **{state: {":": S.INLINE_VALUE} | (_LENGTH if state < S.INLINE_LETTER else {}) for state in _INLINE.values()},
    S.BRACKET: _INLINE,
    S.BAR: {"digit": S.ENDING},
    S.INLINE_VALUE: {"]": S.INLINE_END},
    S.INLINE_ESCAPE: {"]": S.INLINE_END},
}
_OCTAVE = {"'": S.NOTE, ",": S.NOTE}


def _until(state: State, end: str, after: State) -> dict[str, State]:
    """Text of a decoration, up to its closing sign: no blank, [, ], | or : (ABC 2.1, section 4.14)."""
    inside = set(CLASSES) - {"space", "[", "]", "|", ":", "%", "\n", "\r"}
    return dict.fromkeys(inside, state) | {end: after}


def _text(state: State, *ends: str) -> dict[str, State]:
    return dict.fromkeys(set(CLASSES) - {"\n", "\r", *ends}, state)


# Tokens that go on: {state: {class: next state}}.
_CONTINUES: dict[State, dict[str, State]] = {
    S.RETURN: {"\n": S.NEWLINE},
    S.SPACE: {"space": S.SPACE},
    S.COMMENT: _text(S.COMMENT),
    S.COLON_AT_LINE: _text(S.VALUE, "%") | {"|": S.BAR, ":": S.BAR, "\\": S.VALUE_ESCAPE},
    S.VALUE: _text(S.VALUE, "%") | {"\\": S.VALUE_ESCAPE},
    S.VALUE_ESCAPE: _text(S.VALUE) | {"\\": S.VALUE_ESCAPE},
    S.INLINE_VALUE: _text(S.INLINE_VALUE, "%", "]") | {"\\": S.INLINE_ESCAPE},
    S.INLINE_ESCAPE: _text(S.INLINE_VALUE, "]") | {"\\": S.INLINE_ESCAPE},
    S.SHARP: {"^": S.ACCIDENTAL, "note": S.NOTE},
    S.FLAT: {"_": S.ACCIDENTAL, "note": S.NOTE},
    S.ACCIDENTAL: {"note": S.NOTE},
    **dict.fromkeys((S.NOTE, S.LINE_NOTE, S.INLINE_NOTE), _OCTAVE),
    S.NUMERATOR: {"digit": S.NUMERATOR, "/": S.SLASH},
    S.SLASH: {"digit": S.DENOMINATOR, "/": S.SLASH},
    S.DENOMINATOR: {"digit": S.DENOMINATOR},
    S.BRACKET: {"|": S.BAR, ":": S.BAR, "digit": S.ENDING},
    S.GRACE: {"/": S.GRACE_SLASH},
    S.SLUR: {"digit": S.TUPLET},
    S.TUPLET: {"digit": S.TUPLET, ":": S.TUPLET_COLON},
    S.TUPLET_COLON: {"digit": S.TUPLET_TIME, ":": S.TUPLET_COLONS},
    S.TUPLET_TIME: {"digit": S.TUPLET_TIME, ":": S.TUPLET_COLONS},
    S.TUPLET_COLONS: {"digit": S.TUPLET_NOTES},
    S.TUPLET_NOTES: {"digit": S.TUPLET_NOTES},
    S.SHORT_LONG: {"<": S.SHORT_LONG},
    S.LONG_SHORT: {">": S.LONG_SHORT},
    S.QUOTE: _text(S.QUOTE) | {'"': S.QUOTE_END},
    S.BANG: _until(S.BANG, "!", S.BANG_END),
    S.PLUS: _until(S.PLUS, "+", S.PLUS_END),
    S.LINE_PLUS: _until(S.PLUS, "+", S.PLUS_END),
    S.DOT: {"|": S.BAR, "-": S.TIE, "(": S.SLUR, ")": S.SLUR_END},
    S.COLON: {"|": S.BAR, ":": S.BAR, "]": S.BAR},
    S.BAR: {"|": S.BAR, ":": S.BAR, "]": S.BAR},
    S.ENDING: {"digit": S.ENDING, ",": S.ENDING_MORE, "-": S.ENDING_MORE},
    S.ENDING_MORE: {"digit": S.ENDING},
}


def _row(state: State) -> tuple[int, ...]:
    row = {name: 2 * s + 1 for name, s in (_MUSIC | _BEGINS.get(state, {})).items()}
    row |= {name: 2 * s for name, s in _CONTINUES.get(state, {}).items()}
    return tuple(row[name] for name in CLASSES)


NEXT: tuple[tuple[int, ...], ...] = tuple(_row(state) for state in State)
"""`NEXT[state][class]` is twice the next state, plus one where the character begins a token."""
_UNCLOSED = frozenset(map(int, (S.QUOTE, S.BANG, S.PLUS)))


def advance(state: int, character: str) -> int:
    """The state after one more character."""
    return NEXT[state][CLASS.get(character, _OTHER)] >> 1


def tokens(text: str) -> list[tuple[int, int, int]]:
    """(kind, start, end) of every token of `text`, which they cover without gap or overlap.

    A quote or decoration that nothing closes is one character, and what follows it is music again. Each kind is read
    at most twice that way, so the time stays linear.
    """
    split = []
    rows, classes, other, unclosed = NEXT, CLASS, _OTHER, _UNCLOSED
    start, state = 0, int(S.START)
    while start < len(text):
        state = rows[state][classes.get(text[start], other)] >> 1
        end = start + 1
        while end < len(text) and not (entry := rows[state][classes.get(text[end], other)]) & 1:
            state = entry >> 1
            end += 1
        if state in unclosed:
            end = start + 1
        split.append((state, start, end))
        if state in unclosed:
            state = int(S.SPACE)
        start = end
    return split
