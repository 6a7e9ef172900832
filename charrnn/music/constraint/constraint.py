"""Which character may come next: the strict subset of ABC that `read` calls well-formed, whatever is drawn from it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from charrnn.errors import UserError
from charrnn.music.constraint.automaton import Builder
from charrnn.music.constraint.body_grammar import BodyGrammar
from charrnn.music.constraint.counters import ADD, DYNAMIC, KEEP, UNIT, WHOLE, C, Counter, E, K
from charrnn.music.constraint.header_grammar import HeaderGrammar, units
from charrnn.music.constraint.rules import SLACK, Rules
from charrnn.music.constraint.sounds import LENGTHS, LOWER, UPPER
from charrnn.music.notation.fields import CLEF_ONLY, Meter, default_unit, read_key, read_meter

LEVELS = ("header", "syntax", "bars")
NEEDED = "\n:|1KMTX"  # and a tonic, a meter, a note
LONGEST_BAR = 8  # whole notes, of a meter that is asked for
# By the bar in 64ths of a whole note, 0 in free meter; 24/2 is the longest.
_DEFAULT_LENGTHS = np.array(
    [int(WHOLE * default_unit(Meter(Fraction(bar, WHOLE) if bar else None, None))) for bar in range(12 * WHOLE + 1)]
)


class Constraint:
    """`header`: X, T, M, L, K in legal order with legal values, then anything. `syntax`: the body parses, too.
    `bars`: and bars add up to the meter, repeats and endings pair up, the tune ends on a bar line.

    A state is (K, B) int64, one column a tune; `start` (K,) is that before the first character.
    """

    def __init__(self, level: str, characters: Sequence[str], end: str, max_chars: int, fixed: Mapping[str, str]):
        text = "".join(c for c in characters if c.isprintable() and c not in "%\\")
        _check_fixed(fixed, text)
        build = Builder(characters, DYNAMIC)
        goal = build.node()
        build.edge(goal, end, goal)
        header = HeaderGrammar(build, fixed, text)
        if level == "header":
            body = build.node()
            build.edge(body, set(characters) - {end}, body)
            build.edge(body, end, goal)
        else:
            body = BodyGrammar(build, goal, end, text, is_strict=level == "bars").start
        for node in header.keys:
            build.edge(node, "\n", body, effect=E.BODY)
        self._automaton = build.compiled(goal)
        _check_alphabet(characters, self._automaton.distance[header.start] < len(self._automaton.distance))
        durations = sorted({UNIT, *(grains for word, grains in LENGTHS.items() if build.spells(word))})
        self._fills = level == "bars"
        self._rules = Rules(self._automaton, np.array(durations), build.choices, is_strict=self._fills)
        self._conditions = self._automaton.condition + self._automaton.begins * np.int16(self._rules.number)
        self._nearer = self._automaton.distance[self._automaton.to] < self._automaton.distance[:, None]
        # What ends a tune, in this order, as soon as it may come.
        self._ends = [] if level == "header" else [build.ids[c] for c in (end, *")|:") if c in build.ids]
        between = {" ", "|", "\n"}  # a note and the one it is tied to
        tied = [[c == letter or c in between for c in characters] for letter in characters]
        self._tied = np.array([[True] * len(characters), *tied])
        notes = UPPER + LOWER
        self._letters = np.array([2 << notes.index(c) if c in notes else 0 for c in characters])
        self._seen: tuple[np.ndarray, tuple[np.ndarray, np.ndarray]] | None = None
        self.start = np.zeros(len(Counter), dtype=np.int64)
        self.start[[C.NODE, C.LEFT, C.SHORT, C.REPEATABLE]] = header.start, max_chars, 1, 1
        least = int(self._rules.needed(self.start[:, None])[0]) + SLACK
        if max_chars < least:
            raise UserError(
                f"max_chars: expected at least {least}, what a tune may take with constraint={level}, got {max_chars}; "
                "raise it"
            )

    def allowed(self, state: np.ndarray) -> np.ndarray:
        """(B, V) bool: which characters may come next; at least one in every row."""
        node = state[C.NODE]
        sounded, after = self._completed(state)
        closing = self._rules.closing(after)
        held, complete = self._rules.conditions(state, sounded, after, closing)
        of_edges = np.concatenate([held, held & complete])  # of those that go on, and those that begin a token
        rows = np.arange(len(node))
        allowed = of_edges.ravel().take(np.multiply(self._conditions[node], len(node), dtype=np.int64) + rows[:, None])
        if len(tied := np.flatnonzero(state[C.TIE] > 0)):
            allowed[tied] &= self._tied[state[C.TIE][tied]]
        if len(chord := np.flatnonzero(state[C.CHORD])):
            allowed[chord] &= (self._letters & state[C.CHORD][chord, None]) == 0  # a note sounds once
        if closing.any():
            closing = np.flatnonzero(closing)
            allowed[closing] = self._to_the_end(allowed[closing], node[closing])
        return allowed

    def _completed(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `advance` needs again of the state that `allowed` has just seen."""
        if self._seen is None or self._seen[0] is not state:
            self._seen = (state, self._rules.completed(state))
        return self._seen[1]

    def _to_the_end(self, allowed: np.ndarray, node: np.ndarray) -> np.ndarray:
        header = self._automaton.kind[node] == K.HEADER
        allowed[header] &= self._nearer[node[header]]
        for character in self._ends:
            forced = np.flatnonzero(allowed[:, character] & ~header)
            allowed[forced] = False
            allowed[forced, character] = True
        return allowed

    def advance(self, state: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """The state after one more character of every tune, `ids` (B,), each of them allowed."""
        node = state[C.NODE]
        begins = self._automaton.begins[node, ids]
        after = np.where(begins, self._completed(state)[1], state)
        effect = self._automaton.effect[node, ids]
        value = self._automaton.value[node]
        is_note = effect == E.NOTE
        after[C.TIE] = np.where(is_note & (after[C.TIE] > 0), -1, after[C.TIE])
        after[C.LETTER] = np.where(is_note, ids, after[C.LETTER])
        after[C.TIE] = np.where(effect == E.TIE, after[C.LETTER] + 1, after[C.TIE])
        after[C.EXACT] = np.where(effect == E.BROKEN, after[C.LAST], after[C.EXACT])
        after[C.CHORD] |= np.where(is_note & (after[C.CHORD] > 0), self._letters[ids], 0)
        held = after[C.HELD] * is_note
        after *= KEEP.take(effect, 1)
        after += ADD.take(effect, 1)
        after[C.BARE] *= 1 - held
        if ((effect >= E.METER) & (effect <= E.BODY)).any():
            meter, length = effect == E.METER, effect == E.LENGTH
            for name, of_value in ((C.METER, value >> 1), (C.EVEN, value & 1)):
                after[name] = np.where(meter, of_value, after[name])
            after[C.LENGTH] = np.where(length, value, after[C.LENGTH])
            self._begin_music(after, effect == E.BODY)
        after[C.NODE] = self._automaton.to[node, ids]
        after[C.LEFT] -= 1
        return after

    def _begin_music(self, state: np.ndarray, rows: np.ndarray) -> None:
        meter = state[C.METER]
        length = np.where(state[C.LENGTH] > 0, state[C.LENGTH], _DEFAULT_LENGTHS[meter])
        state[C.BAR] = np.where(rows & self._fills, meter * UNIT // length, state[C.BAR])


def _check_alphabet(characters: Sequence[str], is_enough: bool) -> None:
    missing = "".join(sorted(set(NEEDED) - set(characters)))
    if missing or not is_enough:
        raise UserError(
            f"constraint: expected an alphabet with {NEEDED!r} and the letters and digits of keys, meters and notes, "
            f"but the checkpoint's lacks {missing or 'some of these'!r}; train on ABC tunes, or use constraint=none"
        )


def _check_fixed(fixed: Mapping[str, str], text: str) -> None:
    """Raise for a header field that no tune can have: `fixed` holds values of some of K, M, R and T."""
    names = {"K": "key", "M": "meter", "R": "rhythm", "T": "title"}
    for letter, value in fixed.items():
        unknown = sorted(set(value) - set(text) - {" "})
        if unknown or not value.strip():
            raise UserError(
                f"{names[letter]}: expected text of the checkpoint's alphabet, got {value!r}"
                + (f" with {''.join(unknown)!r}; leave that out" if unknown else "")
            )
    if "K" in fixed and read_key(fixed["K"]) in (None, CLEF_ONLY):
        raise UserError(f"key: expected a key such as Gm, D or Ador, got {fixed['K']!r}")
    if "M" in fixed:
        meter = read_meter(fixed["M"])
        if meter is None:
            raise UserError(f"meter: expected a meter such as 6/8, 3/4 or C|, got {fixed['M']!r}")
        if meter.bar is not None and not (meter.bar <= LONGEST_BAR and units(meter.bar)):
            raise UserError(
                f"meter: expected one whose bars a tune can fill, 1/{WHOLE} to {LONGEST_BAR} whole notes, "
                f"got {fixed['M']!r}"
            )
