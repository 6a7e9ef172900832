"""A tune in canonical notation in another key: every interval stays, and so does all that is no note."""

from charrnn.music.canonical.melody import LeftOut
from charrnn.music.canonical.writing import SIGNS, key_name, named
from charrnn.music.notation import Note, read
from charrnn.music.notation.fields import Key, read_key
from charrnn.music.notation.lexer import State, tokens
from charrnn.music.notation.notes import SEMITONES

STEPS = "CDEFGAB"
SHARPS = {"": 0, "#": 1, "b": -1}
# The octave is the one that keeps most of a tune in here, g below the staff to b above it (a fiddle's first position),
# and of those the one whose mean is nearest to the mean of the bundled tunes.
LOWEST, HIGHEST, MIDDLE = 55, 83, 73
OCTAVES = range(-3, 4)
_WHITE = {"maj": "C", "ion": "C", "dor": "D", "phr": "E", "lyd": "F", "mix": "G", "min": "A", "aeo": "A", "loc": "B"}


def white_tonic(key: Key) -> str:
    """The tonic on which the mode of this key has no signature: A of minor ones, G of mixolydian ones."""
    return _WHITE[key.mode]


def whitened(text: str) -> str:
    """The tune in the key of its mode that has no signature."""
    key = read(text).header.key
    return transposed(text, white_tonic(key)) if key is not None and key.mode in _WHITE else text


def transposed(text: str, tonic: str) -> str:
    """The tune with this tonic, such as Bb; its mode stays.

    Keys that it changes to move along. LeftOut where a key or a note would need more accidentals than there are.
    """
    reading = read(text)
    keys = [(f, key) for f in reading.fields if f.letter == "K" and (key := read_key(f.value)) and key.mode in _WHITE]
    if not keys or keys[0][0].position > reading.header.end or not reading.notes:
        raise LeftOut("no tonic")
    steps, semitones = _interval(keys[0][1].tonic, tonic)
    pitches = [note.pitch for note in reading.notes]
    octave = min(OCTAVES, key=lambda o: _misfit(pitches, semitones + 12 * o))
    moved = [(f.position, f, key, *_moved_key(key, steps, semitones)) for f, key in keys]
    text_of: dict[int, tuple[int, str]] = {}  # where a piece begins: its end, and what takes its place
    for position, f, _, key, _ in moved:
        begin = text.index(f.value, position) if f.value else position
        text_of[begin] = begin + len(f.value), key_name(key)
    ends = {start: end for kind, start, end in tokens(text) if kind in _NOTES}
    here = 0
    for note in reading.notes:
        while here + 1 < len(moved) and moved[here + 1][0] < note.position:
            here += 1
        _, _, old, new, key_steps = moved[here]
        end = ends[note.position]
        is_altered = text[note.position] in "^_="
        text_of[note.position] = end, _moved_note(note, key_steps + 7 * octave, old, new, is_altered=is_altered)
    at = 0
    pieces = []
    for start in sorted(text_of):
        end, piece = text_of[start]
        pieces += [text[at:start], piece]
        at = end
    return "".join(pieces) + text[at:]


_NOTES = (State.NOTE, State.LINE_NOTE, State.INLINE_NOTE)


def _interval(old: str, new: str) -> tuple[int, int]:
    """Steps and semitones upward from one tonic to another, less than an octave."""
    steps = (STEPS.index(new[0]) - STEPS.index(old[0])) % 7
    return steps, (_pitch_class(new) - _pitch_class(old)) % 12


def _pitch_class(tonic: str) -> int:
    return (SEMITONES[tonic[0]] + SHARPS[tonic[1:]]) % 12


def _misfit(pitches: list[int], semitones: int) -> tuple[int, float]:
    outside = sum(not LOWEST <= pitch + semitones <= HIGHEST for pitch in pitches)
    return outside, abs(sum(pitches) / len(pitches) + semitones - MIDDLE)


def _moved_key(key: Key, steps: int, semitones: int) -> tuple[Key, int]:
    """The key so much higher, under a neighbour's name where its own has too many accidentals, and the steps to it."""
    signs = {value: sign for sign, value in SHARPS.items()}
    for renamed in (steps, steps + 1, steps - 1):
        step = STEPS[(STEPS.index(key.tonic[0]) + renamed) % 7]
        sharps = (_pitch_class(key.tonic) + semitones - SEMITONES[step] + 6) % 12 - 6
        name = step + signs.get(sharps, "?") + key_name(key)[len(key.tonic) :]
        if sharps in signs and (moved := read_key(name)) is not None:
            return moved, renamed
    raise LeftOut("key with too many accidentals")


def _moved_note(note: Note, steps: int, old: Key, new: Key, *, is_altered: bool) -> str:
    octave, place = divmod(7 * note.octave + STEPS.index(note.step) + steps, 7)
    step = STEPS[place]
    if not is_altered:
        return named(step, octave)
    alter = note.alter - old.alters.get(note.step, 0) + new.alters.get(step, 0)
    if alter not in SIGNS:
        raise LeftOut("note with too many accidentals")
    return SIGNS[alter] + named(step, octave)
