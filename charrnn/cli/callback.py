"""The part of a command that hangs on Hydra's callback, whatever sweeper was chosen."""

import sys
from typing import Any

import yaml
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from charrnn.cli.console import output_closed, print_error, show_debug_lines
from charrnn.cli.hydra_private import JobReturn, job_error
from charrnn.cli.launcher import check_launches
from charrnn.config_dir import config_dir
from charrnn.errors import UserError
from charrnn.run import flat

OURS = "hydra_plugins.charrnn."


class CommandCallback(Callback):
    """Hydra turns an exception of a callback into a warning, so errors end the command here."""

    def __init__(self, program: str):
        self.program = program

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        self._end_where_refused(config)

    def on_run_end(self, config: DictConfig, job_return: JobReturn | None = None, **_: Any) -> None:
        assert job_return is not None
        if (error := job_error(job_return)) is not None:
            sys.exit(output_closed() if isinstance(error, BrokenPipeError) else print_error(error))

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        self._end_where_refused(config)
        check_launches(config)

    def _end_where_refused(self, config: DictConfig) -> None:
        show_debug_lines(config.hydra.verbose)
        try:
            _check_folders(config, self.program)
            _check_sweeper(config)
        except UserError as error:
            sys.exit(print_error(error))


def _check_folders(config: DictConfig, program: str) -> None:
    """UserError where Hydra is to write somewhere: folders are named by what they hold, and found by where they lie."""
    content = yaml.safe_load((config_dir() / f"{program}.yaml").read_text(encoding="utf-8"))["hydra"]
    given = OmegaConf.to_container(config.hydra, resolve=False)
    assert isinstance(given, dict)
    folder = {"train": "runs_dir", "sample": "samples_dir", "analyze": "report_dir"}[program]
    for key in ("output_subdir", "run.dir", "sweep.dir", "sweep.subdir", "job.chdir"):
        expected, got = flat(content)[key], flat({str(name): value for name, value in given.items()})[key]
        if got != expected:
            raise UserError(
                f"hydra.{key}: expected {expected!r}, got {got!r}; folders are named by what they hold, so leave it "
                f"out, and name the folder above them with {folder}=…"
            )


def _check_sweeper(config: DictConfig) -> None:
    if config.hydra.sweeper._target_.startswith(OURS):
        return
    for key, value in (("dry_run", config.get("dry_run")), ("zip", config.get("zip"))):
        if value:
            raise UserError(
                f"{key}: expected only with hydra/sweeper=grid, got {value} with another sweeper, which names its "
                "runs as it goes; leave one out"
            )
