"""Events of a bar as MusicXML elements: pitches and accidentals, values, ties, tuplets, beams, slurs, ornaments."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from xml.sax.saxutils import escape

from charrnn.music.engraving.marks import Marks
from charrnn.music.engraving.rhythm import Event, dotted, layers, pieces, tuplets
from charrnn.music.engraving.signatures import changes
from charrnn.music.notation import Bar, Note, Reading

_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_SHORT = ("eighth", "16th", "32nd", "64th", "128th", "256th")  # what beams join
_SEVERAL_BARS = re.compile("[ZX][0-9/]")
_LONGEST_WORDS = 40  # characters above a note: what is longer would run off the page
_NO_MARKS = Marks()
_HIGHEST_OCTAVE = 9  # MusicXML counts octaves from 0 to 9
# Decorations by what they are called in the text (ABC 2.1, section 4.14), and the group of notations they belong to.
_ORNAMENTS = {
    **dict.fromkeys((".", "staccato"), ("articulations", "<staccato/>")),
    **dict.fromkeys(("L", "accent", "emphasis", ">"), ("articulations", "<accent/>")),
    "tenuto": ("articulations", "<tenuto/>"),
    **dict.fromkeys(("~", "roll", "turn"), ("ornaments", "<turn/>")),
    **dict.fromkeys(("T", "trill"), ("ornaments", "<trill-mark/>")),
    **dict.fromkeys(("M", "lowermordent", "mordent"), ("ornaments", "<mordent/>")),
    **dict.fromkeys(("P", "uppermordent", "pralltriller"), ("ornaments", "<inverted-mordent/>")),
    **dict.fromkeys(("u", "upbow"), ("technical", "<up-bow/>")),
    **dict.fromkeys(("v", "downbow"), ("technical", "<down-bow/>")),
    **dict.fromkeys(("H", "fermata"), ("", "<fermata/>")),
}


def plain(text: str) -> str:
    """Text without the characters that XML 1.0 does not allow."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text).strip()


