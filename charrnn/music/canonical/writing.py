"""A melody as text, in the one way there is: the meter's own unit length, beams by the beat, four bars a line.

Bar lines are | || |: :| and at the end |]; endings |1 and :|2; accidentals stand where key and bar do not imply them.
"""

from fractions import Fraction

from charrnn.music.canonical.durations import beam, figures, length
from charrnn.music.canonical.melody import Event, Measure, Melody, melody
from charrnn.music.notation.fields import ALTERS, FREE, Key, default_unit, read_meter

BARS_A_LINE = 4
SIGNS = {alter: sign for sign, alter in ALTERS.items() if alter is not None}


def canonical(text: str, *, title: bool = True) -> str:
    """A well-formed tune in canonical notation, without its `title` if one wants; LeftOut says why it has none."""
    return written(melody(text), title=title)


def written(tune: Melody, *, title: bool = True) -> str:
    meter = tune.measures[0].meter
    unit = default_unit(read_meter(meter) or FREE)
    head = ["X:1", f"T:{tune.title if title else 'Untitled'}", *([f"R:{tune.rhythm}"] if tune.rhythm else [])]
    head += [f"M:{meter}", f"L:{unit}", f"K:{key_name(tune.key)}"]
    return "\n".join([*head, _Body(unit, meter, tune.key).written(tune)])


def key_name(key: Key) -> str:
    return key.tonic + {"maj": "", "ion": "", "min": "m", "aeo": "m"}.get(key.mode, key.mode)


def named(step: str, octave: int) -> str:
    """A note without accidental: c' is ("C", 6)."""
    letter = step.lower() if octave > 4 else step
    return letter + "'" * (octave - 5) + "," * (4 - octave)


class _Body:
    """What the text so far implies for the next note: key, meter, the accidentals of the bar, an open tie."""

    def __init__(self, unit: Fraction, meter: str, key: Key):
        self.unit, self.meter, self.key = unit, meter, key
        self.accidentals: dict[str, int] = {}
        self.tie: tuple[str, int, int] | None = None

    def written(self, tune: Melody) -> str:
        parts: list[str] = []
        in_line, again = 0, False  # bars of the line: pick-ups and later endings do not count
        for number, measure in enumerate(tune.measures):
            again = measure.ending[0] > 1 if measure.ending else again and not measure.begins_part
            is_over = in_line >= BARS_A_LINE and not measure.ending and not again
            ends_line = number > 0 and (measure.begins_part or is_over)
            in_line = 0 if ends_line else in_line
            parts += [_bar_line(measure, ends_line=ends_line), self._measure(measure, is_first=not number)]
            in_line += (in_line > 0 or measure.length == measure.expected) and not again
        return "".join(parts) + (":" * tune.ends + "|" if tune.ends else "|]")

    def _measure(self, measure: Measure, *, is_first: bool) -> str:
        self.accidentals = {}
        changed = measure.meter != self.meter
        self.meter = measure.meter
        text = [f"[M:{self.meter}]" if changed else ""]
        beat, at = beam(self.meter), Fraction(0)
        if measure.expected and (is_first or measure.begins_part) and measure.length < measure.expected:
            at = measure.expected - measure.length  # the end of a bar
        for number, figure in enumerate(figures(measure.events, self.unit)):
            if number and at % beat == 0:
                text.append(" ")
            text.append(figure.sign)
            for event, units, behind in figure.notes:
                text += [self._event(event, units), behind]
                at += event.duration
        return "".join(text)

    def _event(self, event: Event, units: Fraction) -> str:
        changed = event.key != self.key
        self.key = event.key
        key = f"[K:{key_name(event.key)}]" if changed else ""
        if event.pitch is None:
            self.tie = None
            return f"{key}z{length(units)}"
        step, alter, octave = event.pitch
        implied = self.accidentals.get(step, self.key.alters.get(step, 0))
        if self.tie is not None and self.tie[::2] == (step, octave):
            implied = self.tie[1]
        sign = ""
        if alter != implied:
            sign = SIGNS[alter]
            self.accidentals[step] = alter
        self.tie = event.pitch if event.tied else None
        return key + sign + named(step, octave) + length(units) + "-" * event.tied


def _bar_line(measure: Measure, *, ends_line: bool) -> str:
    """The line before a bar, with the end of the line of text where there is one and the number of an ending."""
    line = ":" * measure.ends + "|" if measure.ends else "||" if measure.divides and not measure.starts else "|"
    opening = "|" + ":" * measure.starts if measure.starts else ""
    if not ends_line:
        line = opening if opening and not measure.ends else line + opening
    if not measure.barred:
        line = ""
    ending = ",".join(map(str, measure.ending))
    if ending:
        ending = ("" if line else "[") + ending + " "
    return line + ("\n" + opening if ends_line else "") + ending
