"""Where a tune in canonical notation stands after each of its characters, known from what stands before alone.

A `Context` is all that must be kept of a tune while it is written: a few numbers, and what stood in its bars so far.
"""

from collections.abc import Callable
from enum import IntEnum

from charrnn.music.notation.fields import read_key, read_meter, read_unit
from charrnn.music.notation.figures import TUPLETS
from charrnn.music.notation.lexer import CLASS, NEXT, State

WHOLE = 80640  # grains of a whole note: a third, fifth, seventh or ninth of 1/256 of it is a whole number of them
PLACES = 96  # of a whole note, that are told apart: 32nd notes, and sixteenths of triplets
LONGEST = 2 * PLACES
BARS_BACK = 64  # at most
MOST_UNITS = 999
S = State
_OTHER = len(NEXT[0]) - 1
_NOTES = "ABCDEFGabcdefg"
# Of what kind a character is, if one asks what followed it: all notes are of one, any other is one of its own.
KINDS = {c: i for i, c in enumerate("|:[]\n ^_=(-1234567890/,'<>z")} | dict.fromkeys(_NOTES, 31)
OTHER_KIND = 30


class Repeat(IntEnum):
    """What has begun and is to be closed; a second ending is due behind the :| of a first one."""

    NONE, BEGUN, FIRST_ENDING, SECOND_DUE, SECOND_ENDING = range(5)


