"""Statements on speed, each a ratio measured in one run, on one thread, in turns."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One statement: what was measured, the figure with its unit, and the bound it should keep."""

    what: str
    value: float
    unit: str
    target: str
    holds: bool

    def __str__(self) -> str:
        return f"| {self.what} | {self.value:.2f} {self.unit} | {self.target} | {'yes' if self.holds else 'NO'} |"


def at_least(what: str, value: float, unit: str, bound: float) -> Row:
    return Row(what, value, unit, f"≥ {bound:g}", value >= bound)


def at_most(what: str, value: float, unit: str, bound: float) -> Row:
    return Row(what, value, unit, f"≤ {bound:g}", value <= bound)


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], repeats: int = 7) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratio theirs / ours pair by pair, after one warm-up each.

    Pairs, because the speed of a shared machine drifts: what drifts for both drops out of the ratio.
    """
    pairs = []
    for i in range(repeats + 1):
        pair = seconds(ours), seconds(theirs)
        if i:
            pairs.append(pair)
    ours_s, theirs_s = (statistics.median(p) for p in zip(*pairs, strict=True))
    return ours_s, theirs_s, statistics.median(b / a for a, b in pairs)


def seconds(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start
