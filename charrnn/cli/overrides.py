"""The arguments of a command: checked and quoted before Hydra parses them."""

import difflib
import importlib.util
import os
import re
from collections.abc import Sequence
from typing import Any

from charrnn.config import unknown_key
from charrnn.config_dir import config_dir
from charrnn.errors import UserError

MULTIRUN = ("-m", "--multirun")
# Flags with which Hydra prints something and runs no job, and those that only go with them.
PRINTING_FLAGS = (
    *("-h", "--help", "--hydra-help", "--version", "-c", "--cfg", "-i", "--info"),
    *("-sc", "--shell-completion"),
)
THEIR_FLAGS = ("--resolve", "-p", "--package")
CONFIG_FLAGS = ("-cd", "--config-dir", "-cn", "--config-name", "-cp", "--config-path")
# submitit_local runs on this machine, all jobs at once, what slurm would queue: to try out, and in tests.
HYDRA_LAUNCHERS = ["basic", "submitit_local"]
# Groups of which several options go together, as in inputs=[meter,cond].
LISTS = ("inputs", "logger", "callbacks")
# Groups whose keys are a user's own: names of loggers and callbacks, and the arguments of their classes.
OPEN_GROUPS = ("logger", "callbacks")
# Launchers that need an extra of this package, and the module that tells whether it is installed.
EXTRAS = {"slurm": ("slurm", "submitit"), "submitit_local": ("slurm", "submitit"), "cluster": ("ray", "ray")}


def only_prints(arguments: Sequence[str]) -> bool:
    """Whether the flags make Hydra print something instead of running jobs; UserError for a flag that we do not know.

    A flag's value, as in --cfg job, counts as no flag.
    """
    flags = [a for a in arguments if a.startswith("-") and a not in MULTIRUN]
    prints = any(flag.partition("=")[0] in PRINTING_FLAGS for flag in flags)
    for flag in flags:
        name = flag.partition("=")[0]
        if name in PRINTING_FLAGS or (prints and name in THEIR_FLAGS):
            continue
        if name in CONFIG_FLAGS:
            raise UserError(
                f"{name}: expected settings of this package's own configuration, since no other is read yet; "
                "write them as key=value"
            )
        raise UserError(
            f"expected key=value, -m, --help or --cfg job, got {flag!r}; a key is no flag: write "
            f"{name.lstrip('-') or 'seed'}=…"
        )
    return prints


def config_groups() -> dict[str, list[str]]:
    """Every config group with its options."""
    groups = {"hydra/launcher": list(HYDRA_LAUNCHERS)}
    for file in sorted(config_dir().glob("*/**/*.yaml")):
        groups.setdefault(file.parent.relative_to(config_dir()).as_posix(), []).append(file.stem)
    return groups


def normalize_overrides(arguments: Sequence[str], known_keys: dict[str, dict[str, Any]]) -> list[str]:
    """The arguments with free text quoted for Hydra's grammar; UserError for the first that cannot be meant."""
    groups = config_groups()
    experiments = [a for a in arguments if a.partition("=")[0].lstrip("+") == "experiment"]
    if len(experiments) > 1 or any("," in a for a in experiments):
        raise UserError(
            f"experiment: expected one experiment, got {' '.join(experiments)}; an experiment is a sweep of its own: "
            "run one after the other"
        )
    return [a if a in MULTIRUN else _normalize(a, known_keys, groups) for a in arguments]


def _normalize(argument: str, known_keys: dict[str, dict[str, Any]], groups: dict[str, list[str]]) -> str:
    name, equals, value = argument.partition("=")
    key = name.lstrip("+~")
    if key.split(".")[0].split("/")[0] == "hydra":
        if name in groups:
            _check_options(name, value, groups[name])
        return argument
    if key.partition(".")[0] in OPEN_GROUPS and "." in key:
        return argument
    if name != key:
        raise UserError(f"expected key=value, got {argument!r}; keys are neither added nor removed: write {key}=…")
    if not equals:
        raise UserError(f"expected key=value, got {argument!r}; write for example seed=1")
    if name in groups:
        _check_options(name, value, groups[name])
        return argument
    if name not in known_keys:
        raise unknown_key(name, [*known_keys, *(group for group in groups if not group.startswith("hydra"))])
    rule = known_keys[name]
    if rule.get("free_text") and not (rule["optional"] and value == "null"):
        # A shell expands no ~ behind =.
        return f"{name}={quote(os.path.expanduser(value) if value.startswith('~/') else value)}"
    return argument


def _check_options(group: str, value: str, options: list[str]) -> None:
    alternatives = value if group.startswith("hydra/") else value.replace(",", "\0")
    if group in LISTS:  # inputs=[meter,cond] is one choice
        alternatives = re.sub(r"\[([^][]*)\]", r"\1", alternatives)
    for option in alternatives.split("\0"):
        if option.strip() not in options:
            nearest = difflib.get_close_matches(option, options, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise UserError(f"{group}: expected one of {', '.join(options)}, got {option!r}{hint}")
    extra, module = EXTRAS.get(value, ("", "")) if group == "hydra/launcher" else ("", "")
    if extra and importlib.util.find_spec(module) is None:
        raise UserError(
            f"hydra/launcher={value}: expected the package {module}, which is not installed; install charrnn with the "
            f'extra that brings it, in a checkout pip install -e ".[{extra}]"'
        )


def quote(text: str) -> str:
    """`text` as a quoted value of Hydra's grammar that arrives as typed, whatever it holds.

    Within quotes only two things are special: a quote, with the backslashes before it, and an interpolation's `${`.
    """
    text = re.sub(r"(\\*)\$\{", lambda m: m[1] * 2 + r"\${", text)
    text = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), text)
    return f"'{text}'"


def unquote_override(argument: str) -> str:
    """A normalized argument as it was typed, before the shell."""
    name, equals, text = argument.partition("=")
    if not (equals and len(text) > 1 and text[0] == text[-1] == "'"):
        return argument
    text = re.sub(r"(\\*)('|$)", lambda m: m[1][: len(m[1]) // 2] + m[2], text[1:-1])
    text = re.sub(r"(\\*)\$\{", lambda m: m[1][: len(m[1]) // 2] + "${", text)
    return f"{name}={text}"
