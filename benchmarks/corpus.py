"""A tune book of 60,000 different tunes, 25 MB: read, grouped, split and encoded; from the cache; how it grows."""

import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import at_most

KEYS, METERS = ("G", "D", "A", "C", "Em", "Am", "F", "Bm"), ("4/4", "6/8", "2/4", "3/4")
DEGREES = "CDEFGABcdefgab"
COPIES = 0.03  # of the tunes are another's with some notes changed: what a tune book is full of


def write_book(path: Path, tunes: int) -> None:
    """Random walks over the scale in common rhythms, each part ending as the first; always the same book."""
    chance = random.Random(0)
    figures = [
        "{0}{1}{2}{3} ",
        "{0}2{1}2 ",
        "{0}2{1}{2} ",
        "{0}>{1}{2}2 ",
        "{0}4 ",
        "({0}{1}{2}){3} ",
        "{0}/{1}/{2}{3}2 ",
    ]
    bodies: list[str] = []
    with open(path, "w", encoding="utf-8") as book:
        for number in range(1, tunes + 1):
            if bodies and chance.random() < COPIES:
                notes = list(chance.choice(bodies[-1000:]))
                for _ in range(6):
                    at = chance.randrange(len(notes))
                    notes[at] = chance.choice(DEGREES) if notes[at] in DEGREES else notes[at]
                body = "".join(notes)
            else:
                body = _walk(chance, figures)
            bodies.append(body)
            del bodies[:-1000]
            title = " ".join(chance.choice(("The", "Old", "Hill", "Fair", "Kate's", "Road", "Mill")) for _ in range(3))
            source = f"B:Book {number % 97}"
            meter, key = chance.choice(METERS), chance.choice(KEYS)
            head = f"X:{number}\nT:{title}\nR:reel\n{source}\nM:{meter}\nL:1/8\nK:{key}\n"
            book.write(f"{head}{body}\n\n")


def _walk(chance: random.Random, figures: list[str]) -> str:
    at, bars = 7, []
    for _ in range(16):
        bar = ""
        for _ in range(2):
            steps = [at := min(max(at + chance.choice((-3, -2, -1, -1, 1, 1, 2, 3)), 0), 13) for _ in range(4)]
            bar += chance.choice(figures).format(*(DEGREES[s] for s in steps))
        bars.append(bar.strip())
    # As tunes go: a phrase, the phrase again with another end, and a second part that closes like the first.
    a, b, c, end = bars[:6], bars[6:8], bars[8:14], bars[14:]
    return "\n".join("|:" + "|".join(line) + ":|" for line in (a + b, a + end, c + b, c + end))


CHILD = """
import resource, sys, time
from charrnn.config import Data
from charrnn.learning.prepare import prepare
empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
if len(sys.argv) > 1:
    how = dict(notation="raw", titles=True, key="as_written", split="tunes", split_seed=0, clean=False)
    prepare(Data(source="file", path=sys.argv[1], seq_len=30, batch_size=32, **how))
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - empty)
"""


def prepared(book: Path, cache: Path) -> tuple[float, float]:
    """Seconds and MB above an empty run."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", CHILD, str(book)], env=environment, check=True, capture_output=True)
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds, kilobytes / 1024


def main() -> None:
    resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        write_book(home / "whole.abc", 60_000)
        write_book(home / "half.abc", 30_000)
        size = (home / "whole.abc").stat().st_size / 1e6
        first, memory = prepared(home / "whole.abc", home / "cache")
        again, _ = prepared(home / "whole.abc", home / "cache")
        half, _ = prepared(home / "half.abc", home / "cache")
        book = f"tune book, 60,000 tunes, {size:.0f} MB"
        print(at_most(f"{book}: read, grouped, split, encoded", first, "s", 40))
        print(at_most(f"{book}: the second time, from the cache", again, "s", 3))
        print(at_most(f"{book}: memory above an empty run", memory, "MB", 500))
        print(at_most("tune book: time for twice the tunes", first / half, "×", 2.2))


if __name__ == "__main__":
    main()
