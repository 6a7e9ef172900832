"""What a command would do: every run with its state, its size and the time it still needs."""

import os
import statistics
from pathlib import Path

from charrnn import run
from charrnn.cli.plan import Plan
from charrnn.learning.prepare import Prepared, prepare
from charrnn.studies.run_cost import (
    RUNS_TO_COMPARE,
    estimate_epoch_seconds,
    measure_slowdown,
    parameter_count,
    read_epoch_rows,
)

STATES = ("finished", "running", "resumable", "failed", "new")


def listing(plan: Plan) -> str:
    """The table of all jobs and a sentence on the time left; trains nothing."""
    states = {folder: _state(folder) for folder in plan.folders}
    slower, known_from = measure_slowdown(_runs_to_compare(plan.folders))
    usual = [r["last_epoch"] + 1 for folder in plan.folders if (r := run.read_result(folder))]
    prepared: dict[object, Prepared] = {}
    width = max(len(folder.name) for folder in plan.folders)
    lines = [f"{'run':<{width}}  {'state':<9}  {'parameters':>10}  {'epochs':>8}  {'left':>8}"]
    left, is_bound = 0.0, False
    for job in plan.jobs:
        assert job.folder is not None
        config = job.config
        if config.data not in prepared:
            prepared[config.data] = prepare(config.data)
        data = prepared[config.data]
        done, seconds = len(read_epoch_rows(job.folder)), 0.0
        if states[job.folder] != "finished":
            end = config.trainer.max_epochs
            if config.trainer.patience is not None and config.trainer.patience < end:
                end, is_bound = (min(end, int(statistics.median(usual))), is_bound) if usual else (end, True)
            a_epoch = slower * estimate_epoch_seconds(config, len(data.vocab), len(data.train))
            seconds = a_epoch * max(end - done, 1)
            left += seconds
        size = parameter_count(config.model, len(data.vocab))
        of = f"{done}/{config.trainer.max_epochs}"
        shown = duration(seconds) if seconds else "-"
        lines.append(f"{job.folder.name:<{width}}  {states[job.folder]:<9}  {size:>10,}  {of:>8}  {shown:>8}")
    counts = [f"{n} {state}" for state in STATES if (n := list(states.values()).count(state))]
    lines += ["", f"{len(plan.jobs)} runs: {', '.join(counts)}"]
    if left:
        lines.append(_time_left(left, is_bound, known_from, min(_side_by_side(plan), len(plan.jobs))))
    return "\n".join(lines)


def _time_left(seconds: float, is_bound: bool, known_from: int, workers: int) -> str:
    about = "at most" if is_bound else "about"
    by = f", {workers} at a time" if workers > 1 else ""
    source = f"the speed of {known_from} runs on disk" if known_from else "the speed of another machine's core"
    stop = "; patience will end runs earlier" if is_bound else ""
    return f"{about} {duration(seconds / workers)} left{by}, by {source}{stop}"


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


def _side_by_side(plan: Plan) -> int:
    """Jobs at a time; as joblib counts: -1 is all cores, -2 all but one."""
    launcher = plan.hydra.hydra.launcher
    at_once = int(launcher.get("n_jobs", launcher.get("array_parallelism", 1)))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return at_once if at_once > 0 else max(1, cores + 1 + at_once)


def duration(seconds: float) -> str:
    """`40 s`, `14 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
