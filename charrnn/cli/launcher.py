"""What every sweep owes its runs, whoever sweeps and whichever launcher was chosen: this one stands around that."""

import concurrent.futures
import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, open_dict

from charrnn import run
from charrnn.cli.hydra_private import HydraContext, JobReturn, JobStatus, Plugins, TaskFunction, completed, failed
from charrnn.cli.jobs import Composer, Job
from charrnn.errors import RunFailed, UserError

CHECKED = "hydra_plugins.charrnn.CheckedLauncher"
# A killed worker process ends the others, too; the jobs that are left are launched so many times.
ATTEMPTS = 3


def check_launches(config: DictConfig) -> None:
    """Put a CheckedLauncher around the launcher of `config`."""
    if config.hydra.launcher._target_ == CHECKED:
        return
    with open_dict(config.hydra):
        chosen = config.hydra.launcher
        config.hydra.launcher = {"_target_": CHECKED, "_recursive_": False, "launcher": chosen}


def unwrapped(config: DictConfig) -> DictConfig:
    """`config` with the launcher that was chosen."""
    if config.hydra.launcher._target_ != CHECKED:
        return config
    copied = config.copy()
    with open_dict(copied.hydra):
        copied.hydra.launcher = config.hydra.launcher.launcher
    return copied


class CheckedLauncher(Launcher):
    """Checks every job before the first one starts, launches those without a result, returns what all came to."""

    def __init__(self, launcher: DictConfig):
        self.n_jobs = launcher.get("n_jobs", 1)

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        if not isinstance(self.n_jobs, int) or self.n_jobs == 0:
            raise UserError(
                f"hydra.launcher.n_jobs: expected a number of jobs, or -1, got {self.n_jobs!r}; give another"
            )
        # Here, where the command runs, the function is a Task with its Sweep.
        task: Any = task_function
        self.program, self.sweep = task.program, task.sweep
        chosen = unwrapped(config)
        self.composer = Composer(self.program, hydra_context.config_loader, chosen)
        self.launcher = Plugins.instance().instantiate_launcher(hydra_context, task_function, chosen)

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        return self.launch_jobs([self.composer.job(overrides) for overrides in job_overrides], initial_job_idx)

    def launch_jobs(self, jobs: Sequence[Job], initial_job_idx: int = 0) -> list[JobReturn]:
        """What each job returned; a run's value is its best validation loss."""
        if self.program != "train":
            return list(self.launcher.launch([job.overrides for job in jobs], initial_job_idx=initial_job_idx))
        self.sweep.add(jobs)
        since = time.time()
        for folder in _folders(jobs):
            if run.read_result(folder) is not None:
                print(f"finished  {folder}", flush=True)
        for _ in range(ATTEMPTS):
            left = _unfinished(jobs, since)
            if not left:
                break
            self.sweep.num_started += len(left)
            try:
                with _supervised(self.launcher, _folders(left), since):
                    returned = self.launcher.launch([job.overrides for job in left], initial_job_idx=initial_job_idx)
            except concurrent.futures.BrokenExecutor:
                returned = [JobReturn()]
            if _is_ray(self.launcher):
                from charrnn.cli.cluster import collect_result

                for job in returned:
                    collect_result(job)
            if all(job.status is not JobStatus.UNKNOWN for job in returned):
                break
            print("a worker process was killed (by hand, or for want of memory): new ones go on with the rest")
        return [_outcome(job) for job in jobs]


def _outcome(job: Job) -> JobReturn:
    assert job.folder is not None
    if (result := run.read_result(job.folder)) is not None:
        return completed(job.overrides, float(result["best_val_loss"]))
    status = run.read_status(job.folder)
    return failed(job.overrides, RunFailed(status["error"] or f"{status['state']} before its end"))


def _folders(jobs: Sequence[Job]) -> list[Path]:
    return list(dict.fromkeys(job.folder for job in jobs if job.folder is not None))


def _unfinished(jobs: Sequence[Job], since: float) -> list[Job]:
    """A job for each run that neither finished nor failed after the time `since`.

    Those that never started come first: a job that kills its worker each time must not keep the others waiting.
    """
    unfinished = {
        job.folder: job
        for job in jobs
        if job.folder and run.read_result(job.folder) is None and run.failure(job.folder, since) is None
    }
    return sorted(unfinished.values(), key=lambda job: job.folder is not None and (job.folder / "config.yaml").exists())


@contextlib.contextmanager
def _supervised(launcher: Any, folders: list[Path], since: float) -> Iterator[None]:
    """What this process does for this launcher's jobs while they run."""
    if type(launcher).__name__ == "BasicLauncher":  # jobs run in this very process
        yield
        return
    from charrnn.cli.workers import supervise_workers

    if hasattr(launcher, "checkpoint"):  # submitit
        from charrnn.cli.slurm import wait_for_all_jobs

        around: Any = wait_for_all_jobs(launcher)
        stop_message = "the jobs stay in the queue (scancel ends them); the same command continues what is left then"
    else:
        from charrnn.cli.cluster import remote_tasks

        around = remote_tasks(launcher, folders[0].parent) if _is_ray(launcher) else contextlib.nullcontext()
        stop_message = "the same command continues every run"
    with around, supervise_workers(folders, since, stop_message):
        yield


def _is_ray(launcher: Any) -> bool:
    return hasattr(launcher, "ray_cfg")
