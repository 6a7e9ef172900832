"""What Hydra calls for every job, in the command's process or in a launcher's worker."""

import multiprocessing
import os
import signal
import sys
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.console import log_to_console
from charrnn.cli.hydra_private import RunMode
from charrnn.cli.jobs import Job, build_config, run_folder, start_from_shorter
from charrnn.cli.sweep import Sweep, command_line
from charrnn.errors import RunFailed, UserError, sentence


class Task:
    """train, sample or analyze, as Hydra's task function.

    A job of train returns its best validation loss, which a search minimizes; one that fails raises UserError or
    RunFailed. `command` is what was typed, which workers do not know; `sweep` is None in a worker.
    """

    def __init__(self, program: str, command: str):
        self.program, self.command = program, command
        self.sweep: Sweep | None = Sweep(program, command)
        self.started = False

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "sweep": None}

    def __call__(self, cfg: DictConfig) -> float | None:
        self.started = True
        config = build_config(self.program, cfg)
        try:
            if self.program == "train":
                return self._train(config)
            if self.program == "sample":
                from charrnn.cli.tunes import sample_tunes

                sample_tunes(config)
            else:
                from charrnn.cli.analyses import write_report

                write_report(config)
        except (UserError, BrokenPipeError):
            raise
        except OSError as error:
            raise RunFailed(sentence(error)) from error
        return None

    def _train(self, config: Any) -> float | None:
        hydra_config = HydraConfig.get()
        folder, overrides = run_folder(config), list(hydra_config.overrides.task)
        in_sweep, in_worker = hydra_config.mode == RunMode.MULTIRUN, self.sweep is None
        if config.dry_run:
            from charrnn.cli.dry_run import dry_run_table

            print(dry_run_table([Job(overrides, config, folder)], 1))
            return None
        from charrnn.cli.run_summary import print_run, was_printed
        from charrnn.cli.slurm import preemption_signal

        if multiprocessing.parent_process() is not None:
            from charrnn.cli.workers import stop_with_parent

            stop_with_parent()
        if not in_worker:
            log_to_console(hydra_config.verbose)
            if in_sweep:
                print(f"\n=== {folder.name}")
        if not in_sweep and (result := run.read_result(folder)) is not None and was_printed(folder):
            print(f"finished  {folder}")
            print_run(folder)
            return float(result["best_val_loss"])
        requeue_signal = preemption_signal() if in_worker else None
        stop_on = (signal.SIGINT, signal.SIGTERM) if requeue_signal is None else (requeue_signal,)
        from charrnn.learning.module import Diverged
        from charrnn.learning.training import Interrupted, train

        try:
            start_from_shorter(config, folder)
            result = train(config, folder, command_line(self.command, overrides), stop_on)
        except Interrupted as stop:
            # 128 + signal is what a shell reports of a process that a signal ended.
            if in_worker:
                sys.stdout.flush()
                if stop.signum == requeue_signal:
                    _requeue(stop.signum)
                os._exit(128 + stop.signum)  # an exception would end this job alone, and the worker start the next
            print(f"stopped: {folder}; the same command continues it", file=sys.stderr)
            raise SystemExit(128 + stop.signum) from None
        except (UserError, BrokenPipeError):
            raise
        except Exception as error:  # also one that no other process could read
            more = "" if isinstance(error, OSError | Diverged) else f"; see {folder / 'train.log'}"
            raise RunFailed(sentence(error) + more) from error
        if not in_sweep:
            print_run(folder)
        return float(result["best_val_loss"])


def _requeue(signum: int) -> None:
    """Pass the signal, now that the run can be continued, to submitit's handler, which ends this process.

    submitit refuses where the job ran into its time limit too often.
    """
    try:
        signal.raise_signal(signum)
    except Exception as error:
        raise RunFailed(sentence(error)) from error
