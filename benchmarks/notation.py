"""Reading ABC: how fast, how many human tunes are well-formed, how few corrupted ones.

    python -m benchmarks.notation [course_tunes.txt]

Below the rows: what the tunes counted as not well-formed lack, by kind.
"""

import os
import random
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks import Row, at_least, at_most, seconds
from charrnn.music.corpus import Source, find_sources, parse
from charrnn.music.notation import read
from charrnn.music.originality import Training
from charrnn.music.quality import summarize
from charrnn.music.splits import split

WELL_FORMED = {"ryan": 94, "oneill": 94, "aird": 96, "course": 90}


def corrupted(tune: str, rate: float, chance: random.Random, alphabet: Sequence[str]) -> str:
    """A tune with characters replaced, left out or put in between, each as often."""
    out = []
    for character in tune:
        if chance.random() < rate:
            out.append(chance.choice((chance.choice(alphabet), "", character + chance.choice(alphabet))))
        else:
            out.append(character)
    return "".join(out)


def main() -> None:
    collections = {name: parse(find_sources(name)).tunes for name in ("ryan", "oneill", "aird")}
    if path := sys.argv[1] if sys.argv[1:] else os.environ.get("DATA", ""):
        collections["course"] = parse([Source("course", Path(path).read_bytes())]).tunes
    ryan = collections["ryan"]
    rate = len(ryan) / statistics.median(seconds(lambda: [read(tune) for tune in ryan]) for _ in range(5))
    print(at_least("notation: tunes of ryan read", rate, "a second", 300))
    parts = split(ryan, "tunes", 0)
    spent = seconds(lambda: list(map(Training(parts.train).originality, parts.test)))
    print(at_most(f"originality: {len(parts.test)} tunes against {len(parts.train)}", spent, "s", 5))
    explained = []
    for name, tunes in collections.items():
        summary = summarize([*map(read, tunes)])
        print(
            at_least(f"well-formed: {name}, {len(tunes)} tunes", 100 * summary["well_formed"], "%", WELL_FORMED[name])
        )
        kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(summary["faults"]).most_common())
        explained.append(f"{name}: not well-formed for {kinds} (a tune may lack several)")
        junk = summary["junk_per_100_notes"]
        alphabet, chance = sorted(set("".join(tunes))), random.Random(0)
        for percent, most in ((2, 25), (10, 2), (30, 2)):
            worse = summarize([read(corrupted(tune, percent / 100, chance, alphabet)) for tune in tunes[::3]])
            share = 100 * worse["well_formed"]
            print(at_most(f"well-formed: {name}, {percent} % of characters corrupted", share, "%", most))
            more = worse["junk_per_100_notes"]
            print(Row(f"junk per 100 notes: {name}, {percent} % corrupted", more, "", f"> {junk:.2f}", more > junk))
            junk = more
    print("\n" + "\n".join(explained))


if __name__ == "__main__":
    main()
