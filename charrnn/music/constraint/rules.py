"""Which conditions hold, by what the counters say; near the greatest length only those that lead to the end."""

import numpy as np

from charrnn.music.constraint.automaton import Automaton
from charrnn.music.constraint.counters import DYNAMIC, IF, MOST_INSIDE, MOST_SLUR_LINES, SIZES, UNIT, C, K, Line
from charrnn.music.constraint.lengths import Rhythm
from charrnn.music.constraint.repeats import Repeats
from charrnn.music.notation.reading import ENOUGH_NOTES

SLACK = 120
"""Characters: more than any one of them adds to what is `needed`."""
MOST_NEEDED = 800
"""More than that, the way through the automaton apart."""


class Rules:
    """`durations` are those of `Rhythm`; `choices`, for the dynamic conditions, the durations or (as -1 - Line) the bar
    lines of which one has to be possible."""

    def __init__(self, automaton: Automaton, durations: np.ndarray, choices: list[tuple[int, ...]], is_strict: bool):
        self._automaton = automaton
        self._most_needed = int(automaton.distance.max()) + MOST_NEEDED
        self._rhythm, self._repeats = Rhythm(automaton, durations), Repeats(automaton, is_strict)
        options = [*durations.tolist(), *(-1 - line for line in Line)]
        chosen = [[option in some for option in options] for some in choices]
        self.number = DYNAMIC + len(choices)  # of conditions
        self._spelled = np.array([[(automaton.condition == IF.TUPLETS + i).any()] for i in range(len(SIZES))])
        self._any_of = np.array(chosen, dtype=np.float32).reshape(-1, len(options))

    def completed(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K, B) once the note and once the bar line that `state` has just read is complete."""
        sounded = self._rhythm.sounded(state)
        return sounded, self._repeats.barred(sounded)

    def conditions(
        self, state: np.ndarray, sounded: np.ndarray, after: np.ndarray, closing: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which conditions hold, (conditions, B), and whether the token just read may be complete, (B,)."""
        node = state[C.NODE]
        kind, value = self._automaton.kind[node], self._automaton.value[node]
        is_note = (kind == K.SOUND) | (kind == K.OF_CHORD)
        # A tune that has to end has its longest notes; what has been begun, a length or a bar line, may be finished.
        fitting = self._rhythm.fitting(state, closing & is_note & (value == UNIT))
        lines = self._repeats.lines(sounded, closing & (kind != K.LINE) & (kind != K.LINE_BEGUN))
        possible = np.concatenate([fitting, lines]).astype(np.float32)
        any_of = self._any_of @ possible > 0
        held = np.empty((self.number, state.shape[1]), dtype=bool)
        held[DYNAMIC:] = any_of
        self._named(held, after, closing)
        held[IF.OCTAVE] = state[C.TIE] >= 0
        rows = np.arange(len(node))
        durations = self._rhythm.durations
        place = np.searchsorted(durations, value).clip(max=len(durations) - 1)
        complete = (~is_note | fitting[place, rows]) & ((kind != K.LINE) | lines[value.clip(max=len(Line) - 1), rows])
        complete &= (kind != K.GROUP) | (state[C.SLURS] == 1)
        return held, complete

    def _named(self, held: np.ndarray, state: np.ndarray, closing: np.ndarray) -> None:
        going = ~closing
        exact, owed, untied = state[C.EXACT] > 0, state[C.OWED] > 0, state[C.TIE] <= 0
        bound = exact | (state[C.TUPLET_LEFT] > 0)
        swung, unslurred = state[C.HORNPIPE] == 1, state[C.SLURS] == 0
        room = self._rhythm.room(state, closing)
        note = ~owed & (bound | (room >= self._rhythm.shortest))
        other = note & untied & going
        # No bar line may come before the slur ends, and the bar is full.
        slur_due = (state[C.SLUR_LINES] == MOST_SLUR_LINES) & (room < self._rhythm.shortest)
        begun = self._repeats.first_ending(state) & ~owed & untied & unslurred
        first = begun & going
        ends = ~bound & ~owed
        held[IF.NEVER] = False
        held[IF.ALWAYS] = True
        held[IF.MORE] = going
        held[IF.FEW] = going & (state[C.INSIDE] < MOST_INSIDE)
        held[IF.NO_LENGTH] = state[C.LENGTH] == 0
        held[IF.HORNPIPE] = (state[C.METER] == 0) | (state[C.EVEN] == 1)
        held[IF.NO_HORNPIPE] = ~swung
        held[IF.NOTE] = note
        held[IF.OTHER] = other
        held[IF.HELD] = other & ~swung
        held[IF.REST] = other & unslurred
        tuplets = self._rhythm.tuplets(state, room) & ~bound
        held[IF.TUPLETS : DYNAMIC] = tuplets
        held[IF.GROUP] = other & (unslurred | (tuplets & self._spelled).any(0))
        held[IF.SLUR_END] = state[C.SLUR_NOTES] > 1
        held[IF.TIE] = (state[C.BARE] == 1) & going & ~slur_due
        last = state[C.LAST]
        # Halves and quarters of it, and what they leave of the other note, are lengths of one note head.
        halves = (last > 1) & (last & (last - 1) == 0)
        held[IF.BROKEN] = halves & (last <= room) & ~bound & ~swung & untied & going
        held[IF.BROKEN_TWICE] = going & (state[C.EXACT] >= UNIT)
        held[IF.FIRST] = first
        held[IF.FIRST_BEGUN] = begun
        held[IF.SECOND] = owed
        held[IF.ENDING] = first | owed
        held[IF.BRACKET] = other | first | owed
        held[IF.SPACE] = ~exact & ~slur_due  # at the end, too: the way from a letter that begins a line to a colon
        held[IF.SPACES] = ~exact & going & ~owed
        held[IF.NEWLINE] = ends & going & ~slur_due
        held[IF.FIELD] = ends & going & untied & (state[C.ELAPSED] == 0) & unslurred
        may_end = ends & untied & unslurred & (state[C.NOTES] >= ENOUGH_NOTES)
        held[IF.END] = may_end & self._repeats.may_end(state)

    def closing(self, state: np.ndarray) -> np.ndarray:
        """(B,): whether there are no more characters than it takes to bring the tune to its end."""
        if state[C.LEFT].min() > self._most_needed:
            return np.zeros(state.shape[1], dtype=bool)
        return state[C.LEFT] <= self.needed(state) + SLACK

    def needed(self, state: np.ndarray) -> np.ndarray:
        """Characters that are enough to end the tune, (B,): each part of it counted at its worst."""
        missing = np.maximum(ENOUGH_NOTES - state[C.NOTES], 0)
        needed = self._automaton.distance[state[C.NODE]] + 7 * state[C.TUPLET_LEFT] + 8 * missing
        needed += 12 * (state[C.EXACT] > 0) + 40 * (state[C.ELAPSED] > 0) + 40 * (state[C.TIE] > 0)
        needed += (
            45 * (state[C.SLURS] > 0) + 40 * (state[C.FULL] == 0) + 45 * ((state[C.OPEN] > 0) | (state[C.ENDING] == 2))
        )
        return needed + 90 * ((state[C.ENDING] == 1) | (state[C.OWED] > 0))