class Context:
    """The state of one tune; `read` takes its next character.

    `in_music`: the header is over; before, the rest means nothing but `field`, the letter of the field that was begun
    last, `in_value`, whether its colon was read and the line is not over, and the values of `meter` and `rhythm`.
    `left`: grains that the bar still lacks, negative if it is too full, None in free meter; a note counts with its
    length as far as it is written. `elapsed`: grains before that note. `bar`: complete bars of the part; a second
    ending goes on from where the first one began. `part`: complete parts. `repeat`: what has begun and is to be
    closed. `pick_up`: grains of the part's pick-up, which its last bar leaves out. `tonic` and `mode` of the key;
    `degree`: steps of the last note above the tonic, 0 to 6, None before the first.
    """

    __slots__ = (
        "_beat", "_before_line", "_broken", "_current", "_denominator", "_ending", "_expected", "_factor", "_first",
        "_has_sound", "_last", "_line", "_numerator", "_place", "_slashes", "_state", "_step", "_stood", "_tuplet",
        "_unit", "_value", "bar", "degree", "elapsed", "field", "in_music", "in_value", "left", "meter", "mode", "part",
        "pick_up", "repeat", "rhythm", "tonic",
    )  # fmt: skip

    def __init__(self) -> None:
        self.in_music = False
        self.left: int | None = None
        self.elapsed = self.bar = self.part = self.pick_up = 0
        self.repeat = Repeat.NONE
        self.tonic, self.mode, self.meter, self.rhythm = "", "", "", ""
        self.degree: int | None = None
        self.field, self.in_value = "", False
        self._state, self._value, self._line = int(S.START), "", ""
        self._unit, self._beat = WHOLE // 8, 2
        self._expected: int | None = None
        # The sound being read: what one unit of it lasts, as a share of 1, its length as it is written, its grains.
        self._factor = (1, 1)
        self._numerator = self._slashes = self._denominator = self._current = 0
        self._last, self._broken = 0, 0  # grains of the note before < or >, signs of it
        self._tuplet = (1, 1, 0)  # so many notes, in the time of how many, how many are still to come
        self._has_sound = False  # in this part
        self._first = BARS_BACK  # number of the part's first bar in the tune
        self._before_line = (0, 0, BARS_BACK, False)  # bar, part, first and whether there is a sound, before a bar line
        # Where the first ending began: bar, part, first, elapsed, pick-up.
        self._ending: tuple[int, int, int, int, int] | None = None
        self._step = 0  # of the tonic
        self._stood: dict[int, str] = {}  # what followed, by bar, place in it and kind
        self._place = -1

    def read(self, character: str) -> None:
        if self._place >= 0:
            self._stood[self._place] = character
        entry = NEXT[self._state][CLASS.get(character, _OTHER)]
        before, self._state = self._state, entry >> 1
        handler = _HANDLERS[self._state]
        if handler is not None:
            handler(self, character, before)
        if self.in_music and self._expected is not None:
            left = self.left = self._expected - self.elapsed - self._current
            place = min(-(-left * PLACES // WHOLE), LONGEST) if left >= 0 else LONGEST + 1
            self._place = (self._first + self.bar << 13) + (place << 5) + KINDS.get(character, OTHER_KIND)

    def stood(self, bars: int) -> str:
        """What followed at this place so many bars ago, behind a character of this kind; "" where nothing did."""
        return self._stood.get(self._place - (bars << 13), "") if self._place >= 0 else ""

    def _finish_sound(self) -> None:
        self.elapsed += self._current
        self._current = 0

    def _sounds(self) -> None:
        top, bottom = self._factor
        upper = min(self._numerator or 1, MOST_UNITS) * self._unit * top
        self._current = upper // ((self._denominator or 1 << min(self._slashes, 8)) * bottom)

    def _close_bar(self) -> None:
        self._finish_sound()
        self._tuplet, self._broken = (1, 1, 0), 0
        if self.elapsed:
            # A bar that is not full and stands first is a pick-up, part of the bar before it.
            if self.bar or self.elapsed == self._expected:
                self.bar += 1
            else:
                self.pick_up = self.elapsed
            self.elapsed = 0

    def _end_part(self) -> None:
        if self._has_sound:
            self._first += max(self.bar, 1)
            self.part, self.bar, self.pick_up, self._has_sound = self.part + 1, 0, 0, False


def _letter(context: Context, character: str, before: int) -> None:
    """A note, a rest, or the letter of a field."""
    _begin_field(context, character, before)
    _sound(context, character, before)


def _sound(context: Context, character: str, before: int) -> None:
    if not context.in_music or character in ",'":
        return
    if context.repeat == Repeat.SECOND_DUE:
        context.repeat = Repeat.NONE  # it did not come
    context._finish_sound()
    notes, time, left = context._tuplet
    if left:
        context._tuplet = (notes, time, left - 1)
    top, bottom = (time, notes) if left else (1, 1)
    if context._broken > 0:
        bottom <<= context._broken
    elif context._broken < 0:
        top, bottom = top * ((2 << -context._broken) - 1), bottom << -context._broken
    context._broken, context._factor, context._has_sound = 0, (top, bottom), True
    context._numerator = context._slashes = context._denominator = 0
    context._sounds()
    if character in _NOTES:
        context.degree = ("CDEFGAB".index(character.upper()) - context._step) % 7


def _numerator(context: Context, character: str, before: int) -> None:
    if context._current:
        context._numerator = min(10 * context._numerator + int(character), MOST_UNITS + 1)
        context._sounds()


def _slash(context: Context, character: str, before: int) -> None:
    if context._current:
        context._slashes += 1
        context._sounds()


def _denominator(context: Context, character: str, before: int) -> None:
    if context._current:
        context._denominator = min(10 * context._denominator + int(character), MOST_UNITS)
        context._sounds()


def _broken(context: Context, character: str, before: int) -> None:
    """> makes the sound before it half as long again and the next one half as long, < the other way round."""
    sign = 1 if character == ">" else -1
    if not context._broken:
        context._last = context._current
        context._finish_sound()
    else:
        context.elapsed -= _changed(context._last, context._broken)
    context._broken += sign
    context.elapsed += _changed(context._last, context._broken)


def _changed(grains: int, signs: int) -> int:
    return grains - (grains >> signs) if signs > 0 else (grains >> -signs) - grains


def _tuplet(context: Context, character: str, before: int) -> None:
    notes = int(character) + 10 * context._tuplet[0] * (before == S.TUPLET)
    context._tuplet = (max(notes, 1), TUPLETS.get(notes, 0) or context._beat, notes)


def _tuplet_time(context: Context, character: str, before: int) -> None:
    notes, time, left = context._tuplet
    context._tuplet = (notes, max(int(character) + 10 * time * (before == S.TUPLET_TIME), 1), left)


def _tuplet_notes(context: Context, character: str, before: int) -> None:
    notes, time, left = context._tuplet
    context._tuplet = (notes, time, int(character) + 10 * left * (before == S.TUPLET_NOTES))


def _bar_line(context: Context, character: str, before: int) -> None:
    """| || |: :| |], character by character; a colon begins one, but in a header it ends the name of a field."""
    if not context.in_music:
        context.in_value = context._state == S.COLON_AT_LINE
        return
    begins = before not in (S.BAR, S.COLON, S.BRACKET, S.COLON_AT_LINE, S.DOT)
    if begins:
        context._line = ""
        context._close_bar()
        context._before_line = (context.bar, context.part, context._first, context._has_sound)
    context._line += character
    if len(context._line) > 1 or character == ":":
        context._end_part()
        context.repeat = _after_line(context._line, context.repeat)


def _after_line(line: str, before: Repeat) -> Repeat:
    """What is open behind a bar line, as far as it is read: | || |] :| |: :: and those that end with one of these."""
    if line.endswith(("|:", "::")):
        return Repeat.BEGUN
    if line.endswith(":|"):
        return Repeat.SECOND_DUE if before == Repeat.FIRST_ENDING else Repeat.NONE
    return Repeat.NONE if line != ":" and before > Repeat.BEGUN else before


def _ending(context: Context, character: str, before: int) -> None:
    if not context.in_music or before == S.ENDING_MORE:
        return
    if character == "1":
        context._finish_sound()
        if before in (S.BAR, S.COLON):  # a first ending goes on with the part, whatever line it begins with
            context.bar, context.part, context._first, context._has_sound = context._before_line
        context._ending = (context.bar, context.part, context._first, context.elapsed, context.pick_up)
        context.repeat = Repeat.FIRST_ENDING
    elif context._ending is not None:
        context.repeat = Repeat.SECOND_ENDING
        context.bar, context.part, context._first, context.elapsed, context.pick_up = context._ending
        context._current, context._has_sound = 0, True


def _begin_field(context: Context, character: str, before: int) -> None:
    """At the beginning of a line or inside [, where a colon may follow."""
    context.field, context.in_value = character, False


def _value(context: Context, character: str, before: int) -> None:
    context.in_value = True
    context._value = "" if before not in _VALUES else context._value + character
    if before in _LINE_SOUNDS:
        context._current = 0  # the letter was no note


def _end_of_field(context: Context, character: str, before: int) -> None:
    context.in_value = False
    if before not in _VALUES:
        return
    letter, value = context.field, context._value.strip()
    if letter == "K":
        key = read_key(value)
        if key is not None:
            context.tonic, context.mode = key.tonic, key.mode
            context._step = max("CDEFGAB".find(key.tonic[:1] or "C"), 0)
        context.in_music = True
    elif letter == "M":
        meter = read_meter(value)
        if meter is not None:
            context.meter = value
            context._expected = None if meter.bar is None else int(meter.bar * WHOLE)
            context._beat = 3 if meter.beat is not None and meter.beat.numerator == 3 else 2
            if not context.in_music:
                context._unit = WHOLE // (16 if meter.bar is not None and meter.bar * 4 < 3 else 8)
    elif letter == "L":
        context._unit = int((read_unit(value) or 0) * WHOLE) or context._unit
    elif letter == "R":
        context.rhythm = value


_VALUES = (S.VALUE, S.VALUE_ESCAPE, S.INLINE_VALUE, S.INLINE_ESCAPE)
_LINE_SOUNDS = (S.LINE_NOTE, S.LINE_REST)
_BY_STATE: dict[int, Callable[[Context, str, int], None]] = {
    **dict.fromkeys((S.LINE_NOTE, S.LINE_REST, S.INLINE_NOTE, S.INLINE_REST), _letter),
    **dict.fromkeys((S.NOTE, S.REST), _sound),
    **dict.fromkeys((S.LINE_LETTER, S.INLINE_LETTER, S.LINE_UNUSED, S.INLINE_UNUSED, S.LINE_PLUS), _begin_field),
    **dict.fromkeys(_VALUES, _value),
    **dict.fromkeys((S.NEWLINE, S.INLINE_END), _end_of_field),
    S.NUMERATOR: _numerator,
    S.SLASH: _slash,
    S.DENOMINATOR: _denominator,
    **dict.fromkeys((S.SHORT_LONG, S.LONG_SHORT), _broken),
    S.TUPLET: _tuplet,
    S.TUPLET_TIME: _tuplet_time,
    S.TUPLET_NOTES: _tuplet_notes,
    **dict.fromkeys((S.BAR, S.COLON, S.COLON_AT_LINE), _bar_line),
    S.ENDING: _ending,
}
_HANDLERS = [_BY_STATE.get(state) for state in State]
