"""How long one waits: for help, for a refusal, for the first character, for the first step."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import at_most

ROOT = Path(__file__).resolve().parents[1]


def wait(home: Path, program: str, *arguments: str, until: str | None = None) -> float:
    """Seconds until a line that matches `until`, or until the end."""
    command = [sys.executable, "-u", str(ROOT / f"{program}.py"), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if until is not None and re.search(until, line):
                seconds = time.perf_counter() - start
                process.kill()
                return seconds
    return time.perf_counter() - start


def median(home: Path, *command: str, until: str | None = None) -> float:
    return statistics.median(wait(home, *command, until=until) for _ in range(6))


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        one_block = ("train", "trainer=smoke", "trainer.limit_blocks=1")
        wait(home, *one_block)  # fills the cache
        (run,) = (f.parent for f in (home / "runs").glob("*/result.json"))
        print(at_most("start: python train.py --help", median(home, "train", "--help"), "s", 0.8))
        print(at_most("start: a mistyped key is refused", median(home, "train", "model.hiden=3"), "s", 0.8))
        tune = ("sample", f"ckpt={run}", "num_tunes=1", "max_chars=1")
        print(at_most("start: sample.py to its first character", median(home, *tune, until="tune 0"), "s", 3))
        # An epoch of one block of ten steps; other seeds, or the run would be finished. Beyond the first step it holds
        # nine more and a validation, about 0.1 s.
        first = statistics.median(wait(home, *one_block, f"seed={s}", until="^epoch") for s in range(1, 7))
        print(at_most("start: train.py to its first ten steps, cache warm", first, "s", 7))


if __name__ == "__main__":
    main()
