"""An automaton over characters as integer tables: where a character leads, on what condition, and what it changes."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

NEVER, ALWAYS = 0, 1
"""Conditions; what the others are is for those to say who build the automaton."""


class Edge(NamedTuple):
    """`begins`: the character begins a token, so the one before it is complete."""

    to: int
    condition: int
    effect: int
    begins: bool


@dataclass(frozen=True)
class Automaton:
    """The tables, N nodes by V characters: int16, since small ones stay in the processor's cache; `begins` is bool.

    `value` (N,) is what a token that ends there is worth, `kind` (N,) what it is, `distance` (N,) how many characters
    lie between there and the goal at least.
    """

    to: np.ndarray
    condition: np.ndarray
    effect: np.ndarray
    begins: np.ndarray
    value: np.ndarray
    kind: np.ndarray
    distance: np.ndarray


class Builder:
    """Nodes and edges over an alphabet; an edge by a character that is not in it is left out.

    `choices` are the sets of options of which one has to be possible, for the conditions from `dynamic` on.
    """

    def __init__(self, characters: Sequence[str], dynamic: int):
        self._dynamic = dynamic
        self.choices: list[tuple[int, ...]] = []
        self.ids = {c: i for i, c in enumerate(characters)}
        self._edges: list[dict[str, Edge]] = []
        self._values: list[tuple[int, int]] = []
        self._like: dict[int, list[tuple[int, str]]] = {}

    def node(self, value: int = 0, kind: int = 0) -> int:
        self._edges.append({})
        self._values.append((value, kind))
        return len(self._edges) - 1

    def value(self, node: int, value: int) -> None:
        self._values[node] = (value, self._values[node][1])

    def edge(
        self, start: int, by: Iterable[str], to: int, condition: int = ALWAYS, effect: int = 0, begins: bool = False
    ) -> None:
        """The first edge of a node by a character counts."""
        for character in by:
            if character in self.ids:
                self._edges[start].setdefault(character, Edge(to, condition, effect, begins))

    def like(self, start: int, other: int, without: str = "") -> None:
        """`start` has the edges of `other`, too, but those by the characters `without`; its own come first."""
        self._like.setdefault(start, []).append((other, without))

    def spells(self, word: str) -> bool:
        return set(word) <= set(self.ids)

    def chain(self, start: int, text: str, condition: int = ALWAYS) -> int:
        """The node behind `text`, on the way that words with the same beginning share; `condition` is on the rest."""
        for character in text:
            if character not in self._edges[start]:
                self.edge(start, character, self.node(kind=self._values[start][1]), condition)
            start = self._edges[start][character].to
        return start

    def tree(self, start: int, words: Iterable[str], condition: int = ALWAYS) -> dict[str, int]:
        """The words that the alphabet spells, and the node that each ends in."""
        return {word: self.chain(start, word, condition) for word in words if self.spells(word)}

    def choice(self, words: Mapping[str, int], kind: int, begun: int, *, begins: bool) -> tuple[int, dict[str, int]]:
        """A tree of words and their options: its root, and of each word the node, of this `kind`; others are `begun`.

        An edge holds if one of the options behind it is possible.
        """
        spelled = {word: option for word, option in words.items() if self.spells(word)}
        nodes = {"": self.node()}
        for beginning in sorted({word[: i + 1] for word in spelled for i in range(len(word))}, key=len):
            options = tuple(sorted({option for word, option in spelled.items() if word.startswith(beginning)}))
            nodes[beginning] = self.node(kind=kind if beginning in spelled else begun)
            before, condition = beginning[:-1], self._one_of(options)
            self.edge(nodes[before], beginning[-1], nodes[beginning], condition, begins=begins and not before)
        return nodes[""], {word: nodes[word] for word in spelled}

    def _one_of(self, options: tuple[int, ...]) -> int:
        if options not in self.choices:
            self.choices.append(options)
        return self._dynamic + self.choices.index(options)

    def compiled(self, goal: int) -> Automaton:
        """The tables, without the edges that lead where `goal` cannot be reached."""
        for start in list(self._like):
            self._resolve(start)
        n, v = len(self._edges), len(self.ids)
        distance = self._distances(goal)
        tables = {name: np.zeros((n, v), dtype=np.int16) for name in Edge._fields}
        for start, edges in enumerate(self._edges):
            for character, edge in edges.items():
                if distance[edge.to] < n:
                    for name, value in zip(Edge._fields, edge, strict=True):
                        tables[name][start, self.ids[character]] = value
        tables["begins"] = tables["begins"].astype(bool)
        value, kind = np.array(self._values, dtype=np.int64).T
        return Automaton(**tables, value=value, kind=kind, distance=distance)

    def _resolve(self, start: int) -> None:
        for other, without in self._like.pop(start, []):
            self._resolve(other)
            for character, edge in self._edges[other].items():
                if character not in without:
                    self._edges[start].setdefault(character, edge)

    def _distances(self, goal: int) -> np.ndarray:
        before: list[list[int]] = [[] for _ in self._edges]
        for start, edges in enumerate(self._edges):
            for edge in edges.values():
                before[edge.to].append(start)
        distance = np.full(len(self._edges), len(self._edges), dtype=np.int64)
        distance[goal] = 0
        waiting = deque([goal])
        while waiting:
            node = waiting.popleft()
            for start in before[node]:
                if distance[start] == len(self._edges):
                    distance[start] = distance[node] + 1
                    waiting.append(start)
        return distance
