"""What binds notes: ties, slurs, tuplets, broken rhythm."""

from fractions import Fraction

from charrnn.music.notation.lexer import State
from charrnn.music.notation.reader import Handler, Reader

# So many notes in the time of how many; 0 stands for 3 in compound meter, else 2 (ABC 2.1, section 4.13).
TUPLETS = {2: 3, 3: 2, 4: 3, 5: 0, 6: 2, 7: 0, 8: 3, 9: 0}


def tie(reader: Reader, start: int, end: int) -> None:
    voice = reader.voice
    if reader.grace is not None:
        return
    notes = reader.chord_notes[-1:] if reader.chord is not None else voice.last[0] if voice.last else []
    for note in notes:
        note.tied = True
        voice.ties[note.step, note.octave] = (note.alter, note.position)
    if not notes:
        reader.problem("tie", start, "-", "a note before it")


def broken_rhythm(reader: Reader, start: int, end: int) -> None:
    """> makes the note before it longer and the next shorter by half of it, >> by three quarters (section 4.4)."""
    if reader.grace is not None:
        return
    signs = end - start
    if reader.voice.last is None or reader.chord is not None or signs > 3:
        reader.problem("broken rhythm", start, reader.text[start:end][:20], "one to three signs between two notes")
        return
    short = Fraction(1, 2**signs)
    before, after = (2 - short, short) if reader.text[start] == ">" else (short, 2 - short)
    reader.voice.broken = (before, after, start)


def tuplet(reader: Reader, start: int, end: int) -> None:
    """(p:q:r puts p notes into the time of q, for the next r."""
    voice, text = reader.voice, reader.text[start:end]
    parts = [*text[text.index("(") + 1 :].split(":"), "", ""][:3]
    if int(parts[0]) not in TUPLETS or any(len(part) > 2 or part in ("0", "00") for part in parts):
        reader.problem("tuplet", start, text[:20], "(2 to (9")
        return
    notes = int(parts[0])
    beat = voice.meter.beat
    time = int(parts[1] or TUPLETS[notes]) or (3 if beat and beat.numerator == 3 else 2)
    if voice.tuplet[1]:
        reader.problem("tuplet", start, "(", f"{voice.tuplet[1]} more notes in the tuplet before")
    voice.tuplet = (Fraction(time, notes), int(parts[2] or notes), start)


def slur(reader: Reader, start: int, end: int) -> None:
    reader.voice.slurs.append(start)


def slur_end(reader: Reader, start: int, end: int) -> None:
    if reader.voice.slurs:
        reader.voice.slurs.pop()
    else:
        reader.problem("unopened slur", start, ")", "( before it")


HANDLERS: dict[int, Handler] = {
    State.TIE: tie,
    State.SHORT_LONG: broken_rhythm,
    State.LONG_SHORT: broken_rhythm,
    State.SLUR: slur,
    State.SLUR_END: slur_end,
    **dict.fromkeys((s for s in State if s.name.startswith("TUPLET")), tuplet),
}
