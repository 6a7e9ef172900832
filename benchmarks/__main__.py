"""`make bench`: every benchmark, one table, and how many targets hold.

`make bench ARGS=step` runs one script, `make bench ARGS="step rnn 32 100"` the rows of it that these words choose.
"""

import subprocess
import sys

from benchmarks import Row

SCRIPTS = (
    "step",
    "trainer",
    "gpu",
    "quick_recipe",
    "sampling",
    "corpus",
    "notation",
    "engraving",
    "startup",
    "sweep",
    "neurons",
)


def main() -> None:
    print("| what | measured | target | holds |\n| --- | --- | --- | --- |", flush=True)
    rows: list[str] = []
    only, words = sys.argv[1:2], sys.argv[2:]
    for script in only or SCRIPTS:
        # A process each: what one leaves in memory or caches is not the next one's.
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{script}", *words], stdout=subprocess.PIPE, text=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
        if done.returncode:
            lines.append(str(Row(f"{script}: failed, exit code {done.returncode}", 0, "", "it runs", False)))
        print("\n".join(lines), flush=True)
        rows += lines
    print(f"\n{sum(row.endswith('| yes |') for row in rows)} of {len(rows)} targets hold")


if __name__ == "__main__":
    main()
