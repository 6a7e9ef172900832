"""The body of a tune: every token to its handler, and the fields that stand between notes."""

from charrnn.music.notation import figures, notes, signs
from charrnn.music.notation.fields import CLEF_ONLY
from charrnn.music.notation.header import BODY_FIELDS, INLINE_FIELDS, READERS, VALUES, misplaced, read_value
from charrnn.music.notation.lexer import State
from charrnn.music.notation.reader import Handler, Reader
from charrnn.music.notation.records import Field

S = State
_INLINE_VALUES = (S.INLINE_VALUE, S.INLINE_ESCAPE)


def read_body(reader: Reader) -> None:
    """Hand every token to its handler; what stands open at the end is closed and named."""
    handlers, tokens = _TABLE, reader.tokens
    while reader.at < len(tokens):
        kind, start, end = tokens[reader.at]
        reader.at += 1
        handler = handlers[kind]
        if handler is not None:
            handler(reader, start, end)
    notes.close(reader)
    for voice in reader.voices.values():
        voice.finish()


def letter(reader: Reader, start: int, end: int) -> None:
    """A letter that begins a line, or follows [, names a field if a colon comes next; else it is music."""
    if reader.kind(0) in VALUES:
        _, begin, stop = reader.tokens[reader.at]
        reader.at += 1
        _field(reader, Field(reader.text[start], reader.text[begin + 1 : stop].strip(), start), BODY_FIELDS)
    else:
        _PLAIN[reader.kind(-1)](reader, start, end)


def bracket(reader: Reader, start: int, end: int) -> None:
    if reader.kind(1) not in _INLINE_VALUES:
        notes.chord(reader, start, end)
        return
    _, begin, stop = reader.tokens[reader.at + 1]
    reader.at += 2
    if reader.kind(0) == S.INLINE_END:
        reader.at += 1
    else:
        reader.problem("unclosed field", start, "[", "] behind the field")
    field = Field(reader.text[start + 1], reader.text[begin + 1 : stop].strip(), start + 1)
    _field(reader, field, INLINE_FIELDS)


def _field(reader: Reader, field: Field, allowed: str) -> None:
    reader.fields.append(field)
    if problem := misplaced(field, allowed):
        reader.problems.append(problem)
    value = read_value(field, reader.problems) if field.letter in READERS else None
    if value is not None and value != CLEF_ONLY:
        setattr(reader.voice, {"K": "key", "M": "meter", "L": "unit"}[field.letter], value)
        reader.voice.durations.clear()
    elif field.letter == "V" and field.value:
        reader.voice = reader.voice_of(field.value.split()[0])
    elif field.letter == "U":
        reader.decorations.add(field.value[:1])


# What a letter is that could have named a field.
_PLAIN: dict[int, Handler] = {
    **dict.fromkeys((S.LINE_NOTE, S.INLINE_NOTE), notes.note),
    **dict.fromkeys((S.LINE_REST, S.INLINE_REST), notes.rest),
    **dict.fromkeys((S.LINE_SPACER, S.INLINE_SPACER), notes.spacer),
    **dict.fromkeys((S.LINE_LETTER, S.INLINE_LETTER), signs.decoration),
    **dict.fromkeys((S.LINE_UNUSED, S.INLINE_UNUSED), signs.junk),
    S.LINE_PLUS: signs.open_decoration,
}
_HANDLERS: dict[int, Handler] = {
    **notes.HANDLERS, **figures.HANDLERS, **signs.HANDLERS, S.BRACKET: bracket, **dict.fromkeys(_PLAIN, letter)
}  # fmt: skip
_TABLE = [_HANDLERS.get(state) for state in State]
