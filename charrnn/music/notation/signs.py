"""Bar lines, endings, decorations, text, the ends of lines, and the characters that are none of these."""

from charrnn.music.notation.lexer import State
from charrnn.music.notation.notes import close
from charrnn.music.notation.reader import Handler, Reader
from charrnn.music.notation.records import Navigation

S = State
_BLANK = (S.NEWLINE, S.RETURN)
NAVIGATION = (
    "segno",
    "coda",
    "fine",
    "dacapo",
    "dacoda",
    "D.C.",
    "D.S.",
    "D.C.alfine",
    "D.C.alcoda",
    "D.S.alfine",
    "D.S.alcoda",
)
"""Signs that say where to go on (ABC 2.1, section 4.14); other programs draw them and play straight on, as we do."""
MOST_DECORATIONS = 20  # of one note
# What else may stand between a decoration and its note (ABC 2.1, section 4.20).
DECORATED = (
    S.NOTE, S.REST, S.BRACKET, S.SLUR, S.TUPLET, S.GRACE, S.GRACE_SLASH, S.DOT, S.QUOTE_END, S.BANG_END, S.PLUS_END
)  # fmt: skip
_SOUNDING = (S.NOTE, S.REST, S.BRACKET)
_BEFORE_NOTE = (S.SPACE, S.DOT, S.DECORATION, S.BANG_END, S.PLUS_END, S.SHARP, S.FLAT, S.ACCIDENTAL, S.IGNORED)


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
    letter = reader.text[start]
    if name := reader.decorations.get(letter):
        if name in NAVIGATION:
            _navigate(reader, name, start)
        elif reader.kind(0) not in _SOUNDING and not _precedes_note(reader):
            reader.problem("decoration order", start, letter, "a note, rest or chord behind it")
        return
    follows = reader.kind(0)
    if follows in DECORATED or (follows == S.DECORATION and reader.text[end] in reader.decorations):
        reader.problem("unknown decoration", start, letter, "a letter that U: defines")
    else:
        junk(reader, start, end)


def _precedes_note(reader: Reader) -> bool:
    """Whether a note, rest or chord is what comes next, blanks and other decorations apart (ABC 2.1, section 4.20)."""
    ahead = 0
    while ahead < MOST_DECORATIONS and reader.kind(ahead) in _BEFORE_NOTE:
        ahead += 1
    return reader.kind(ahead) in _SOUNDING


def _navigate(reader: Reader, sign: str, start: int) -> None:
    """A sign that belongs to a place in the tune: to the end of the bar if no note comes before the next bar line."""
    voice, ahead = reader.voice, 0
    while ahead < MOST_DECORATIONS and reader.kind(ahead) in (*_BEFORE_NOTE, *_BLANK):
        ahead += 1
    is_end = voice.index >= 0 and reader.kind(ahead) not in (*_SOUNDING, S.SLUR)
    bar = voice.index if is_end or voice.bar is not None else len(reader.bars)
    reader.navigation.append(Navigation(sign, start, voice.name, bar, is_end))


def named_decoration(reader: Reader, start: int, end: int) -> None:
    name = reader.text[start + 1 : end - 1]
    if not name:
        reader.problem("unclosed decoration", start, reader.text[start:end], "a name between the signs")
    elif name in NAVIGATION:
        _navigate(reader, name, start)


def open_decoration(reader: Reader, start: int, end: int) -> None:
    # A single ! at the end of a line once broke the line of the score (ABC 2.1, section 10.2.1).
    sign = reader.text[start]
    if sign != "!" or reader.kind(0) not in (*_BLANK, S.COMMENT):
        reader.problem("unclosed decoration", start, sign, f"a name and {sign}")


def open_quote(reader: Reader, start: int, end: int) -> None:
    reader.problem("unclosed quote", start, '"', 'text and " on this line')


def end_of_line(reader: Reader, start: int, end: int) -> None:
    close(reader)
    if not _is_continued(reader):
        reader.voice.end_line()
    before = reader.at - 2
    while before >= 0 and reader.tokens[before][0] == S.SPACE:
        before -= 1
    if before >= 0 and reader.tokens[before][0] in _BLANK and end < reader.over:
        reader.problem("blank line", start, "a blank line", "the tune to go on, since a blank line ends it")


def _is_continued(reader: Reader) -> bool:
    """Whether a backslash stands before the end of the line that the reader has just passed."""
    before = reader.at - 2
    while before >= 0 and reader.tokens[before][0] in (S.SPACE, S.COMMENT):
        before -= 1
    return before >= 0 and reader.tokens[before][0] == S.BACKSLASH


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
