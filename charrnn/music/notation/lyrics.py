"""The words under the notes: w: of the body, syllable by syllable (ABC 2.1, section 5.1)."""

import re
from bisect import bisect_left
from dataclasses import dataclass

from charrnn.music.notation.reading import Reading
from charrnn.music.notation.records import Field, Note

# A syllable with what ends it; * leaves a note out, _ holds the syllable, | goes on to the next bar.
_SYLLABLE = re.compile(r"(?P<text>(?:\\.|[^\s\-*_|])+)(?P<hyphen>[ \t]*-)?|(?P<sign>[-*_|])")


@dataclass(slots=True)
class Syllable:
    """What is sung at one note: `note` is the position of the note, or of its chord's bracket.

    `verse` counts from 1. `syllabic` is single, begin, middle or end: the place in its word. `extend` says that it is
    held over the notes behind.
    """

    note: int
    verse: int
    text: str
    syllabic: str
    extend: bool = False


def lyrics(reading: Reading) -> list[Syllable]:
    """The syllables of all voices, in the order of the text.

    A w: belongs to the last line of music of its voice that stands before it, as other programs have it; those that
    follow it are verses. Syllables for which there is no note are left out.
    """
    if not any(field.letter == "w" for field in reading.fields):
        return []
    lines = _lines_of_music(reading)
    starts = {voice: [line[0].position for line in of_voice] for voice, of_voice in lines.items()}
    syllables: list[Syllable] = []
    verses: dict[tuple[str, int], int] = {}  # of every line of music so far
    voice = reading.bars[0].voice if reading.bars else ""
    for i, field in enumerate(reading.fields):
        if field.letter == "V" and field.value and field.position >= reading.header.end:
            voice = field.value.split()[0]
        if field.letter != "w" or voice not in lines:
            continue
        line = bisect_left(starts[voice], field.position) - 1
        if line >= 0:
            verse = verses[voice, line] = verses.get((voice, line), 0) + 1
            syllables += _sung(_continued(reading.fields, i), lines[voice][line], verse)
    return syllables


def _lines_of_music(reading: Reading) -> dict[str, list[list[Note]]]:
    """Of each voice the notes of every line of the text, of a chord the first, without grace notes.

    A line that ends with a backslash goes on in the next.
    """
    lines: dict[str, list[list[Note]]] = {}
    text = reading.text
    last: dict[str, Note] = {}
    for note in reading.notes:
        before = last.get(note.voice)
        if note.grace or (before is not None and note.chord is not None and before.chord == note.chord):
            continue
        between = text[before.position : note.position] if before is not None else "\n"
        if "\n" in re.sub(r"\\[ \t]*(?:%[^\n]*)?\n", "", between.replace("\r", "\n")):
            lines.setdefault(note.voice, []).append([])
        lines[note.voice][-1].append(note)
        last[note.voice] = note
    return lines


def _continued(fields: list[Field], i: int) -> str:
    """The words of a w: with those of the +: behind it (ABC 2.1, section 3.3)."""
    words = [fields[i].value]
    for field in fields[i + 1 :]:
        if field.letter != "+":
            break
        words.append(field.value)
    return " ".join(words)


def _sung(words: str, notes: list[Note], verse: int) -> list[Syllable]:
    syllables: list[Syllable] = []
    at, in_word = 0, False  # the note to come; whether a hyphen stands before the next syllable
    for match in _SYLLABLE.finditer(words):
        sign = match["sign"]
        if sign == "|":
            at = next((i for i in range(at, len(notes)) if i and notes[i].bar != notes[i - 1].bar), len(notes))
        elif at >= len(notes):
            break
        elif sign is None:
            place = {(False, False): "single", (False, True): "begin", (True, True): "middle", (True, False): "end"}
            note = notes[at].position if notes[at].chord is None else notes[at].chord
            text = re.sub(r"\\(.)", r"\1", match["text"]).replace("~", " ")
            syllables.append(Syllable(note or 0, verse, text, place[in_word, match["hyphen"] is not None]))
            in_word = match["hyphen"] is not None
            at += 1
        else:
            if sign == "_" and syllables:
                syllables[-1].extend = True
            at += 1
    return syllables
