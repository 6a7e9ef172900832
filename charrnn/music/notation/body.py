"""The body of a tune: every token to its handler, and the fields that stand between notes."""

from typing import Any

from charrnn.music.notation import figures, notes, signs
from charrnn.music.notation.clefs import read_clef
from charrnn.music.notation.fields import CLEF_ONLY, NO_METER, default_unit
from charrnn.music.notation.header import BODY_FIELDS, INLINE_FIELDS, READERS, VALUES, misplaced, read_value
from charrnn.music.notation.lexer import State
from charrnn.music.notation.reader import Handler, Reader
from charrnn.music.notation.records import Field, Part
from charrnn.music.notation.values import illegal

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
    if field.letter == "X":
        reader.problem("second number", field.position, "X:", "one X: a tune")
    elif problem := misplaced(field, allowed) or illegal(field, in_header=False):
        reader.problems.append(problem)
    voice = reader.voice
    if field.letter in READERS:
        value = read_value(field, reader.problems)
        if value is NO_METER and reader.bars:
            reader.problem("no meter", field.position, "M:", "M: with a meter, perhaps M:none")
        if value is not None and value != CLEF_ONLY:
            _change(reader, {"K": "key", "M": "meter", "L": "unit"}[field.letter], value)
        if field.letter == "K":
            reader.set_clef(read_clef(field.value))
    elif field.letter == "V" and field.value:
        name, _, properties = field.value.partition(" ")
        reader.turn_to(name.strip())
        reader.voice.set_clef(read_clef(properties))
    elif field.letter == "U":
        reader.define(field.value)
    elif field.letter == "P":
        bar = voice.index if voice.bar is not None and voice.time == voice.bar.onset else len(reader.bars)
        reader.parts.append(Part(field.value, field.position, voice.name, bar))


def _change(reader: Reader, name: str, value: Any) -> None:
    """Key, meter or unit length from here on: of all voices that are yet to begin, if none has been named so far."""
    voice = reader.voice
    if name == "meter" and voice.meter is NO_METER and voice.index < 0 and not (reader.header.unit or voice.has_unit):
        voice.unit = default_unit(value)
    setattr(voice, name, value)
    if not reader.bars:
        reader.header = reader.header._replace(**{name: value})
    voice.has_unit |= name == "unit"
    voice.durations.clear()
    if not reader.named:
        reader.key, reader.meter, reader.unit = voice.key, voice.meter, voice.unit


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
