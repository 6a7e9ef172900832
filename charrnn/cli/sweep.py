"""The jobs of a plan through whatever launcher was chosen; those that are finished are left alone."""

import concurrent.futures
import contextlib
import hashlib
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.cluster import exit_code, on_ray
from charrnn.cli.overrides import as_typed
from charrnn.cli.plan import Job, Plan, hydra_initialized
from charrnn.cli.slurm import waiting_for_all
from charrnn.cli.workers import failure, supervised
from charrnn.config import plain, semantic

# A worker process that is killed takes the others with it; so often the rest is taken up again.
ATTEMPTS = 3


def launch(plan: Plan, task: Callable[[DictConfig], int]) -> list[int]:
    """Run `task` for every job without a result; the exit codes of those that could tell one.

    The launchers are Hydra's. Its sweeper would compose every job once more, start the finished ones, too, and end with
    the first failure.
    """
    since, codes = time.time(), []
    with hydra_initialized():
        context = HydraContext(config_loader=GlobalHydra.instance().config_loader(), callbacks=Callbacks())
        launcher = Plugins.instance().instantiate_launcher(hydra_context=context, task_function=task, config=plan.hydra)
        for _ in range(ATTEMPTS):
            # A single run that is finished says so itself, with its result.
            jobs = _unsettled(plan.jobs, since) if plan.is_sweep else plan.jobs
            folders = [job.folder for job in jobs if job.folder is not None]
            if not jobs:
                break
            try:
                with _watched(launcher, folders, since):
                    returned = launcher.launch([job.overrides for job in jobs], initial_job_idx=0)
            except concurrent.futures.BrokenExecutor:
                returned = [JobReturn()]
            ended = [job for job in returned if job.status is not JobStatus.UNKNOWN]
            codes += [exit_code(job) for job in ended]
            if len(ended) == len(returned):
                break
            print("a worker process was killed (by hand, or for want of memory): new ones go on with the rest")
    return codes


@contextlib.contextmanager
def _watched(launcher: Any, folders: Sequence[Path], since: float) -> Iterator[None]:
    """What the jobs need of this process while they run under this launcher."""
    if type(launcher).__name__ == "BasicLauncher" or not folders:  # Hydra loads its plugins' classes a second time
        yield
    elif hasattr(launcher, "checkpoint"):
        farewell = "the jobs stay in the queue, scancel ends them; the same command goes on with what is left then"
        with waiting_for_all(launcher), supervised(folders, since, farewell):
            yield
    else:
        on_cluster = on_ray(launcher, folders[0].parent) if hasattr(launcher, "ray_cfg") else contextlib.nullcontext()
        with on_cluster, supervised(folders, since, "the same command continues every run"):
            yield


def _unsettled(jobs: Sequence[Job], since: float) -> list[Job]:
    """Without the finished and those that failed after `since`; never started ones first, lest one that kills its
    worker every time keeps the others from their turn."""
    left = [
        job
        for job in jobs
        if job.folder is None or (run.read_result(job.folder) is None and failure(job.folder, since) is None)
    ]
    return sorted(left, key=lambda job: job.folder is not None and (job.folder / "config.yaml").exists())


def rerun(program: str, overrides: Sequence[str]) -> str:
    """What a person types to run one job alone."""
    return shlex.join(["python", f"{program}.py", *map(as_typed, overrides)])


def list_failures(plan: Plan) -> int:
    """Say of every job without a result why, where its log is and what runs it again; how many there are."""
    failed = [(job, job.folder) for job in plan.jobs if job.folder and run.read_result(job.folder) is None]
    for job, folder in failed:
        status = run.read_status(folder)
        why = status["error"] or f"{status['state']} before its end; the same command continues it"
        print(f"error: {folder.name}: {why}", file=sys.stderr)
        print(f"  log    {folder / 'train.log'}\n  rerun  {rerun(plan.program, job.overrides)}", file=sys.stderr)
    return len(failed)


def write_manifest(plan: Plan) -> Path:
    """runs/sweeps/<name>.yaml: the command, its runs and where they differ, when it was called, with which versions.

    The name follows from the experiment or the swept keys and from the runs, so that the same sweep has one manifest.
    """
    settings = {job.folder.name: semantic(plain(job.config)) for job in plan.jobs if job.folder is not None}
    varied = [k for k in next(iter(settings.values())) if len({repr(s[k]) for s in settings.values()}) > 1]
    experiment = plan.hydra.hydra.runtime.choices.get("experiment")
    readable = experiment or "-".join(key.split(".")[-1] for key in plan.swept) or "sweep"
    name = f"{readable[:60]}_{hashlib.sha256(' '.join(sorted(settings)).encode()).hexdigest()[:8]}"
    file = plan.folders[0].parent / "sweeps" / f"{name}.yaml"
    calls: list[str] = []
    with contextlib.suppress(OSError, yaml.YAMLError, KeyError, TypeError):
        calls = list(yaml.safe_load(file.read_text(encoding="utf-8"))["called"])
    content: dict[str, Any] = {
        "command": rerun("train", plan.arguments),
        "called": [*calls, time.strftime("%Y-%m-%d %H:%M:%S")],
        "runs": {name: {key: values[key] for key in varied} for name, values in settings.items()},
        **run.origin(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    run.write_text(file, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000))
    return file
