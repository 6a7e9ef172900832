"""The table of dry_run=true: every run with its state, its size and the time it still needs."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.jobs import Job
from charrnn.config import plain
from charrnn.learning.inputs import names
from charrnn.learning.prepare import Prepared, prepare
from charrnn.studies.run_cost import (
    RUNS_TO_COMPARE,
    estimate_epoch_seconds,
    measure_slowdown,
    parameter_count,
    read_epoch_rows,
)

STATES = ("finished", "running", "resumable", "failed", "new")


def dry_run_table(jobs: Sequence[Job], num_workers: int) -> str:
    """The table of all jobs, then a sentence on the time left with so many jobs at a time."""
    folders = [job.folder for job in jobs if job.folder is not None]
    states = {folder: _state(folder) for folder in folders}
    slowdown, num_measured = measure_slowdown(_runs_to_compare(folders))
    epochs_of_finished = [r["last_epoch"] + 1 for folder in folders if (r := run.read_result(folder))]
    prepared: dict[object, Prepared] = {}
    width = max(len(folder.name) for folder in folders)
    lines = [f"{'run':<{width}}  {'state':<9}  {'parameters':>10}  {'epochs':>8}  {'left':>8}"]
    seconds_left, is_upper_bound = 0.0, False
    for job in jobs:
        assert job.folder is not None
        config = job.config
        if config.data not in prepared:
            prepared[config.data] = prepare(config.data)
        data = prepared[config.data]
        done, seconds = len(read_epoch_rows(job.folder)), 0.0
        if states[job.folder] != "finished":
            end = config.trainer.max_epochs
            if config.trainer.patience is not None and config.trainer.patience < end:
                if epochs_of_finished:
                    end = min(end, int(statistics.median(epochs_of_finished)))
                else:
                    is_upper_bound = True
            seconds = slowdown * estimate_epoch_seconds(config, len(data.vocab), len(data.train)) * max(end - done, 1)
            seconds_left += seconds
        size = parameter_count(config.model, len(data.vocab), names(plain(config.inputs)))
        progress = f"{done}/{config.trainer.max_epochs}"
        left = duration(seconds) if seconds else "-"
        lines.append(f"{job.folder.name:<{width}}  {states[job.folder]:<9}  {size:>10,}  {progress:>8}  {left:>8}")
    counts = [f"{n} {state}" for state in STATES if (n := list(states.values()).count(state))]
    lines += ["", f"{count_of(len(jobs), 'run')}: {', '.join(counts)}"]
    if seconds_left:
        lines.append(_time_left(seconds_left, is_upper_bound, num_measured, min(num_workers, len(jobs))))
    return "\n".join(lines)


def _time_left(seconds: float, is_upper_bound: bool, num_measured: int, num_workers: int) -> str:
    about = "at most" if is_upper_bound else "about"
    workers = f", {num_workers} at a time" if num_workers > 1 else ""
    measured = f"{count_of(num_measured, 'run')} on disk" if num_measured else "another machine's core"
    patience = "; patience will end runs earlier" if is_upper_bound else ""
    return f"{about} {duration(seconds / num_workers)} left{workers}, by the speed of {measured}{patience}"


def _state(folder: Path) -> str:
    state = run.state(folder)
    if state != "stopped":
        return state
    return "resumable" if (folder / "last.ckpt").exists() else "new"


def _runs_to_compare(folders: list[Path]) -> list[Path]:
    """The sweep's own runs, and the latest others beside them."""
    own = [folder for folder in folders if folder.exists()]
    others = sorted(folders[0].parent.glob("*/metrics.csv"), key=lambda file: -file.stat().st_mtime)
    return [*own, *[file.parent for file in others if file.parent not in own]][:RUNS_TO_COMPARE]


def concurrent_jobs(launcher: DictConfig) -> int:
    """Jobs at a time; as joblib counts: -1 is all cores, -2 all but one."""
    n_jobs = int(launcher.get("n_jobs", launcher.get("array_parallelism", 1)))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)


def count_of(number: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """`40 s`, `14 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
