"""hydra/sweeper=grid, the default: every combination of values, all checked before the first job starts."""

from collections.abc import Sequence
from typing import Any

from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig

from charrnn.cli.console import print_error
from charrnn.cli.grid import compose_grid
from charrnn.cli.hydra_private import HydraContext, JobReturn, Plugins, TaskFunction, job_error
from charrnn.cli.jobs import Composer, Job
from charrnn.cli.launcher import CheckedLauncher, check_launches, unwrapped
from charrnn.errors import UserError


class TaskSweeper(Sweeper):
    """A sweeper of a Task: it composes and checks jobs itself and hands them to the launcher that was chosen."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.context, self.shared = hydra_context, unwrapped(config)
        task: Any = task_function
        self.task = task
        self.composer = Composer(task.program, hydra_context.config_loader, self.shared)

    def checked_launcher(self) -> CheckedLauncher:
        check_launches(self.shared)
        launcher = Plugins.instance().instantiate_launcher(self.context, self.task, self.shared)
        assert isinstance(launcher, CheckedLauncher)
        return launcher


class GridSweeper(TaskSweeper):
    """With dry_run=true it prints what it would launch."""

    def __init__(self, params: DictConfig, max_batch_size: int | None):
        # The parameters are read where jobs are composed: an experiment that is swept brings its own.
        self.max_batch_size = max_batch_size

    def sweep(self, arguments: list[str]) -> list[list[JobReturn]]:
        """What each job of each batch returned."""
        grid = compose_grid(self.composer, arguments)
        size = len(grid.jobs) if self.max_batch_size is None else self.max_batch_size
        if size < 1:
            raise UserError(f"hydra.sweeper.max_batch_size: expected at least 1, or null, got {size}; give another")
        if any(getattr(job.config, "dry_run", False) for job in grid.jobs):
            from charrnn.cli.dry_run import concurrent_jobs, dry_run_table

            print(dry_run_table(grid.jobs, concurrent_jobs(self.shared.hydra.launcher)))
            return []
        self.task.sweep.title = self.shared.hydra.runtime.choices.get("experiment") or "-".join(
            key.lstrip("+~").split(".")[-1] for key in grid.swept_keys
        )
        launcher = self.checked_launcher()
        self.task.sweep.add(grid.jobs)
        batches: list[Sequence[Job]] = [grid.jobs[start : start + size] for start in range(0, len(grid.jobs), size)]
        returned = [launcher.launch_jobs(batch, number * size) for number, batch in enumerate(batches)]
        if self.task.program != "train":  # a run's failure stands in its folder, from where it is told at the end
            errors = [error for batch in returned for job in batch if (error := job_error(job)) is not None]
            self.task.sweep.exit_code = max([0, *map(print_error, errors)])
        return returned
