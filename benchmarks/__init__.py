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


def in_turns(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    repeats: int = 7,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratio theirs / ours pair by pair, after one warm-up each.

    Pairs, because the speed of a shared machine drifts: what drifts for both drops out of the ratio. `clock` may be
    time.thread_time, for what computes in one thread and waits for nothing.
    """
    pairs = []
    for i in range(repeats + 1):
        pair = seconds(ours, clock), seconds(theirs, clock)
        if i:
            pairs.append(pair)
    ours_s, theirs_s = (statistics.median(p) for p in zip(*pairs, strict=True))
    return ours_s, theirs_s, statistics.median(b / a for a, b in pairs)


def seconds(task: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    task()
    return clock() - start
