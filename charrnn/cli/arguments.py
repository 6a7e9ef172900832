"""The arguments of a command: parsed by Hydra, free text quoted for its grammar, what is wrong explained."""

import argparse
import difflib
import importlib.util
import os
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from charrnn.cli.hydra_private import ArgumentError, parse_arguments, parse_overrides
from charrnn.config import SCHEMAS
from charrnn.errors import UserError
from charrnn.schema import Key, known_keys, unknown_key

# Launchers and sweepers that need an extra of this package, and the module that tells whether it is installed.
EXTRAS = {
    "hydra/launcher=slurm": ("slurm", "submitit"),
    "hydra/launcher=submitit_slurm": ("slurm", "submitit"),
    "hydra/launcher=submitit_local": ("slurm", "submitit"),
    "hydra/launcher=cluster": ("ray", "ray"),
    "hydra/launcher=ray": ("ray", "ray"),
    "hydra/sweeper=search": ("optuna", "optuna"),
}


def parse(arguments: Sequence[str], program: str) -> argparse.Namespace:
    """The flags and overrides, free text quoted.

    UserError for a flag that there is not, for one that would be ignored, and for what is no key=value.
    """
    try:
        parsed = parse_arguments(list(arguments))
    except ArgumentError as error:
        raise _wrong_flag(str(error)) from None
    if parsed.experimental_rerun is not None:
        raise UserError(
            "--experimental-rerun: expected a command line, since runs leave no pickle; a run's status.json has the "
            "command that runs it again"
        )
    if parsed.package is not None and parsed.cfg is None:
        raise UserError("--package: expected only with --cfg; add --cfg job")
    if parsed.resolve and parsed.cfg is None and not parsed.help:
        raise UserError("--resolve: expected only with --cfg; add --cfg job")
    if parsed.config_path is not None and "://" not in parsed.config_path:
        parsed.config_path = os.path.abspath(parsed.config_path)
    if parsed.config_dir is not None and not os.path.isdir(parsed.config_dir):
        raise UserError(f"--config-dir: expected a folder, but {parsed.config_dir!r} is none; name another")
    parsed.config_name = parsed.config_name or program
    if not parsed.shell_completion:
        keys = known_keys(SCHEMAS[program])
        parsed.overrides = [quote_free_text(line, keys) for line in parsed.overrides]
        _check_extras(parsed.overrides)
        for line in parsed.overrides:
            name, equals, _ = line.partition("=")
            group = keys.get(name.partition(".")[0])
            if group is not None and typing.get_origin(group.kind) is Mapping:
                continue  # names of loggers and callbacks, and the arguments of their classes
            if equals and re.fullmatch(r"(?!hydra\.)\w+(\.\w+)+", name) and name not in keys:
                raise unknown_key(name, keys)  # of a name without a dot only Hydra knows whether it is a group
    return parsed


def for_hydra(parsed: argparse.Namespace) -> list[str]:
    """The same as arguments of Hydra's."""
    switches = ("run", "multirun", "resolve", "shell_completion", "hydra_help")
    values = ("cfg", "package", "config_path", "config_name", "config_dir", "info")
    return [
        *(f"--{name.replace('_', '-')}" for name in switches if getattr(parsed, name)),
        *(
            f"--{name.replace('_', '-')}={getattr(parsed, name)}"
            for name in values
            if getattr(parsed, name) is not None
        ),
        *parsed.overrides,
    ]


def _wrong_flag(message: str) -> UserError:
    if flag := re.match(r"unrecognized arguments: (\S+)", message):
        name, equals, value = flag[1].lstrip("-").partition("=")
        typed = f"{name}={value}" if equals else f"{name or 'seed'}=…"
        return UserError(f"expected key=value or a flag of Hydra's, got {flag[1]!r}; a key is no flag: write {typed}")
    return UserError(f"{message.removeprefix('argument ')}; see --help")


