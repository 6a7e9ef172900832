"""All of Hydra 1.3 that is used here and that its documentation does not promise: what a new version can break.

tests/cli/test_hydra_private.py holds each use.
"""

import argparse
from typing import NoReturn

from hydra._internal.utils import get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, RunMode, TaskFunction
from hydra.version import VersionBase
from omegaconf import DictConfig

__all__ = [
    "ConfigLoader", "GlobalHydra", "HydraContext", "JobReturn", "JobStatus", "ObjectType", "Override", "Plugins",
    "RunMode", "TaskFunction", "VersionBase",
]  # fmt: skip


class ArgumentError(Exception):
    """What Hydra's argument parser does not take."""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The flags and overrides of a command line as Hydra takes them; flags may stand among the overrides."""
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise ArgumentError(message)

    parser.error = refuse  # type: ignore[method-assign]
    return parser.parse_intermixed_args(arguments)


def parse_overrides(lines: list[str], loader: ConfigLoader | None = None) -> list[Override]:
    """Overrides by Hydra's grammar; globs of sweeps want the loader that knows what there is."""
    return OverridesParser.create(config_loader=loader).parse_overrides(lines)


def swept_values(override: Override) -> list[str]:
    """The values of a sweep as they are typed; ValueError for one that has no list of them, such as an interval."""
    if not override.is_discrete_sweep():
        raise ValueError(override.input_line)
    return [str(value) for value in override.sweep_string_iterator()]


def swept_interval(override: Override) -> tuple[float, float, bool] | None:
    """The ends of `interval(a,b)`, whole numbers of `int(interval(a,b))`, and whether it is tagged log."""
    sweep = override.value()
    if not isinstance(sweep, IntervalSweep) or sweep.start is None or sweep.end is None:
        return None
    return sweep.start, sweep.end, "log" in sweep.tags


def swept_range(override: Override) -> tuple[float, float] | None:
    """First value and step of `range(a,b,c)`."""
    sweep = override.value()
    return (sweep.start or 0, sweep.step) if isinstance(sweep, RangeSweep) else None


def options(loader: ConfigLoader, group: str, config_name: str, overrides: list[str]) -> list[str]:
    """The files of a config group, wherever the search path finds them."""
    found: list[str] = loader.get_group_options(group, ObjectType.CONFIG, config_name, overrides)
    return found


def job_error(job: JobReturn) -> BaseException | None:
    """The error of a failed job. Its `return_value` would write the job's overrides to stderr before raising it."""
    error = job._return_value if job.status is JobStatus.FAILED else None
    assert error is None or isinstance(error, BaseException)
    return error


def completed(overrides: list[str], value: object) -> JobReturn:
    """What a launcher returns for a job that ended with `value`."""
    job = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
    job.return_value = value
    return job


def failed(overrides: list[str], error: Exception) -> JobReturn:
    """What a launcher returns for a job that raised `error`."""
    job = JobReturn(overrides=overrides, status=JobStatus.FAILED)
    job.return_value = error
    return job


def load_sweep(loader: ConfigLoader, config_name: str, overrides: list[str]) -> DictConfig:
    """What every job of a sweep shares: the configuration without what is swept."""
    return loader.load_configuration(config_name, overrides, run_mode=RunMode.MULTIRUN)
