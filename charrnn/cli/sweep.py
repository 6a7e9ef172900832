"""Running a batch of jobs on the chosen launcher, without the finished ones; its manifest and its failures."""

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
from charrnn.cli.cluster import collect_result, remote_tasks
from charrnn.cli.jobs import Job, JobBatch, initialize_hydra
from charrnn.cli.overrides import unquote_override
from charrnn.cli.slurm import wait_for_all_jobs
from charrnn.cli.workers import failure, supervise_workers
from charrnn.config import plain, semantic

# A killed worker process ends the others, too; the jobs that are left are launched so many times.
ATTEMPTS = 3


def launch_jobs(batch: JobBatch, task: Callable[[DictConfig], int]) -> list[int]:
    """Run `task` for every job without a result; returns the exit codes of the jobs that returned.

    The launchers are Hydra's. Not its sweeper, which composes every job again, starts finished ones, too, and ends with
    the first failure.
    """
    since, codes = time.time(), []
    with initialize_hydra():
        context = HydraContext(config_loader=GlobalHydra.instance().config_loader(), callbacks=Callbacks())
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=task, config=batch.hydra_config
        )
        for _ in range(ATTEMPTS):
            # A single finished run is started: it prints its result.
            jobs = _unfinished(batch.jobs, since) if batch.is_sweep else batch.jobs
            folders = [job.folder for job in jobs if job.folder is not None]
            if not jobs:
                break
            try:
                with _supervise(launcher, folders, since):
                    returned = launcher.launch([job.overrides for job in jobs], initial_job_idx=0)
            except concurrent.futures.BrokenExecutor:
                returned = [JobReturn()]
            ended = [job for job in returned if job.status is not JobStatus.UNKNOWN]
            codes += [collect_result(job) for job in ended]
            if len(ended) == len(returned):
                break
            print("a worker process was killed (by hand, or for want of memory): new ones go on with the rest")
    return codes


@contextlib.contextmanager
def _supervise(launcher: Any, folders: Sequence[Path], since: float) -> Iterator[None]:
    """What this process does for this launcher's jobs while they run."""
    if type(launcher).__name__ == "BasicLauncher" or not folders:  # Hydra loads its plugins' classes a second time
        yield
    elif hasattr(launcher, "checkpoint"):
        stop_message = "the jobs stay in the queue (scancel ends them); the same command continues what is left then"
        with wait_for_all_jobs(launcher), supervise_workers(folders, since, stop_message):
            yield
    else:
        is_ray = hasattr(launcher, "ray_cfg")
        remote = remote_tasks(launcher, folders[0].parent) if is_ray else contextlib.nullcontext()
        with remote, supervise_workers(folders, since, "the same command continues every run"):
            yield


def _unfinished(jobs: Sequence[Job], since: float) -> list[Job]:
    """The jobs that neither finished nor failed after the time `since`.

    Those that never started come first: a job that kills its worker each time must not keep the others waiting.
    """
    unfinished = [
        job
        for job in jobs
        if job.folder is None or (run.read_result(job.folder) is None and failure(job.folder, since) is None)
    ]
    return sorted(unfinished, key=lambda job: job.folder is not None and (job.folder / "config.yaml").exists())


def command_line(command: str, overrides: Sequence[str]) -> str:
    """What to type in a shell for these overrides; `command` is the program as it was typed."""
    return f"{command} {shlex.join(map(unquote_override, overrides))}".rstrip()


def print_failures(batch: JobBatch) -> int:
    """Print for every job without a result why, its log and the command that runs it again; returns their number."""
    failed = [(job, job.folder) for job in batch.jobs if job.folder and run.read_result(job.folder) is None]
    for job, folder in failed:
        status = run.read_status(folder)
        reason = status["error"] or f"{status['state']} before its end; the same command continues it"
        rerun = command_line(batch.command, job.overrides)
        print(f"error: {folder.name}: {reason}", file=sys.stderr)
        print(f"  log    {folder / 'train.log'}\n  rerun  {rerun}", file=sys.stderr)
    return len(failed)


def write_manifest(batch: JobBatch) -> Path:
    """Write runs/sweeps/<name>.yaml: the command, its runs and their differing keys, when it was called, the versions.

    The name is made of the experiment or the swept keys and of the runs: the same sweep has one manifest.
    """
    settings = {job.folder.name: semantic(plain(job.config)) for job in batch.jobs if job.folder is not None}
    varied = [k for k in next(iter(settings.values())) if len({repr(s[k]) for s in settings.values()}) > 1]
    experiment = batch.hydra_config.hydra.runtime.choices.get("experiment")
    readable = experiment or "-".join(key.split(".")[-1] for key in batch.swept_keys) or "sweep"
    name = f"{readable[:60]}_{hashlib.sha256(' '.join(sorted(settings)).encode()).hexdigest()[:8]}"
    file = batch.folders[0].parent / "sweeps" / f"{name}.yaml"
    calls: list[str] = []
    with contextlib.suppress(OSError, yaml.YAMLError, KeyError, TypeError):
        calls = list(yaml.safe_load(file.read_text(encoding="utf-8"))["called"])
    content: dict[str, Any] = {
        "command": command_line(batch.command, batch.arguments),
        "called": [*calls, time.strftime("%Y-%m-%d %H:%M:%S")],
        "runs": {name: {key: values[key] for key in varied} for name, values in settings.items()},
        **run.origin(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    run.write_text(file, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000))
    return file
