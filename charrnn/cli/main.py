"""The three commands: check what was typed, let Hydra run the jobs, say what failed."""

import logging
import shlex
import signal
import sys
from collections.abc import Callable
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.overrides import CONF, MULTIRUN, prepared
from charrnn.cli.plan import Plan, checked, plan, run_folder
from charrnn.config import SCHEMAS, known_keys
from charrnn.errors import UserError, sentence


def main(program: str) -> None:
    """Run "train", "sample" or "analyze" with the arguments of this process, which ends with an exit code."""
    arguments = sys.argv[1:]
    # Whoever reads our output may stop early, as `head` does; Python would call that an error.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        if any(a.startswith("-") and a not in MULTIRUN and "=" not in a for a in arguments):
            planned = None  # Hydra's own questions: --help, --cfg, --info, shell completion
        else:
            arguments = prepared(arguments, known_keys(SCHEMAS[program]))
            planned = plan(program, arguments)
            sys.argv[1:] = arguments
        _run_jobs(program)
    except UserError as error:
        sys.exit(_say_error(str(error)))
    except KeyboardInterrupt:
        sys.exit(130)
    if planned is not None:
        sys.exit(_failures(planned))


def _run_jobs(program: str) -> None:
    hydra.main(version_base="1.3", config_path=str(CONF), config_name=program)(JOBS[program])()


def _train(cfg: DictConfig) -> None:
    from charrnn.learning.training import Interrupted, train

    _log_to_console()
    config = checked("train", cfg)
    folder = run_folder(config)
    is_sweep = HydraConfig.get().mode == RunMode.MULTIRUN
    command = shlex.join(["python", "train.py", *HydraConfig.get().overrides.task])
    try:
        result = train(config, folder, command)
    except Interrupted as stop:
        print(f"stopped: {folder}; the same command continues it", file=sys.stderr)
        # 128 + signal is what a shell reports of a process that a signal ended.
        raise SystemExit(128 + stop.signum) from None
    except Exception as error:
        # The other jobs of a sweep go on; the last lines of the command and its exit code tell of this one.
        if not is_sweep:
            _errors.append(_say_error(sentence(error)))
            if not isinstance(error, UserError | OSError):
                print(f"  log    {folder / 'train.log'}", file=sys.stderr)
        return
    if not is_sweep:
        from charrnn.learning.compose import show_two
        from charrnn.learning.training import summary

        print(summary(result, folder))
        show_two(folder)


def _sample(cfg: DictConfig) -> None:
    from charrnn.learning.compose import compose_tunes

    _or_say_error(compose_tunes, checked("sample", cfg))


def _analyze(cfg: DictConfig) -> None:
    from charrnn.studies.table import report

    _or_say_error(report, checked("analyze", cfg))


JOBS: dict[str, Callable[[DictConfig], None]] = {"train": _train, "sample": _sample, "analyze": _analyze}
_errors: list[int] = []


def _or_say_error(task: Callable[[Any], object], config: Any) -> None:
    # Hydra would print a traceback and stop; here a bad value ends its own job only.
    try:
        task(config)
    except (UserError, OSError) as error:
        _errors.append(_say_error(sentence(error)))


def _failures(planned: Plan) -> int:
    """Exit code of the whole command; for a sweep, a line for every job without a result."""
    failed = [folder for folder in planned.folders if run.read_result(folder) is None]
    if not planned.is_sweep:
        return 1 if _errors or failed else 0
    for folder in failed:
        status = run.read_status(folder)
        _say_error(f"{folder.name}: {status['error']}")
        print(f"  log    {folder / 'train.log'}\n  rerun  {status['command']}", file=sys.stderr)
    return 1 if _errors or failed else 0


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
