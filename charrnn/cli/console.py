"""What a command prints of its own accord: log lines above a progress bar, errors, nothing where nobody reads."""

import logging
import os
import signal
import sys
from typing import Any

from charrnn.errors import RunFailed, UserError, sentence

DONE, RUN_FAILED, COMMAND_WRONG = 0, 1, 2


def print_error(error: BaseException) -> int:
    """Print one sentence; the exit code that goes with the error."""
    print(f"error: {sentence(error)}", file=sys.stderr)
    return COMMAND_WRONG if isinstance(error, UserError) and not isinstance(error, RunFailed) else RUN_FAILED


def output_closed() -> int:
    """What a shell reports of a process whose reader went away, as `head` does; nothing more is printed.

    The signal itself stays ignored: a worker that dies with a request in its pipe would end this process.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 128 + signal.SIGPIPE


class _Console(logging.Handler):
    """Prints above the progress bar, where there is one, instead of into it."""

    def emit(self, record: logging.LogRecord) -> None:
        from tqdm import tqdm

        tqdm.write(self.format(record), file=sys.stdout)
        sys.stdout.flush()


def show_debug_lines(verbose: Any) -> None:
    """Show what Hydra lets through for hydra.verbose: it sets levels, and its logging here has no handler."""
    if verbose and not logging.getLogger().handlers:
        logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")


def log_to_console(verbose: Any) -> None:
    """Show what a run says, and its debug lines where hydra.verbose is true or names "charrnn".

    A handler of hydra/job_logging shows it otherwise.
    """
    root, logger = logging.getLogger(), logging.getLogger("charrnn")
    logger.setLevel(logging.DEBUG)
    if logger.handlers or (root.handlers and not verbose):
        return
    names = [verbose] if isinstance(verbose, str) else [] if isinstance(verbose, bool) else list(verbose)
    console = _Console()
    console.setLevel(logging.DEBUG if verbose is True or "charrnn" in names else logging.INFO)
    logger.propagate = False
    logger.addHandler(console)