def quote_free_text(line: str, keys: dict[str, Key]) -> str:
    """An override as Hydra's grammar wants it: free text quoted, unless it is null or an interpolation, ${…}."""
    name, equals, value = line.partition("=")
    known = keys.get(name)
    if not equals or known is None or known.rule is None or not known.rule.free_text:
        return line
    if value.startswith("${") or (known.optional and value == "null"):
        return line
    # A shell expands no ~ behind =.
    return f"{name}={quote(os.path.expanduser(value) if value.startswith('~/') else value)}"


def _check_extras(overrides: list[str]) -> None:
    for line in overrides:
        extra, module = EXTRAS.get(line, ("", ""))
        if extra and importlib.util.find_spec(module) is None:
            raise UserError(
                f"{line}: expected the package {module}, which is not installed; install charrnn with the extra that "
                f'brings it, in a checkout pip install -e ".[{extra}]"'
            )


Options = Callable[[str], list[str]]


@contextmanager
def explained(program: str, overrides: list[str], options: Options) -> Iterator[None]:
    """Have what Hydra says of overrides and configuration files end as one sentence, with a hint where there is one.

    `options` gives the files of a config group, none for what is no group.
    """
    try:
        yield
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark
        where = f"{place.name}, line {place.line + 1}" if place else "a configuration file"
        raise UserError(f"{where}: expected YAML, but {error.problem}; mend the file") from error
    except (HydraException, OmegaConfBaseException) as error:
        if "--multirun" in str(error):
            swept = next(o.input_line for o in parse_overrides(overrides) if o.is_sweep_override())
            raise UserError(f"expected one value, got {swept!r}; add -m to run one job for each value") from error
        for line in overrides:
            if (hint := _hint(line, program, options)) is not None:
                raise hint from error
        cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
        lines = [line for line in str(cause).splitlines() if not line.lstrip().startswith(("full_key", "object_type"))]
        raise UserError(" ".join(" ".join(lines).split())) from error


def _hint(line: str, program: str, options: Options) -> UserError | None:
    """What is wrong with an override, if it is its name, its lack of a value or the option of a group."""
    try:
        (override,) = parse_overrides([line])
    except HydraException as error:
        if "=" not in line:
            return UserError(f"expected key=value, got {line!r}; write for example seed=1")
        return UserError(f"expected key=value in Hydra's grammar, got {line!r}: {str(error).splitlines()[0]}")
    name = override.key_or_group
    if override.is_hydra_override() and "/" not in name:
        return None
    found, known = options(name), known_keys(SCHEMAS[program])
    if found:
        chosen = None if override.is_sweep_override() else override.value()
        missing = [str(c) for c in (chosen if isinstance(chosen, list) else [chosen]) if c not in (None, *found)]
        if not missing:
            return None
        nearest = difflib.get_close_matches(missing[0], found, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        return UserError(f"{name}: expected one of {', '.join(sorted(found))}, got {missing[0]!r}{hint}")
    if name in known or override.is_delete():
        return None
    return unknown_key(name, [*known, *(group for group in ("experiment", "data", "model") if options(group))])


def quote(text: str) -> str:
    """`text` as a quoted value of Hydra's grammar that arrives as typed, whatever it holds.

    Within quotes only two things are special: a quote, with the backslashes before it, and an interpolation's `${`.
    """
    text = re.sub(r"(\\*)\$\{", lambda m: m[1] * 2 + r"\${", text)
    text = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), text)
    return f"'{text}'"


def unquote_override(argument: str) -> str:
    """A quoted override as it was typed, before the shell."""
    name, equals, text = argument.partition("=")
    if not (equals and len(text) > 1 and text[0] == text[-1] == "'"):
        return argument
    text = re.sub(r"(\\*)('|$)", lambda m: m[1][: len(m[1]) // 2] + m[2], text[1:-1])
    text = re.sub(r"(\\*)\$\{", lambda m: m[1][: len(m[1]) // 2] + "${", text)
    return f"{name}={text}"
