"""train, sample and analyze: a command line goes through Hydra's own main and ends with an exit code."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import hydra

from charrnn.cli.arguments import explained, for_hydra, parse
from charrnn.cli.command import typed_command
from charrnn.cli.console import COMMAND_WRONG, DONE, output_closed, print_error
from charrnn.cli.hydra_private import options
from charrnn.cli.jobs import opened_loader
from charrnn.cli.task import Task
from charrnn.config_dir import config_dir
from charrnn.errors import RunFailed, UserError


def main(program: str) -> None:
    """Run "train", "sample" or "analyze" with the arguments in sys.argv; ends the process with an exit code.

    Under HYDRA_FULL_ERROR=1, as in any Hydra application, errors keep their traceback.
    """
    wants_traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    try:
        sys.exit(_run(program, sys.argv[1:]))
    except BrokenPipeError:
        sys.exit(output_closed())
    except (OSError, UserError) as error:
        if wants_traceback:
            raise
        code = print_error(error)
        sys.exit(COMMAND_WRONG if isinstance(error, OSError) else code)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(program: str, arguments: list[str]) -> int:
    if "--version" in arguments:
        import importlib.metadata

        print(f"charrnn {importlib.metadata.version('charrnn')}, Hydra {hydra.__version__}")
        return DONE
    parsed = parse(arguments, program)
    with explained(program, parsed.overrides, lambda group: _options(parsed, group)):
        if parsed.help or (parsed.cfg and parsed.multirun):
            from charrnn.cli import printed

            print(
                printed.help_text(program, parsed) if parsed.help else printed.configs_of_sweep(program, parsed), end=""
            )
            return DONE
        return _through_hydra(program, parsed, arguments)


def _through_hydra(program: str, parsed: argparse.Namespace, arguments: list[str]) -> int:
    task = Task(program, typed_command(program))
    assert task.sweep is not None
    task.sweep.arguments = arguments
    sys.argv[1:] = for_hydra(parsed)
    try:
        with _hydra_raises():
            hydra.main(version_base="1.3", config_path=str(config_dir()), config_name=program)(task)()
    except SystemExit as end:
        if end.code == 1 and parsed.cfg:  # Hydra said that there is no such package
            raise SystemExit(COMMAND_WRONG) from None
        raise
    except ValueError as error:
        if task.started:
            raise
        raise UserError(f"{' '.join(str(error).split())}; see --help") from error
    except RunFailed as error:
        if not task.sweep.jobs:
            raise
        # Another sweeper ends with the first failure; the sweep's own list has them all.
        print(f"stopped:  {error}", file=sys.stderr)
    return task.sweep.end()


@contextmanager
def _hydra_raises() -> Iterator[None]:
    """Have Hydra raise what it would print beside parts of a traceback, which whoever set the variable wants whole."""
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        yield
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        del os.environ["HYDRA_FULL_ERROR"]


def _options(parsed: argparse.Namespace, group: str) -> list[str]:
    with opened_loader(parsed) as (loader, lines):
        return options(
            loader, group, parsed.config_name, [line for line in lines if line.startswith("hydra.searchpath")]
        )
