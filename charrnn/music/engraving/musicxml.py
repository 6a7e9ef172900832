"""A tune as MusicXML 4.0, written from our own reading: the score shows what was read, bars that are wrong too."""

from xml.sax.saxutils import escape

from charrnn.music.engraving.barlines import Lines, lines
from charrnn.music.engraving.elements import Writer, plain
from charrnn.music.engraving.marks import marks
from charrnn.music.notation import Bar, Note, Reading

DIVISIONS = 80_640  # of a quarter note: 2^8 · 3^2 · 5 · 7, so that binary values and their tuplets are whole numbers
_LONGEST_TITLE = 50  # characters, which is what fits above the music


def musicxml(reading: Reading, bars: int | None = None, remark: str = "") -> str:
    """The document, each voice with notes a part, of its first `bars`; the `remark` stands above the first one."""
    notes: dict[int, list[Note]] = {}
    for note in reading.notes:
        notes.setdefault(note.bar, []).append(note)
    voices: dict[str, list[tuple[Bar, list[Note]]]] = {}
    for number, bar in enumerate(reading.bars):
        voices.setdefault(bar.voice, []).append((bar, notes.get(number, [])))
    voices = {voice: held[:bars] for voice, held in voices.items() if any(notes for _, notes in held[:bars])}
    found = marks(reading)
    longest = max(map(len, voices.values()), default=0)
    ids = [f"P{i}" for i in range(1, len(voices) + 1)]
    parts: list[str] = []
    for part, (voice, staff) in zip(ids, voices.items(), strict=True):
        writer = Writer(reading, found, voice, DIVISIONS)
        measures: list[str] = []
        for (bar, held), between in zip(staff, lines([bar for bar, _ in staff]), strict=True):
            first = not parts and not measures
            measures.append(_measure(len(measures) + 1, writer.bar(bar, held), between, remark if first else ""))
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
    fields = {field.letter: plain(field.value) for field in reversed(reading.header.fields) if field.letter in "TCR"}
    found = []
    for letter, side, height, weight in (
        ("T", "center", "top", "bold"),
        ("R", "left", "bottom", "normal"),
        ("C", "right", "bottom", "normal"),
    ):
        if words := fields.get(letter):
            words = escape(words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1] + "…")
            style = f'justify="{side}" valign="{height}" font-weight="{weight}"'
            found.append(f'<credit page="1"><credit-words {style}>{words}</credit-words></credit>')
    return "".join(found)


def _measure(number: int, content: str, between: Lines, remark: str = "") -> str:
    words = f'<words font-style="italic">{escape(remark)}</words>'
    remark = f'<direction placement="above"><direction-type>{words}</direction-type></direction>' if remark else ""
    return f'<measure number="{number}">{between.left}{remark}{content}{between.right}</measure>'
