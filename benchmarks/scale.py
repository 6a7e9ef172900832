"""What ten thousand runs cost beside their training: fabricated ones through plan, identity, lock, look and analysis.

Not part of `make bench`: python -m benchmarks.scale, some minutes; on the file system of a cluster: … FOLDER.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.startup import wait
from benchmarks.sweep import peak_megabytes
from charrnn import run
from charrnn.cli.grid import Grid, compose_jobs
from charrnn.cli.workers import describe_end
from charrnn.config import plain, semantic

SETTINGS, SEEDS, EPOCHS = 200, 50, 30
RUNS = SETTINGS * SEEDS
GRID = ("-m", f"model.hidden=range(50,{50 + SETTINGS})", f"seed=range({SEEDS})")


def timed(what: str, task: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = task()
    seconds = time.perf_counter() - started
    print(f"| {what} | {seconds:.1f} s | {1000 * seconds / RUNS:.2f} ms |", flush=True)
    return result


def fabricate(grid: Grid, base: Path) -> None:
    """A finished run's small files in every folder of the plan; checkpoints, events and tunes are left out."""
    copied = {name: (base / name).read_text() for name in ("data.json", "result.json", "status.json", "train.log")}
    for job in grid.jobs:
        assert job.folder is not None
        hidden, seed = job.config.model.hidden, job.config.seed
        with run.lock(job.folder):
            run.write_text(job.folder / "config.yaml", yaml.safe_dump(plain(job.config), sort_keys=False))
            rows = "".join(f"{row}\n" for row in _epochs(hidden, seed))
            run.write_text(job.folder / "metrics.csv", rows)
            for name, text in copied.items():
                run.write_text(job.folder / name, text)


def _epochs(hidden: int, seed: int) -> Iterator[str]:
    yield "epoch,train/loss,val/loss,val/bpc,lr,seconds,chars_per_second"
    for epoch in range(EPOCHS):
        loss = 1.3 + 1 / (epoch + 1) - 0.001 * hidden + 0.01 * (seed * 7919 % 101) / 101
        yield f"{epoch},{loss - 0.1},{loss},{loss / 0.693},0.002,1.0,100000"


def _folders(grid: Grid) -> list[Path]:
    return [job.folder for job in grid.jobs if job.folder is not None]


def lock(grid: Grid) -> None:
    for folder in _folders(grid):
        folder.mkdir()
        with run.lock(folder):
            pass


def main(place: str | None = None) -> None:
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        home = Path(scratch)
        print(f"| {RUNS:,} runs, {SETTINGS} settings of {SEEDS} seeds | together | a run |\n| --- | --- | --- |")
        wait(home, "train", "trainer=smoke", "trainer.limit_blocks=1", "runs_dir=base")
        (base,) = (file.parent for file in (home / "base").glob("*/result.json"))
        grid = timed("composed, checked, named", lambda: compose_jobs("train", [*GRID, f"runs_dir={home / 'runs'}"]))
        settings = [semantic(plain(job.config)) for job in grid.jobs]
        timed("of this, the identities", lambda: [run.identity(of, "fingerprint") for of in settings])
        timed("folders made and locked", lambda: lock(grid))
        timed("locked, six small files written", lambda: fabricate(grid, base))
        timed("looked at for their results", lambda: [describe_end(folder, 0.0) for folder in _folders(grid)])
        timed("looked at for who holds them", lambda: [run.is_running(folder) for folder in _folders(grid)])
        timed("called again, all finished, compared", lambda: wait(home, "train", *GRID))
        _, size = timed("analysed", lambda: peak_megabytes(home, "runs=runs"))
        print(f"\nmemory of the analysis: {size:.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