class Writer:
    """Writes the bars of one voice in their order; `divisions` are the parts of a quarter that MusicXML counts in."""

    def __init__(self, reading: Reading, marks: dict[int, Marks], voice: str, divisions: int):
        self.text, self.marks, self.changes = reading.text, marks, changes(reading, voice)
        self.divisions = divisions
        self.accidentals: dict[tuple[str, int], int] = {}  # in force in this bar
        self.alters: dict[str, int] = {}  # of the key
        self.begins, self.goes_on = _ties([note for note in reading.notes if note.voice == voice])

    def bar(self, bar: Bar, notes: list[Note]) -> str:
        self.accidentals.clear()
        found = [self._attributes(bar.position)]
        back = 0
        for voice, layer in enumerate(layers(bar, notes), 1):
            if voice > 1:
                found.append(f"<backup><duration>{back}</duration></backup>")
            back = 0
            if _is_bar_of_rest(layer, bar) and not _SEVERAL_BARS.match(self.text, bar.position):
                back = self._ticks(bar.length)
                found.append(f'<note><rest measure="yes"/><duration>{back}</duration><voice>{voice}</voice></note>')
                continue
            for element, ticks in self._layer(layer, voice):
                found.append(element)
                back += ticks
        return "".join(found)

    def _layer(self, layer: list[Event], voice: int) -> Iterator[tuple[str, int]]:
        """Every element of a layer, and how many divisions of time it takes."""
        groups = tuplets(layer, {position for event in layer if self._marks(position := event.position).tuplet})
        ratios = {i: (p, q) for first, last, p, q in groups for i in range(first, last + 1)}
        values = []
        for i, event in enumerate(layer):
            p, q = ratios.get(i, (1, 1))
            values.append(pieces(event.duration * p / q) if event.duration else [])
        joined = [bool(e.notes) and len(v) == 1 and v[0][0] in _SHORT for e, v in zip(layer, values, strict=True)]
        joins = [
            a and b and self._marks(e.position).beamed for e, a, b in zip(layer, joined, [False, *joined], strict=False)
        ]
        beams = _beams(joins, [(first, last) for first, last, _, _ in groups])
        for i, event in enumerate(layer):
            marks = self._marks(event.position)
            if event.notes:
                yield self._attributes(event.position), 0
            for words in filter(None, (plain(words)[:_LONGEST_WORDS] for words in marks.words)):
                words = f'<words font-style="normal">{escape(words)}</words>'
                yield f'<direction placement="above"><direction-type>{words}</direction-type></direction>', 0
            for number, chord in enumerate(event.graces):
                yield self._grace(chord, voice, number, len(event.graces)), 0
            p, q = ratios.get(i, (1, 1))
            for number, (name, dots) in enumerate(values[i]):
                first, last = number == 0, number == len(values[i]) - 1
                notations = [
                    f'<slur type="{side}" number="{n}"/>' for n, side in marks.slurs if first or side == "stop"
                ]
                for begin, end, _, _ in groups:
                    notations += ['<tuplet type="start"/>'] * (first and i == begin)
                    notations += ['<tuplet type="stop"/>'] * (last and i == end)
                notations += _ornaments(marks.decorations) if first else []
                value = f"<voice>{voice}</voice><type>{name}</type>" + "<dot/>" * dots
                ratio = f"<actual-notes>{p}</actual-notes><normal-notes>{q}</normal-notes>"
                ratio = f"<time-modification>{ratio}</time-modification>" if p > 1 else ""
                ticks = self._ticks(dotted(name, dots) * q / p)
                yield self._sounding(event.notes, ticks, value, ratio + beams[i], notations, first, last), ticks

    def _sounding(
        self, notes: list[Note], ticks: int, value: str, behind: str, notations: list[str], first: bool, last: bool
    ) -> str:
        """A rest, a note or a chord of one value; it is tied to what it continues and to what continues it."""
        duration = f"<duration>{ticks}</duration>"
        if not notes:
            held = f"<notations>{''.join(notations)}</notations>" if notations else ""
            return f"<note><rest/>{duration}{value}{behind}{held}</note>"
        found = []
        for number, note in enumerate(notes):
            sides = ["stop"] * (not first or note.position in self.goes_on)
            sides += ["start"] * (not last or note.position in self.begins)
            ties = "".join(f'<tie type="{side}"/>' for side in sides)
            tied = [f'<tied type="{side}"/>' for side in sides]
            pitch, accidental = self._pitch(note, "stop" in sides)
            held = "".join(tied + notations if number == 0 else tied)
            held = f"<notations>{held}</notations>" if held else ""
            chord, behind = ("<chord/>", re.sub("<beam.*", "", behind)) if number else ("", behind)
            found.append(f"<note>{chord}{pitch}{duration}{ties}{value}{accidental}{behind}{held}</note>")
        return "".join(found)

    def _grace(self, chord: list[Note], voice: int, number: int, count: int) -> str:
        side = "begin" if number == 0 else "end" if number == count - 1 else "continue"
        beam = f'<beam number="1">{side}</beam>' if count > 1 else ""
        value = f"<voice>{voice}</voice><type>{'16th' if count > 1 else 'eighth'}</type>"
        found = []
        for i, note in enumerate(chord):
            pitch, accidental = self._pitch(note, False)
            follows = "<chord/>" if i else ""
            found.append(f"<note><grace/>{follows}{pitch}{value}{accidental}{beam if not i else ''}</note>")
        return "".join(found)

    def _pitch(self, note: Note, tied: bool) -> tuple[str, str]:
        """Elements of a note's pitch and of its accidental, which stands where it is needed or written."""
        octave = min(max(note.octave, 0), _HIGHEST_OCTAVE)
        alter = f"<alter>{note.alter}</alter>" if note.alter else ""
        pitch = f"<pitch><step>{note.step}</step>{alter}<octave>{octave}</octave></pitch>"
        place = note.step, note.octave
        in_force = self.accidentals.get(place, self.alters.get(note.step, 0))
        if self.text[note.position] not in "^_=" and (tied or note.alter == in_force):
            return pitch, ""
        self.accidentals[place] = note.alter
        return pitch, f"<accidental>{_ACCIDENTALS[note.alter]}</accidental>"

    def _attributes(self, position: int) -> str:
        """Divisions, key, time and clef that have changed before `position`."""
        due = None
        while self.changes and self.changes[0].position < position:
            change = self.changes.pop(0)
            due = due.followed_by(change) if due else change
        if due is None:
            return ""
        self.alters = self.alters if due.alters is None else due.alters
        divisions = f"<divisions>{self.divisions}</divisions>" if due.position < 0 else ""
        return f"<attributes>{divisions}{due.key}{due.time}{due.clef}</attributes>"

    def _marks(self, position: int) -> Marks:
        return self.marks.get(position, _NO_MARKS)

    def _ticks(self, duration: Fraction) -> int:
        return round(duration * 4 * self.divisions)


def _is_bar_of_rest(layer: list[Event], bar: Bar) -> bool:
    return len(layer) == 1 and not layer[0].notes and layer[0].duration == bar.length == bar.expected


def _ties(notes: list[Note]) -> tuple[set[int], set[int]]:
    """Positions of the notes that ties begin at, and of those they lead to; a tie that leads nowhere is not drawn."""
    onsets = {(note.onset, note.pitch): note.position for note in notes if not note.grace}
    begins, goes_on = set(), set()
    for note in notes:
        if note.tied and (held := onsets.get((note.onset + note.duration, note.pitch))):
            begins.add(note.position)
            goes_on.add(held)
    return begins, goes_on


def _beams(joins: list[bool], groups: list[tuple[int, int]]) -> list[str]:
    """The beam element of every event; a beam holds a tuplet whole or stays inside or outside of it."""
    sides: dict[int, str] = {}
    start = 0
    for i in range(1, len(joins) + 1):
        if i < len(joins) and joins[i]:
            continue
        cuts = [start, i]
        for first, last in groups:
            if not (start <= first and last < i):
                cuts += [cut for cut in (first, last + 1) if start < cut < i]
        for begin, end in pairwise(sorted(cuts)):
            if end - begin > 1:
                sides |= dict.fromkeys(range(begin, end), "continue") | {begin: "begin", end - 1: "end"}
        start = i
    return [f'<beam number="1">{sides[i]}</beam>' if i in sides else "" for i in range(len(joins))]


def _ornaments(decorations: list[str]) -> list[str]:
    found = []
    for group, element in dict.fromkeys(_ORNAMENTS[name] for name in decorations if name in _ORNAMENTS):
        found.append(f"<{group}>{element}</{group}>" if group else element)
    return found
