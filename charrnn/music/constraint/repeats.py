"""Bar lines: which may come where, so that bars are full, repeats and endings pair up."""

import numpy as np

from charrnn.music.constraint.automaton import Automaton
from charrnn.music.constraint.counters import MOST_SLUR_LINES, C, K, L
from charrnn.music.notation.reading import ENOUGH_NOTES


class Repeats:
    """With `is_strict`, bars, repeats and endings have to come out even; else any line may follow any sound."""

    def __init__(self, automaton: Automaton, is_strict: bool):
        self._automaton, self._is_strict = automaton, is_strict

    def barred(self, state: np.ndarray) -> np.ndarray:
        """(K, B) after the bar line that `state` has just read, if it has."""
        node = state[C.NODE]
        is_line = self._automaton.kind[node] == K.LINE
        if not is_line.any():
            return state
        line = np.where(is_line, self._automaton.value[node], -1)
        plain, ends, starts = line == L.PLAIN, line == L.ENDS, (line == L.STARTS) | (line == L.BOTH)
        filled, full = _filled(state)
        after = state.copy()
        after[C.FULL] += is_line & full & (state[C.BAR] > 0)
        after[C.PART] = np.where(ends | starts, 0, state[C.PART] + (is_line & filled))
        picks_up = filled & ~full & (plain | starts) & (state[C.SHORT] > 0)
        after[C.PICK_UP] = np.where(picks_up, state[C.ELAPSED], state[C.PICK_UP])
        after[C.SLUR_LINES] += is_line & (state[C.SLURS] > 0)
        after[C.ELAPSED] *= ~is_line
        after[C.LAST] *= ~is_line
        if self._is_strict:
            owes = ends & (state[C.ENDING] == 1)
            after[C.OWED] = np.where(is_line, owes, state[C.OWED])
            after[C.OPEN] = np.where(starts, 1, np.where(ends, 0, state[C.OPEN]))
            after[C.REPEATABLE] = np.where(starts, 1, np.where(ends, 0, state[C.REPEATABLE]))
            after[C.ENDING] = np.where(plain | ~is_line | owes, state[C.ENDING], 0)
        after[C.SHORT] = np.where(is_line & (filled | ~plain), ~plain, state[C.SHORT])
        return after

    def lines(self, state: np.ndarray, closing: np.ndarray) -> np.ndarray:
        """Which bar lines may come, (Line, B)."""
        filled, full = _filled(state)
        going, untied = ~closing, state[C.TIE] <= 0
        may = (state[C.TUPLET_LEFT] == 0) & (state[C.EXACT] == 0) & (state[C.OWED] == 0) & (full | going)
        slurred = state[C.SLURS] > 0
        may &= state[C.SLUR_LINES] < MOST_SLUR_LINES
        unbound = may & untied & ~slurred
        if not self._is_strict:
            ends = unbound & filled
            return np.stack([may & filled, ends, ends, unbound & going, ends & going])
        ending, is_open, short = state[C.ENDING], state[C.OPEN] == 1, state[C.SHORT]
        outside = ~is_open & (ending != 1)
        # A bar may be short where a part begins; a part may end with what its pick-up has left of a bar.
        whole = filled & (full | (state[C.ELAPSED] + state[C.PICK_UP] == state[C.BAR]))
        # A line of text may begin with a bar line once more.
        kind = self._automaton.kind[state[C.NODE]]
        again = ~filled & (short < 2) & ((kind == K.LINE_START) | (kind == K.LINE))
        # A tune that has to end closes what is open as soon as it has the notes.
        goes_on = going | (~is_open & (ending == 0)) | (state[C.NOTES] < ENOUGH_NOTES) | ~untied | slurred
        plain = may & (again | (filled & (full | (short > 0)) & goes_on))
        double = unbound & outside & (whole | again) & (going | (ending == 2))
        ends = unbound & filled & (going | ~outside)
        starts = unbound & outside & going & (whole | (filled & (short == 1)) | (~filled & (short < 2)))
        both = unbound & filled & going & (ending == 0) & (state[C.REPEATABLE] == 1)
        return np.stack([plain, double, ends, starts, both])

    def may_end(self, state: np.ndarray) -> np.ndarray:
        """(B,): nothing of a bar, a repeat or an ending is left open, and there is a full bar."""
        if not self._is_strict:
            return np.ones(state.shape[1], dtype=bool)
        even = (state[C.ELAPSED] == 0) & (state[C.SHORT] < 2) & ((state[C.BAR] == 0) | (state[C.FULL] > 0))
        return even & (state[C.OPEN] == 0) & (state[C.ENDING] == 0)

    def first_ending(self, state: np.ndarray) -> np.ndarray:
        """(B,): behind a plain line in the middle of a part that can be repeated."""
        within = (state[C.ELAPSED] == 0) & (state[C.SHORT] == 0) & (state[C.PART] > 0)
        return within & (state[C.ENDING] == 0) & (state[C.REPEATABLE] == 1)


def _filled(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(B,): something is in the bar; as much as the meter asks for."""
    filled = state[C.ELAPSED] > 0
    return filled, filled & ((state[C.BAR] == 0) | (state[C.ELAPSED] == state[C.BAR]))
