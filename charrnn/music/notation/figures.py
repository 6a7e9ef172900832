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
    if not notes or voice.bar is None:
        reader.problem("tie", start, "-", "a note before it")


def broken_rhythm(reader: Reader, start: int, end: int) -> None:
    """> makes the note before it longer and the next shorter by half of it, >> by three quarters (section 4.4).

    Either may stand on the other side of a bar line, which is a problem.
    """
    if reader.grace is not None:
        return
    voice, signs = reader.voice, end - start
    if voice.last is None or voice.broken or reader.chord is not None or signs > 3:
        reader.problem("broken rhythm", start, reader.text[start:end][:20], "one to three signs between two notes")
        return
    if voice.bar is None:
        reader.problem("broken rhythm", start, "a bar line", "two notes of one bar")
    short = Fraction(1, 2**signs)
    before, after = (2 - short, short) if reader.text[start] == ">" else (short, 2 - short)
    voice.stretch_last(before)
    voice.broken = (before, after, start)


def tuplet(reader: Reader, start: int, end: int) -> None:
    """(p:q:r puts p notes into the time of q, for the next r (ABC 2.1, section 4.13).

    Without q, p is 2 to 9; other programs read any p with it, up to 99.
    """
    voice, text = reader.voice, reader.text[start:end]
    p, q, r = [*text[text.index("(") + 1 :].split(":"), "", ""][:3]
    if any(len(part) > 2 or part in ("0", "00") for part in (p, q, r)) or not (q or int(p) in TUPLETS):
        reader.problem("malformed tuplet", start, text[:20], "(2 to (9, or (p:q:r")
        return
    notes = int(p)
    beat = voice.meter.beat
    time = int(q or TUPLETS[notes]) or (3 if beat and beat.numerator == 3 else 2)
    if voice.tuplet[1]:
        reader.problem("tuplet", start, "(", f"{voice.tuplet[1]} more notes in the tuplet before")
    voice.tuplet = (Fraction(time, notes), int(r or notes), start)


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
