"""What is wrong with the tunes of a collection: by kind how many have it, with examples."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from charrnn.music.corpus.log import EXAMPLES, shorten
from charrnn.music.notation import Problem, Reading, read

MOST_TUNES = 10_000  # that are read: five seconds' worth, spread evenly


def diagnose(tunes: Sequence[str]) -> dict[str, Any]:
    """How many of the tunes read are well-formed, and in how many there is each fault and each kind of problem.

    An example says which tune and line, what stands there, and what could. A tune may have several faults.
    """
    read_tunes = [(tune, read(tune)) for tune in tunes[:: 1 + len(tunes) // MOST_TUNES]]
    faults: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for tune, reading in read_tunes:
        faults.update(reading.faults)
        first = {problem.kind: problem for problem in reversed(reading.problems)}
        problems.update(list(first))
        for kind, problem in first.items():
            if len(kept := examples.setdefault(kind, [])) < EXAMPLES:
                kept.append(_example(tune, reading, problem))
        if "bar fit" in reading.faults and len(kept := examples.setdefault("bar fit", [])) < EXAMPLES:
            fit = "no bar need be full" if reading.bar_fit is None else f"{reading.bar_fit:.2f} of the bars are full"
            kept.append(f"X:{reading.header.number}: {fit}")
    return {
        "read": len(read_tunes),
        "well_formed": sum(reading.well_formed for _, reading in read_tunes),
        "faults": dict(faults.most_common()),
        "problems": dict(problems.most_common()),
        "examples": examples,
    }


def _example(tune: str, reading: Reading, problem: Problem) -> str:
    before = tune[: problem.position]
    line = shorten(tune[before.rfind("\n") + 1 :].partition("\n")[0])
    return (
        f"X:{reading.header.number}, line {before.count(chr(10)) + 1}: {shorten(problem.found)!r}, "
        f"expected {problem.expected}, in {line!r}"
    )
