"""train, sample and analyze: check the arguments, run the jobs, print what failed."""

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
from charrnn.cli.command import typed_command
from charrnn.cli.jobs import build_config, compose_jobs, run_folder
from charrnn.cli.overrides import normalize_overrides, only_prints
from charrnn.cli.slurm import preemption_signal
from charrnn.cli.sweep import command_line, launch_jobs, print_failures, write_manifest
from charrnn.cli.workers import stop_with_parent
from charrnn.config import SCHEMAS, known_keys
from charrnn.config_dir import config_dir
from charrnn.errors import UserError, sentence

# Whether this process is the command that was typed; a launcher's workers import this module, too.
_is_typed = False


def main(program: str) -> None:
    """Run "train", "sample" or "analyze" with the arguments in sys.argv; ends the process with an exit code."""
    global _is_typed
    _is_typed, arguments = True, sys.argv[1:]
    try:
        if only_prints(arguments):
            hydra.main(version_base="1.3", config_path=str(config_dir()), config_name=program)(TASKS[program])()
            return
        sys.exit(_run(program, normalize_overrides(arguments, known_keys(SCHEMAS[program]))))
    except BrokenPipeError:
        sys.exit(_output_closed())
    except (UserError, OSError) as error:
        sys.exit(_print_error(sentence(error)))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(program: str, arguments: list[str]) -> int:
    command = typed_command(program)
    batch = compose_jobs(program, arguments, command)
    manifest = None
    if any(getattr(job.config, "dry_run", False) for job in batch.jobs):
        from charrnn.cli.dry_run import dry_run_table

        print(dry_run_table(batch))
        return 0
    if batch.is_sweep and batch.folders:
        manifest = write_manifest(batch)
        for folder in batch.folders:
            if run.read_result(folder) is not None:
                print(f"finished  {folder}")
    # Workers do not know what was typed.
    codes = launch_jobs(batch, partial(_train, command=command) if program == "train" else TASKS[program])
    if manifest is not None:
        print()
        try:
            from charrnn.studies.hparams import write_hparams

            write_hparams(manifest)
            runs = normalize_overrides([f"runs={manifest}"], known_keys(SCHEMAS["analyze"]))
            launch_jobs(compose_jobs("analyze", runs), _analyze)
        except Exception as error:
            # The sweep did not fail where its comparison cannot be made, whatever the reason.
            print(f"no comparison: {sentence(error)}", file=sys.stderr)
    if batch.is_sweep and print_failures(batch):
        return 1
    return max(codes, default=0)


def _train(cfg: DictConfig, command: str = "charrnn train") -> int:
    in_worker = not _is_typed
    if multiprocessing.parent_process() is not None:
        stop_with_parent()
    from charrnn.learning.training import Interrupted, train

    config = build_config("train", cfg)
    folder = run_folder(config)
    hydra_config = HydraConfig.get()
    in_sweep = hydra_config.mode == RunMode.MULTIRUN
    if not in_worker:
        _log_to_console()
    if in_sweep and not in_worker:
        print(f"\n=== {folder.name}")
    requeue_signal = preemption_signal() if in_worker else None
    stop_on = (signal.SIGINT, signal.SIGTERM) if requeue_signal is None else (requeue_signal,)
    try:
        train(config, folder, command_line(command, hydra_config.overrides.task), stop_on)
    except Interrupted as stop:
        # 128 + signal is what a shell reports of a process that a signal ended.
        if in_worker:
            sys.stdout.flush()
            if stop.signum == requeue_signal:
                return _requeue(stop.signum)
            os._exit(128 + stop.signum)  # an exception would end only this job, and the worker would start the next
        print(f"stopped: {folder}; the same command continues it", file=sys.stderr)
        raise SystemExit(128 + stop.signum) from None
    except BrokenPipeError:
        raise SystemExit(_output_closed()) from None
    except Exception as error:
        # The other jobs of a sweep go on; the command's last lines list this failure.
        if not in_sweep:
            _print_error(sentence(error))
            if not isinstance(error, UserError | OSError):
                print(f"  log    {folder / 'train.log'}", file=sys.stderr)
        return 1
    if not in_sweep:
        from charrnn.cli.tunes import print_run

        print_run(folder)
    return 0


def _requeue(signum: int) -> int:
    """Pass the signal, now that the run can be continued, to submitit's handler, which ends this process."""
    try:
        signal.raise_signal(signum)
    except Exception as error:
        print(error, file=sys.stderr)
    return 1  # submitit refuses: the job ran into its time limit too often


def _sample(cfg: DictConfig) -> int:
    from charrnn.cli.tunes import sample_tunes

    return _or_print_error(sample_tunes, build_config("sample", cfg))


def _analyze(cfg: DictConfig) -> int:
    from charrnn.cli.analyses import write_report

    return _or_print_error(write_report, build_config("analyze", cfg))


TASKS: dict[str, Callable[[DictConfig], int]] = {"train": _train, "sample": _sample, "analyze": _analyze}


def _or_print_error(task: Callable[[Any], object], config: Any) -> int:
    # Hydra would print a traceback and stop; here a bad value ends only its own job.
    try:
        task(config)
    except BrokenPipeError:
        raise SystemExit(_output_closed()) from None
    except (UserError, OSError) as error:
        return _print_error(sentence(error))
    return 0


def _output_closed() -> int:
    """What a shell reports of a process whose reader went away, as `head` does; nothing more is printed.

    The signal itself stays ignored: a worker that dies with a request in its pipe would end this process.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _print_error(message: str) -> int:
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
