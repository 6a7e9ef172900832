"""Bar lines, endings, decorations, text, the ends of lines, and the characters that are none of these."""

from charrnn.music.notation.lexer import State
from charrnn.music.notation.notes import close
from charrnn.music.notation.reader import Handler, Reader

S = State
_BLANK = (S.NEWLINE, S.RETURN)
# What a decoration can stand before: a note or rest, and what else may stand in between (ABC 2.1, section 4.20).
DECORATED = (
    S.NOTE, S.REST, S.BRACKET, S.SLUR, S.TUPLET, S.GRACE, S.GRACE_SLASH, S.DOT, S.QUOTE_END, S.BANG_END, S.PLUS_END
)  # fmt: skip


def bar_line(reader: Reader, start: int, end: int) -> None:
    close(reader)
    reader.voice.bar_line(reader.text[start:end])


def colon(reader: Reader, start: int, end: int) -> None:
    """Part of the bar line that follows, if one does, as in :[| (ABC 2.1, section 4.8)."""
    if reader.kind(0) == S.BAR:
        bar_line(reader, start, reader.tokens[reader.at][2])
        reader.at += 1
    else:
        junk(reader, start, end)


def ending(reader: Reader, start: int, end: int) -> None:
    """[1 or, behind a bar line, 1; also 1,3 and 1-3 (ABC 2.1, sections 4.9 and 4.10)."""
    close(reader)
    voice, text = reader.voice, reader.text[start:end].lstrip("[")
    passes: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if len(first) != 1 or len(last) != len(dash) or first == "0":
            passes.clear()
            break
        passes |= set(range(int(first), int(last or first) + 1))
    if not passes:
        reader.problem("ending", start, text[:20], "numbers up to 9, as in 1 or 1,3 or 1-3")
    else:
        voice.close_bar()
        voice.ending = tuple(sorted(passes))


def overlay(reader: Reader, start: int, end: int) -> None:
    close(reader)
    reader.voice.overlay()


def decoration(reader: Reader, start: int, end: int) -> None:
    """A letter that U: may define (ABC 2.1, section 4.16): before a note harmless if it does not, elsewhere junk."""
    if reader.text[start] in reader.decorations:
        return
    follows = reader.kind(0)
    if follows in DECORATED or (follows == S.DECORATION and reader.text[end] in reader.decorations):
        reader.problem("unknown decoration", start, reader.text[start:end], "a letter that U: defines")
    else:
        junk(reader, start, end)


def named_decoration(reader: Reader, start: int, end: int) -> None:
    if end - start == 2:
        reader.problem("unclosed decoration", start, reader.text[start:end], "a name between the signs")


def open_decoration(reader: Reader, start: int, end: int) -> None:
    # A single ! at the end of a line once broke the line of the score (ABC 2.1, section 10.2.1).
    sign = reader.text[start]
    if sign != "!" or reader.kind(0) not in (*_BLANK, S.COMMENT):
        reader.problem("unclosed decoration", start, sign, f"a name and {sign}")


def open_quote(reader: Reader, start: int, end: int) -> None:
    reader.problem("unclosed quote", start, '"', 'text and " on this line')


def end_of_line(reader: Reader, start: int, end: int) -> None:
    close(reader)
    before = reader.at - 2
    while before >= 0 and reader.tokens[before][0] == S.SPACE:
        before -= 1
    if before >= 0 and reader.tokens[before][0] in _BLANK and end < reader.over:
        reader.problem("blank line", start, "a blank line", "the tune to go on, since a blank line ends it")


def backslash(reader: Reader, start: int, end: int) -> None:
    """Continues the line (ABC 2.1, section 2.2.6): only blanks and a comment may follow."""
    ahead = 1 if reader.kind(0) == S.SPACE else 0
    if reader.kind(ahead) not in (*_BLANK, S.COMMENT):
        junk(reader, start, end)


def junk(reader: Reader, start: int, end: int) -> None:
    reader.problem("junk", start, reader.text[start:end][:20], "music or a sign of the standard")


HANDLERS: dict[int, Handler] = {
    S.BAR: bar_line,
    S.COLON: colon,
    S.ENDING: ending,
    S.ENDING_MORE: ending,
    S.OVERLAY: overlay,
    S.DECORATION: decoration,
    S.BANG_END: named_decoration,
    S.PLUS_END: named_decoration,
    S.BANG: open_decoration,
    S.PLUS: open_decoration,
    S.QUOTE: open_quote,
    S.NEWLINE: end_of_line,
    S.RETURN: end_of_line,
    S.BACKSLASH: backslash,
    **dict.fromkeys((S.SHARP, S.FLAT, S.ACCIDENTAL, S.JUNK, S.COLON_AT_LINE), junk),
}
