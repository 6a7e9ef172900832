"""A tune as MusicXML 4.0, written from our own reading: the score shows what was read, bars that are wrong too."""

from xml.sax.saxutils import escape

from charrnn.music.engraving.barlines import Lines, lines
from charrnn.music.engraving.directions import plain_text, words
from charrnn.music.engraving.elements import Writer
from charrnn.music.engraving.marks import marks
from charrnn.music.engraving.syllables import lyric_elements
from charrnn.music.notation import Note, Reading

DIVISIONS = 80_640  # of a quarter note: 2^8 · 3^2 · 5 · 7, so that binary values and their tuplets are whole numbers
_LONGEST_TITLE = 50  # characters, which is what fits above the music


def musicxml(reading: Reading, bars: int | None = None, remark: str = "") -> str:
    """The document, each voice with notes a part, of its first `bars`; the `remark` stands above the first one."""
    notes: dict[int, list[Note]] = {}
    for note in reading.notes:
        notes.setdefault(note.bar, []).append(note)
    voices: dict[str, list[int]] = {}
    for number, bar in enumerate(reading.bars):
        voices.setdefault(bar.voice, []).append(number)
    voices = {voice: numbers[:bars] for voice, numbers in voices.items() if any(i in notes for i in numbers[:bars])}
    marked, lyrics = marks(reading), lyric_elements(reading)
    longest = max(map(len, voices.values()), default=0)
    ids = [f"P{i}" for i in range(1, len(voices) + 1)]
    parts: list[str] = []
    for part, (voice, numbers) in zip(ids, voices.items(), strict=True):
        writer = Writer(reading, marked, lyrics, voice, DIVISIONS, is_first=not parts)
        measures: list[str] = []
        for number, between in zip(numbers, lines([reading.bars[i] for i in numbers]), strict=True):
            content = writer.bar(number, reading.bars[number], notes.get(number, []))
            if not parts and not measures:
                content = words(remark, "italic") + content
            measures.append(_measure(len(measures) + 1, content, between))
        # Voices may differ in their bars; parts may not.
        measures += [_measure(i, "", Lines("", "")) for i in range(len(measures) + 1, longest + 1)]
        parts.append(f'<part id="{part}">{"".join(measures)}</part>')
    names = "".join(f'<score-part id="{part}"><part-name/></score-part>' for part in ids)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="4.0">'
        f"{_credits(reading)}<part-list>{names}</part-list>{''.join(parts)}</score-partwise>"
    )


def _credits(reading: Reading) -> str:
    """The title above the music, the rhythm on its left and the composer on its right."""
    fields = {
        field.letter: plain_text(field.value) for field in reversed(reading.header.fields) if field.letter in "TCR"
    }
    credits = []
    for letter, side, height, weight in (
        ("T", "center", "top", "bold"),
        ("R", "left", "bottom", "normal"),
        ("C", "right", "bottom", "normal"),
    ):
        if text := fields.get(letter):
            text = escape(text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "…")
            style = f'justify="{side}" valign="{height}" font-weight="{weight}"'
            credits.append(f'<credit page="1"><credit-words {style}>{text}</credit-words></credit>')
    return "".join(credits)


def _measure(number: int, content: str, between: Lines) -> str:
    return f'<measure number="{number}">{between.left}{content}{between.right}</measure>'
