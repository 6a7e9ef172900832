"""The command charrnn, which holds train, sample and analyze; Hydra is imported only once it is known which."""

import difflib
import importlib.metadata
import os
import re
import shlex
import sys
from pathlib import Path

PROGRAMS = {
    "train": "train a network, or with -m one for every value",
    "sample": "compose tunes with a trained network",
    "analyze": "compare runs, measure tunes, look into a network",
}
HELP = """\
charrnn trains character-level recurrent networks that compose folk music in ABC notation.

{programs}

  charrnn train --help       what can be set, with its default
  charrnn train --cfg job    the configuration that a command line gives
  charrnn --version

Completion with Tab in this shell: eval "$(charrnn -sc install=bash)"
"""


def main() -> None:
    """Answer the command line of this process, which ends with an exit code."""
    first = sys.argv[1] if len(sys.argv) > 1 else None
    if first in PROGRAMS:
        _run(first, sys.argv[2:])
    elif first in ("-sc", "--shell-completion"):
        _complete(sys.argv[1:])
    elif first in ("-h", "--help"):
        print(_help(), end="")
    elif first == "--version":
        print(f"charrnn {importlib.metadata.version('charrnn')}")
    elif first is None:
        print(_help(), end="", file=sys.stderr)
        sys.exit(2)
    else:
        nearest = difflib.get_close_matches(first, PROGRAMS, n=1)
        hint = f"did you mean {nearest[0]!r}?" if nearest else "see charrnn --help"
        print(f"error: expected {', '.join(PROGRAMS)}, --help or --version, got {first!r}; {hint}", file=sys.stderr)
        sys.exit(2)


def typed_command(program: str) -> str:
    """How to call `program` as this process was called: charrnn, python -m charrnn, or a script with its path."""
    script = Path(sys.argv[0])
    if script.name in {f"{name}.py" for name in PROGRAMS}:
        return shlex.join(["python", str(script.with_name(f"{program}.py"))])
    return f"python -m charrnn {program}" if script.name == "__main__.py" else f"charrnn {program}"


def _run(program: str, arguments: list[str]) -> None:
    from charrnn.cli.main import main

    sys.argv[1:] = arguments  # Hydra reads them there
    main(program)


def _help() -> str:
    return HELP.format(programs="\n".join(f"  charrnn {name:<10}{purpose}" for name, purpose in PROGRAMS.items()))


def _complete(arguments: list[str]) -> None:
    """Answer Hydra's completion script, which leaves out the subcommand: it stands in COMP_LINE alone."""
    line = os.environ.get("COMP_LINE")
    if line is None:  # to install or uninstall the script
        _run("train", arguments)
    elif typed := re.fullmatch(r"(\s*\S+)\s+(\S+)(\s.*)", line, re.DOTALL):
        name, program, rest = typed.groups()
        if program in PROGRAMS:
            os.environ["COMP_LINE"] = name + rest
            _run(program, arguments)
    else:
        print("\n".join(PROGRAMS))
