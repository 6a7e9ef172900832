"""The three commands: check what was typed, run the jobs, say what failed."""

import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.overrides import CONF, MULTIRUN, prepared
from charrnn.cli.plan import checked, default_settings, plan, run_folder
from charrnn.cli.slurm import preemption_signal
from charrnn.cli.sweep import launch, list_failures, rerun, write_manifest
from charrnn.cli.workers import follow_parent
from charrnn.config import SCHEMAS, known_keys
from charrnn.errors import UserError, sentence

# Whether somebody typed the command of this very process; a launcher's workers import this module, too.
_is_typed = False


def main(program: str) -> None:
    """Run "train", "sample" or "analyze" with the arguments of this process, which ends with an exit code."""
    global _is_typed
    _is_typed, arguments = True, sys.argv[1:]
    try:
        if any(a.startswith("-") and a not in MULTIRUN and "=" not in a for a in arguments):
            # Hydra's own questions: --help, --cfg, --info, shell completion
            hydra.main(version_base="1.3", config_path=str(CONF), config_name=program)(JOBS[program])()
            return
        sys.exit(_run(program, prepared(arguments, known_keys(SCHEMAS[program]))))
    except BrokenPipeError:
        sys.exit(_output_closed())
    except (UserError, OSError) as error:
        sys.exit(_say_error(sentence(error)))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(program: str, arguments: list[str]) -> int:
    planned = plan(program, arguments)
    manifest = None
    if any(getattr(job.config, "dry_run", False) for job in planned.jobs):
        from charrnn.cli.dry_run import listing

        print(listing(planned))
        return 0
    if planned.is_sweep and planned.folders:
        manifest = write_manifest(planned)
        for folder in planned.folders:
            if run.read_result(folder) is not None:
                print(f"finished  {folder}")
    codes = launch(planned, JOBS[program])
    if manifest is not None:
        print()
        try:
            launch(plan("analyze", prepared([f"runs={manifest}"], known_keys(SCHEMAS["analyze"]))), _analyze)
        except Exception as error:
            # A comparison that cannot be made, whatever the reason, is no failure of the sweep.
            print(f"no comparison: {sentence(error)}", file=sys.stderr)
    if planned.is_sweep and list_failures(planned):
        return 1
    return max(codes, default=0)


def _train(cfg: DictConfig) -> int:
    in_worker = not _is_typed
    if multiprocessing.parent_process() is not None:
        follow_parent()
    from charrnn.learning.training import Interrupted, train

    config = checked("train", cfg)
    folder = run_folder(config)
    hydra_config = HydraConfig.get()
    in_sweep = hydra_config.mode == RunMode.MULTIRUN
    if not in_worker:
        _log_to_console()
    if in_sweep and not in_worker:
        print(f"\n=== {folder.name}")
    queued_by = preemption_signal() if in_worker else None
    stop_on = (signal.SIGINT, signal.SIGTERM) if queued_by is None else (queued_by,)
    try:
        result = train(config, folder, rerun("train", hydra_config.overrides.task), stop_on)
    except Interrupted as stop:
        # 128 + signal is what a shell reports of a process that a signal ended.
        if in_worker:
            sys.stdout.flush()
            if stop.signum == queued_by:
                return _hand_on(stop.signum)
            os._exit(128 + stop.signum)  # an exception would end the job only, and the next one would start
        print(f"stopped: {folder}; the same command continues it", file=sys.stderr)
        raise SystemExit(128 + stop.signum) from None
    except BrokenPipeError:
        raise SystemExit(_output_closed()) from None
    except Exception as error:
        # The other jobs of a sweep go on; the last lines of the command tell of this one.
        if not in_sweep:
            _say_error(sentence(error))
            if not isinstance(error, UserError | OSError):
                print(f"  log    {folder / 'train.log'}", file=sys.stderr)
        return 1
    if not in_sweep:
        from charrnn.learning.compose import show_two
        from charrnn.learning.result import summary

        print(summary(result, folder))
        show_two(folder)
    return 0


def _hand_on(signum: int) -> int:
    """Give a signal, now that the run can be continued, to submitit, whose handler ends this process, or may not."""
    try:
        signal.raise_signal(signum)
    except Exception as error:
        print(error, file=sys.stderr)
    return 1  # it ran into its time limit too often


def _sample(cfg: DictConfig) -> int:
    from charrnn.learning.compose import compose_tunes

    return _or_say_error(compose_tunes, checked("sample", cfg))


def _analyze(cfg: DictConfig) -> int:
    config = checked("analyze", cfg)
    if config.analysis.name == "quality":
        from charrnn.studies.quality import report_quality

        return _or_say_error(report_quality, config)
    if config.analysis.name == "temperature":
        from charrnn.studies.temperature import report_temperature

        return _or_say_error(report_temperature, config)
    if config.analysis.name == "neurons":
        from charrnn.studies.neurons.report import report_neurons

        return _or_say_error(report_neurons, config)
    if config.analysis.name == "paper":
        from charrnn.studies.paper.report import report_paper

        return _or_say_error(partial(report_paper, default=default_settings()), config)
    if config.diff is not None:
        from charrnn.studies.difference import print_difference

        return _or_say_error(print_difference, config.diff)
    from charrnn.studies.comparison import compare

    return _or_say_error(partial(compare, default=default_settings()), config)


JOBS: dict[str, Callable[[DictConfig], int]] = {"train": _train, "sample": _sample, "analyze": _analyze}


def _or_say_error(task: Callable[[Any], object], config: Any) -> int:
    # Hydra would print a traceback and stop; here a bad value ends its own job only.
    try:
        task(config)
    except BrokenPipeError:
        raise SystemExit(_output_closed()) from None
    except (UserError, OSError) as error:
        return _say_error(sentence(error))
    return 0


def _output_closed() -> int:
    """What a shell reports of a process whose reader went away, as `head` does; nothing more is printed.

    The signal itself stays ignored: a worker that dies with a request in its pipe would end this process.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _say_error(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


class _Console(logging.Handler):
    """Prints above the progress bar, where there is one, instead of into it."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stdout)
        sys.stdout.flush()


def _log_to_console() -> None:
    logger = logging.getLogger("charrnn")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    if not logger.handlers:
        console = _Console()
        console.setLevel(logging.INFO)
        logger.addHandler(console)
