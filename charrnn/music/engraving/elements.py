"""Events of a bar as MusicXML elements: pitches and accidentals, values, tuplets, what stands above and below."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from charrnn.music.engraving.directions import LONGEST_WORDS, Directions, dynamics, words
from charrnn.music.engraving.marks import Marks
from charrnn.music.engraving.notations import beams, ornaments, ties
from charrnn.music.engraving.note_values import Bracket, ScoreEvent, brackets, dotted, layers, pieces
from charrnn.music.engraving.signatures import changes
from charrnn.music.notation import Bar, Note, Reading
from charrnn.music.notation.figures import TUPLETS

_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_SHORT = ("eighth", "16th", "32nd", "64th", "128th", "256th")  # what beams join
_SEVERAL_BARS = re.compile("[ZX][0-9/]")
_NO_MARKS = Marks()
_HIGHEST_OCTAVE = 9  # MusicXML counts octaves from 0 to 9
_DOTTED_LINE = '<barline location="middle"><bar-style>dotted</bar-style></barline>'


class Writer:
    """Writes the bars of one voice in their order; `divisions` are the parts of a quarter that MusicXML counts in."""

    def __init__(
        self,
        reading: Reading,
        marks: Mapping[int, Marks],
        lyrics: Mapping[int, str],
        voice: str,
        divisions: int,
        *,
        is_first: bool,
    ):
        self._text, self._marks, self._lyrics, self._divisions = reading.text, marks, lyrics, divisions
        self._changes, self._directions = changes(reading, voice), Directions(reading, voice, is_first=is_first)
        self._accidentals: dict[tuple[str, int], int] = {}  # in force in this bar
        self._alters: dict[str, int] = {}  # of the key
        self._long_beat = 2  # notes that a tuplet takes the time of, where the meter decides (ABC 2.1, section 4.13)
        self._ties = ties(note for note in reading.notes if note.voice == voice)

    def bar(self, number: int, bar: Bar, notes: list[Note]) -> str:
        """The content of the bar of this `number` in the reading."""
        self._accidentals.clear()
        elements = [self._attributes(bar.position)]
        before = self._directions.before[number]
        back = 0
        for voice, layer in enumerate(layers(bar, notes), 1):
            if voice > 1:
                elements.append(f"<backup><duration>{back}</duration></backup>")
            back = 0
            if _is_bar_of_rest(layer, bar) and not _SEVERAL_BARS.match(self._text, bar.position):
                back = self._ticks(bar.length)
                elements += [element for _, element in before]
                elements.append(f'<note><rest measure="yes"/><duration>{back}</duration><voice>{voice}</voice></note>')
            else:
                for element, ticks in self._layer(layer, voice, before):
                    elements.append(element)
                    back += ticks
            before = []
        return "".join(elements + self._directions.behind[number])

    def _layer(self, layer: list[ScoreEvent], voice: int, before: list[tuple[int, str]]) -> Iterator[tuple[str, int]]:
        """Every element of a layer, and how many divisions of time it takes."""
        before = sorted(before)
        groups = brackets(layer, self._tuplets(layer))
        ratios = {i: group for group in groups for i in range(group.first, group.last + 1)}
        values = []
        for i, event in enumerate(layer):
            written = event.duration * ratios[i].notes / ratios[i].time if i in ratios else event.duration
            values.append(pieces(written) if event.duration else [])
        short = [bool(e.notes) and len(v) == 1 and v[0][0] in _SHORT for e, v in zip(layer, values, strict=True)]
        joins = [a and b and self._marks_of(e).beamed for e, a, b in zip(layer, short, [False, *short], strict=False)]
        beamed = beams(joins, groups)
        for i, event in enumerate(layer):
            while before and before[0][0] < event.position:
                yield before.pop(0)[1], 0
            yield self._before(event, voice), 0
            for number, (name, dots) in enumerate(values[i]):
                is_first, is_last = number == 0, number == len(values[i]) - 1
                notations = self._notations(event, i, groups, is_first, is_last)
                value = f"<voice>{voice}</voice><type>{name}</type>" + "<dot/>" * dots
                ratio = _ratio(ratios[i]) if i in ratios else ""
                scale = Fraction(ratios[i].time, ratios[i].notes) if i in ratios else 1
                ticks = self._ticks(dotted(name, dots) * scale)
                yield self._sounding(event, ticks, value, ratio + beamed[i], notations, is_first, is_last), ticks
        yield "".join(element for _, element in before), 0

    def _tuplets(self, layer: list[ScoreEvent]) -> dict[int, tuple[int, int, int | None]]:
        signs = {}
        for event in layer:
            if tuplet := self._marks_of(event).tuplet:
                time = tuplet.time or TUPLETS.get(tuplet.notes) or self._long_beat
                signs[event.position] = (tuplet.notes, time, tuplet.last)
        return signs

    def _before(self, event: ScoreEvent, voice: int) -> str:
        """What stands before an event: changes of clef, key and meter, text, dynamics, grace notes."""
        marks = self._marks_of(event)
        elements = [_DOTTED_LINE] if marks.dotted_line else []
        if event.notes:
            elements.append(self._attributes(event.position))
        elements += [words(text[:LONGEST_WORDS]) for text in marks.words]
        elements.append(dynamics(marks.decorations))
        elements += [self._grace(chord, voice, i, len(event.graces)) for i, chord in enumerate(event.graces)]
        return "".join(elements)

    def _notations(self, event: ScoreEvent, i: int, groups: list[Bracket], is_first: bool, is_last: bool) -> list[str]:
        marks = self._marks_of(event)
        elements = [f'<slur type="{side}" number="{n}"/>' for n, side in marks.slurs if is_first or side == "stop"]
        for group in groups:
            elements += ['<tuplet type="start"/>'] * (is_first and i == group.first)
            elements += ['<tuplet type="stop"/>'] * (is_last and i == group.last)
        return elements + (ornaments(marks.decorations) if is_first else [])

    def _sounding(
        self,
        event: ScoreEvent,
        ticks: int,
        value: str,
        behind: str,
        notations: list[str],
        is_first: bool,
        is_last: bool,
    ) -> str:
        """A rest, a note or a chord of one value; it is tied to what it continues and to what continues it."""
        duration = f"<duration>{ticks}</duration>"
        if not event.notes:
            return f"<note><rest/>{duration}{value}{behind}{_notation(notations)}</note>"
        lyric = self._lyrics.get(event.position, "") if is_first else ""
        elements = []
        begins, ends = self._ties
        for number, note in enumerate(event.notes):
            sides = ["stop"] * (not is_first or note.position in ends)
            sides += ["start"] * (not is_last or note.position in begins)
            tie = "".join(f'<tie type="{side}"/>' for side in sides)
            tied = [f'<tied type="{side}"/>' for side in sides]
            pitch, accidental = self._pitch(note, "stop" in sides)
            if number:
                notations, lyric, chord, behind = [], "", "<chord/>", re.sub("<beam.*", "", behind)
            else:
                chord = ""
            elements.append(
                f"<note>{chord}{pitch}{duration}{tie}{value}{accidental}{behind}{_notation(tied + notations)}"
                f"{lyric}</note>"
            )
        return "".join(elements)

    def _grace(self, chord: list[Note], voice: int, number: int, count: int) -> str:
        side = "begin" if number == 0 else "end" if number == count - 1 else "continue"
        beam = f'<beam number="1">{side}</beam>' if count > 1 else ""
        value = f"<voice>{voice}</voice><type>{'16th' if count > 1 else 'eighth'}</type>"
        elements = []
        for i, note in enumerate(chord):
            pitch, accidental = self._pitch(note, False)
            follows = "<chord/>" if i else ""
            elements.append(f"<note><grace/>{follows}{pitch}{value}{accidental}{beam if not i else ''}</note>")
        return "".join(elements)

    def _pitch(self, note: Note, tied: bool) -> tuple[str, str]:
        """Elements of a note's pitch and of its accidental, which stands where it is needed or written."""
        octave = min(max(note.octave, 0), _HIGHEST_OCTAVE)
        alter = f"<alter>{note.alter}</alter>" if note.alter else ""
        pitch = f"<pitch><step>{note.step}</step>{alter}<octave>{octave}</octave></pitch>"
        place = note.step, note.octave
        in_force = self._accidentals.get(place, self._alters.get(note.step, 0))
        if self._text[note.position] not in "^_=" and (tied or note.alter == in_force):
            return pitch, ""
        self._accidentals[place] = note.alter
        return pitch, f"<accidental>{_ACCIDENTALS[note.alter]}</accidental>"

    def _attributes(self, position: int) -> str:
        """Divisions, key, time, clef and transposition that have changed before `position`."""
        due = None
        while self._changes and self._changes[0].position < position:
            change = self._changes.pop(0)
            due = due.followed_by(change) if due else change
        if due is None:
            return ""
        self._alters = self._alters if due.alters is None else due.alters
        self._long_beat = due.long_beat or self._long_beat
        divisions = f"<divisions>{self._divisions}</divisions>" if due.position < 0 else ""
        return f"<attributes>{divisions}{due.key}{due.time}{due.clef}{due.transpose}</attributes>"

    def _marks_of(self, event: ScoreEvent) -> Marks:
        return self._marks.get(event.position, _NO_MARKS)

    def _ticks(self, duration: Fraction) -> int:
        return round(duration * 4 * self._divisions)


def _ratio(group: Bracket) -> str:
    ratio = f"<actual-notes>{group.notes}</actual-notes><normal-notes>{group.time}</normal-notes>"
    return f"<time-modification>{ratio}</time-modification>"


def _notation(elements: list[str]) -> str:
    return f"<notations>{''.join(elements)}</notations>" if elements else ""


def _is_bar_of_rest(layer: list[ScoreEvent], bar: Bar) -> bool:
    return len(layer) == 1 and not layer[0].notes and layer[0].duration == bar.length == bar.expected
