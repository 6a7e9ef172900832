"""hydra/sweeper=grid, the default: every combination of values, all checked before the first job starts."""

from typing import Any

from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig

from charrnn.cli.console import print_error
from charrnn.cli.grid import compose_grid
from charrnn.cli.hydra_private import HydraContext, JobReturn, Plugins, TaskFunction, job_error
from charrnn.cli.jobs import Composer
from charrnn.cli.launcher import CheckedLauncher, check_launches, unwrapped
from charrnn.errors import UserError


class GridSweeper(Sweeper):
    """With dry_run=true it prints what it would launch."""

    def __init__(self, params: DictConfig, max_batch_size: int | None):
        # The parameters are read where jobs are composed: an experiment that is swept brings its own.
        self.max_batch_size = max_batch_size

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.context, self.task, self.config = hydra_context, task_function, unwrapped(config)
        if self.max_batch_size is not None and self.max_batch_size < 1:
            raise UserError(
                f"hydra.sweeper.max_batch_size: expected a number of at least 1, or null, got {self.max_batch_size}; "
                "give another"
            )

    def sweep(self, arguments: list[str]) -> list[list[JobReturn]]:
        """What each job of each batch returned."""
        task: Any = self.task
        grid = compose_grid(Composer(task.program, self.context.config_loader, self.config), arguments)
        if any(getattr(job.config, "dry_run", False) for job in grid.jobs):
            from charrnn.cli.dry_run import concurrent_jobs, dry_run_table

            print(dry_run_table(grid.jobs, concurrent_jobs(self.config.hydra.launcher)))
            return []
        task.sweep.title = self.config.hydra.runtime.choices.get("experiment") or "-".join(
            key.lstrip("+~").split(".")[-1] for key in grid.swept_keys
        )
        check_launches(self.config)
        launcher = Plugins.instance().instantiate_launcher(self.context, task, self.config)
        assert isinstance(launcher, CheckedLauncher)
        task.sweep.add(grid.jobs)
        size = self.max_batch_size or len(grid.jobs)
        returned = [
            launcher.launch_jobs(grid.jobs[start : start + size], start) for start in range(0, len(grid.jobs), size)
        ]
        if task.program != "train":  # a run's failure stands in its folder, from where it is told at the end
            errors = [error for batch in returned for job in batch if (error := job_error(job)) is not None]
            task.sweep.exit_code = max([0, *map(print_error, errors)])
        return returned
