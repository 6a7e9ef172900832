"""What a reading does not keep of the text around its notes: beams, slurs, tuplets, decorations, names of chords."""

from dataclasses import dataclass, field

from charrnn.music.notation import Reading
from charrnn.music.notation.lexer import State, tokens

S = State
_TUPLETS = (S.TUPLET, S.TUPLET_COLON, S.TUPLET_TIME, S.TUPLET_COLONS, S.TUPLET_NOTES)
# What a beam goes on behind: everything else between two notes, blanks above all, ends it (ABC 2.1, section 4.7).
_BEAMED = (
    S.NUMERATOR, S.SLASH, S.DENOMINATOR, S.NOTE, S.CHORD_END, S.GRACE, S.GRACE_SLASH, S.GRACE_END, S.SLUR, S.SLUR_END,
    *_TUPLETS, S.TIE, S.SHORT_LONG, S.LONG_SHORT, S.QUOTE_END, S.BANG_END, S.PLUS_END, S.DOT, S.DECORATION, S.IGNORED,
)  # fmt: skip
_DECORATIONS = (S.DOT, S.DECORATION, S.LINE_LETTER, S.INLINE_LETTER)
_MOST_SLURS = 6  # at a time: MusicXML numbers them 1 to 6
_NO_CHORD = ("^", "_", "<", ">", "@")  # how annotations begin (ABC 2.1, section 4.19)


@dataclass(slots=True)
class Marks:
    """Of a note or chord; `slurs` are (number, start or stop), `beamed` where a beam may join it to the one before."""

    beamed: bool = False
    tuplet: bool = False
    decorations: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    slurs: list[tuple[int, str]] = field(default_factory=list)


def marks(reading: Reading) -> dict[int, Marks]:
    """The marks of every note and chord, by its position; grace notes have none."""
    text = reading.text
    voices = {n.position if n.chord is None else n.chord: n.voice for n in reading.notes if not n.grace}
    fields = {field.position for field in reading.fields}
    found: dict[int, Marks] = {}
    slurs: dict[str, list[int | None]] = {}  # of each voice, where they began
    opened = 0
    last, coming = -1, Marks()
    for kind, start, end in tokens(text)[reading.header.tokens :]:
        if start in voices:
            found[start], last = coming, start
            slurs.setdefault(voices[start], []).extend([start] * opened)
            coming, opened = Marks(beamed=True), 0
        elif kind == S.SLUR:
            opened += 1
        elif kind == S.SLUR_END:
            if opened:
                opened -= 1
            elif last >= 0 and (begun := slurs[voices[last]]):
                number = len(begun)
                first = begun.pop()
                if first != last and first is not None and number <= _MOST_SLURS:
                    found[first].slurs.append((number, "start"))
                    found[last].slurs.insert(0, (number, "stop"))
        elif kind in _TUPLETS:
            coming.tuplet = True
        elif kind == S.QUOTE_END:
            coming.words.append(text[start + 1 : end - 1].lstrip("".join(_NO_CHORD)))
        elif kind in (S.BANG_END, S.PLUS_END):
            coming.decorations.append(text[start + 1 : end - 1])
        elif kind in _DECORATIONS and start not in fields:
            coming.decorations.append(text[start:end])
        if kind not in _BEAMED and start not in voices:
            coming.beamed = False
    return found
