"""How long a sound may be, so that every bar and every tuplet can still be filled."""

import numpy as np

from charrnn.music.constraint.automaton import Automaton
from charrnn.music.constraint.counters import LONG, SIZES, STEP, TIMES, UNIT, C, K

_SIZES = np.array(SIZES)[:, None]


def is_simple(duration: np.ndarray) -> np.ndarray:
    """Whether one note sign, dotted or not, has that length; other programs want no ties within a tuplet."""
    odd = duration // (duration & -duration).clip(min=1)
    return (odd == 1) | (odd == 3)


class Rhythm:
    """`durations` (D,) are the lengths that can be written, in grains and in order: all multiples of the first."""

    def __init__(self, automaton: Automaton, durations: np.ndarray):
        self._automaton, self.durations, self.shortest = automaton, durations, int(durations[0])
        # Whatever the other notes of a tuplet are, its last one fills it up to a step if it can have these durations.
        steps = [set(range(1, step + 1)) for step in STEP.take(SIZES)]
        self._fillable = np.array([[step <= set(durations // self.shortest)] for step in steps])
        self._least = self._time(_SIZES * self.shortest, _SIZES)

    def sounded(self, state: np.ndarray) -> np.ndarray:
        """(K, B) after the note, rest or chord that `state` has just read, if it has."""
        node = state[C.NODE]
        kind, value = self._automaton.kind[node], self._automaton.value[node]
        after = state.copy()
        sound = (kind == K.SOUND) | (kind == K.CHORD)
        duration = np.where(sound, np.where(kind == K.CHORD, state[C.EXACT], value), 0)
        grouped = state[C.TUPLET_LEFT] > 0
        after[C.TUPLET_LEFT] -= sound & grouped
        written = state[C.TUPLET_SUM] + duration
        last = sound & grouped & (after[C.TUPLET_LEFT] == 0)
        p = state[C.TUPLET]
        after[C.ELAPSED] += np.where(last, written * TIMES[p] // np.maximum(p, 1), duration * ~grouped)
        after[C.TUPLET_SUM] = np.where(grouped, written, 0)
        # What is cut short, made longer or held has lost the length that a next note would have to have.
        binds = ~last & (state[C.BROKEN] == 0) & (state[C.HELD] == 0)
        after[C.LAST] = np.where(sound, duration * binds, state[C.LAST])
        after[C.BROKEN] *= ~sound
        after[C.HELD] *= ~sound
        after[C.EXACT] = np.where(kind == K.OF_CHORD, value, np.where(sound, 0, state[C.EXACT]))
        after[C.TIE] = np.where(sound, np.maximum(state[C.TIE], 0), state[C.TIE])
        after[C.SLUR_NOTES] += sound & (state[C.SLURS] > 0)  # in which no rest stands
        return after

    def room(self, state: np.ndarray, closing: np.ndarray) -> np.ndarray:
        """Grains to the bar line, (B,); in free meter many, but if the tune has to end, a unit's."""
        bound = (state[C.EXACT] > 0) | (state[C.TUPLET_LEFT] > 0) | (state[C.SLURS] > 1)
        free = np.where(closing & ~bound, UNIT, LONG)
        return np.where(state[C.BAR] > 0, state[C.BAR] - state[C.ELAPSED], free)

    def fitting(self, state: np.ndarray, only_longest: np.ndarray) -> np.ndarray:
        """Which durations the sound that is being read may have, (D, B): the bar and the tuplet can still be filled."""
        room, exact, durations = self.room(state, only_longest), state[C.EXACT], self.durations[:, None]
        fits = durations <= room
        if len(rows := np.flatnonzero(state[C.TUPLET_LEFT])):
            fits[:, rows] = self._fits_tuplet(state[:, rows], durations, room[rows])
        if len(rows := np.flatnonzero(exact)):
            fits[:, rows] &= durations == exact[rows]
        if len(rows := np.flatnonzero(only_longest)):
            longest = len(fits) - 1 - fits[::-1, rows].argmax(0)
            fits[:, rows] &= np.arange(len(fits))[:, None] == longest
        return fits

    def _fits_tuplet(self, state: np.ndarray, duration: np.ndarray, room: np.ndarray) -> np.ndarray:
        left, p = state[C.TUPLET_LEFT], state[C.TUPLET]
        written = state[C.TUPLET_SUM] + duration
        even = (left > 1) | (written % (STEP[p] * self.shortest) == 0) | (state[C.BAR] == 0)
        in_time = self._time(written + (left - 1) * self.shortest, p) <= room
        return even & in_time & is_simple(duration)

    def tuplets(self, state: np.ndarray, room: np.ndarray) -> np.ndarray:
        """Which tuplets the bar has room for, (SIZES, B)."""
        return (self._least <= room) & (self._fillable | (state[C.BAR] == 0))

    def _time(self, written: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Grains that a tuplet of `p` notes takes at least, if so many are `written`."""
        step = STEP[p] * self.shortest
        return -(-written // step) * step * TIMES[p] // np.maximum(p, 1)
