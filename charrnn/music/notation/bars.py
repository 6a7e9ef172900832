"""Bars against the meter, repeats and endings against each other."""

import re
from functools import lru_cache

from charrnn.music.notation.records import Bar, Problem

MOST_REPEATS = 8  # more colons ask for no more


@lru_cache(4096)
def repeats(lines: str) -> tuple[int, int]:
    """How many more times bar lines have what is before them played, and what is behind: :| is (1, 0), |:: (0, 2)."""
    before = [len(colons) for colons in re.findall(r"(?<![|:])(:+)[][]*\|", lines)]
    behind = [len(colons) for colons in re.findall(r"\|(:+)", lines)]
    both = [1] * len(re.findall(r"(?<![^ ])::+(?![^ ])", lines))
    return min(max(before + both, default=0), MOST_REPEATS), min(max(behind + both, default=0), MOST_REPEATS)


@lru_cache(4096)
def divides(lines: str) -> bool:
    """Whether one of the bar lines ends a part: a repeat or a double line, none that is plain, dotted or invisible."""
    return any(line not in ("|", ".|", "[|]") for line in lines.split())


def judge(bars: list[Bar]) -> list[Problem]:
    """Set the kind of every bar of one voice and name those that do not fit, and repeats and endings that lack a half.

    A bar may be shorter than the meter at either end of the voice, at a double bar line or repeat, and at an ending:
    its other part stands elsewhere. So may two bars on either side of a line end that make one together.
    """
    problems = []
    is_split = False  # whether it completes the bar before
    for i, bar in enumerate(bars):
        following = bars[i + 1].ending if i + 1 < len(bars) else ()
        if bar.expected is None:
            bar.kind = "free"
        elif bar.length == bar.expected:
            bar.kind = "full"
        elif bar.length > bar.expected:
            bar.kind = "wrong"
        elif i == 0:
            bar.kind = "pick-up"
        elif i == len(bars) - 1:
            bar.kind = "last"
        elif bar.ending or following:
            bar.kind = "ending"
        else:
            bar.kind = "repeat" if divides(bar.opening) or divides(bar.closing) else "wrong"
        if is_split and bar.kind in ("wrong", "last"):
            bar.kind, is_split = "split", False
        elif bar.ends_line and bar.kind in ("wrong", "pick-up") and _completes(bar, bars[i + 1 : i + 2]):
            bar.kind, is_split = "split", True
        if bar.kind == "wrong":
            problems.append(Problem("bar length", bar.position, str(bar.length), str(bar.expected)))
    return problems + _unpaired(bars)


def _completes(bar: Bar, following: list[Bar]) -> bool:
    """Whether the next bar makes it a full one, where neither may be short as it is."""
    return any(
        bar.expected == other.expected == bar.length + other.length
        and not (other.ending or divides(other.opening) or divides(other.closing))
        for other in following
    )


def _unpaired(bars: list[Bar]) -> list[Problem]:
    problems = []
    opened: Bar | None = None  # the first of a repeat that nothing has ended
    endings: list[Bar] = []  # of the part so far
    passes: set[int] = set()  # that these are for
    for bar in bars:
        ends, starts = repeats(bar.opening)
        if ends:
            opened = None
        if starts or (divides(bar.opening) and not bar.ending):
            problems += _alone(endings, passes)
            endings, passes = [], set()
        if starts:
            if opened:
                problems.append(Problem("repeat", opened.position, "|:", "a :| before the next |:"))
            opened = bar
        if bar.ending:
            first = bar.ending[0]
            if first > 1 and first - 1 not in passes:
                problems.append(Problem("ending", bar.position, str(first), f"ending {first - 1} before it"))
            elif first > 1 and not ends:
                problems.append(Problem("ending", bar.position, bar.opening, f":| before ending {first}"))
            endings.append(bar)
            passes |= set(bar.ending)
    problems += _alone(endings, passes)
    if opened and not repeats(bars[-1].closing)[0]:
        problems.append(Problem("repeat", opened.position, "|:", "a :| after it"))
    return problems


def _alone(endings: list[Bar], passes: set[int]) -> list[Problem]:
    """The problem of a first ending without a second."""
    if passes != {1}:
        return []
    return [Problem("ending", endings[0].position, "1", "ending 2 behind it")]
