"""Notes as they are read, as our MusicXML has them, and as verovio draws them."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from fractions import Fraction

import verovio

from charrnn.music.engraving.musicxml import DIVISIONS, musicxml
from charrnn.music.notation import Note, Reading
from charrnn.music.notation.notes import SEMITONES

_MEI = "{http://www.music-encoding.org/ns/mei}"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_ALTERS = {"s": 1, "f": -1, "n": 0, "ss": 2, "x": 2, "ff": -2}


def read_notes(reading: Reading) -> Counter:
    """(bar, onset in it, written pitch) of what begins to sound in each bar of a voice; no onset of grace notes."""
    numbers: Counter = Counter()
    places = {}
    for i, bar in enumerate(reading.bars):
        places[i] = numbers[bar.voice]
        numbers[bar.voice] += 1
    sounding = [note for note in reading.notes if not note.grace]
    held = {(note.voice, note.onset + note.duration, note.pitch) for note in sounding if note.tied}
    begun: Counter = Counter((places[n.bar], None, _written(n)) for n in reading.notes if n.grace)
    for n in sounding:
        if (n.voice, n.onset, n.pitch) not in held:
            begun[places[n.bar], n.onset - reading.bars[n.bar].onset, _written(n)] += 1
    return begun


def _written(note: Note) -> int:
    return 12 * (note.octave + 1) + SEMITONES[note.step] + note.alter


def written_notes(document: str) -> tuple[Counter, Counter]:
    """The same of MusicXML; and (measure, pitch, whether grace) of every note head."""
    begun: Counter = Counter()
    heads: Counter = Counter()
    for part in ET.fromstring(document).iter("part"):
        for number, measure in enumerate(part.iter("measure")):
            time = before = 0
            for element in measure:
                ticks = int(element.findtext("duration", "0"))
                if element.tag == "backup":
                    time -= ticks
                if element.tag != "note":
                    continue
                onset = before if element.find("chord") is not None else time
                if element.find("chord") is None:
                    before, time = time, time + ticks
                if (pitch := element.find("pitch")) is None:
                    continue
                step, octave = pitch.findtext("step", ""), int(pitch.findtext("octave", ""))
                midi = 12 * (octave + 1) + SEMITONES[step] + int(pitch.findtext("alter", "0"))
                grace = element.find("grace") is not None
                heads[number, midi, grace] += 1
                if not any(tie.get("type") == "stop" for tie in element.iter("tie")):
                    begun[number, None if grace else Fraction(onset, 4 * DIVISIONS), midi] += 1
    return begun, heads


def engraved_notes(document: str) -> Counter:
    """(measure, pitch, whether grace) of every note head that verovio draws."""
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": "xml", "pageHeight": 60_000, "adjustPageHeight": True, "header": "none"})
    toolkit.loadData(document)
    shown = Counter(re.findall(r'<g [^>]*?id="([^"]+)"[^>]*? class="note', toolkit.renderToSVG(1)))
    heads: Counter = Counter()
    for number, measure in enumerate(ET.fromstring(toolkit.getMEI()).iter(f"{_MEI}measure")):
        for note in measure.iter(f"{_MEI}note"):
            accidental = note.find(f"{_MEI}accid")
            signs = [note, *([accidental] if accidental is not None else [])]
            alter = next((_ALTERS[s.get(k, "")] for s in signs for k in ("accid.ges", "accid") if s.get(k)), 0)
            pitch = 12 * (int(note.get("oct", "")) + 1) + SEMITONES[note.get("pname", "").upper()] + alter
            grace = note.get("grace") is not None
            chords = [c for c in measure.iter(f"{_MEI}chord") if c.get("grace") and note in list(c)]
            heads[number, pitch, grace or bool(chords)] += shown[note.get(_XML_ID, "")]
    return heads


def is_exact(reading: Reading) -> bool:
    """Whether the score begins every note where the reading does, and verovio draws them all."""
    document = musicxml(reading)
    begun, heads = written_notes(document)
    return begun == read_notes(reading) and heads == engraved_notes(document)
