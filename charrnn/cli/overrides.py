"""What a person types behind the command: checked and quoted before Hydra parses it."""

import difflib
import importlib.util
import os
import re
from collections.abc import Sequence
from typing import Any

from charrnn.config import unknown_key
from charrnn.config_dir import config_dir
from charrnn.errors import UserError

CONF = config_dir()
MULTIRUN = ("-m", "--multirun")
# submitit_local runs on this machine, all jobs at once, what slurm would queue: to try out, and in tests.
HYDRAS_OWN = {"hydra/launcher": ["basic", "submitit_local"]}
# Launchers that are an extra of this package, and by what one sees that it is installed.
EXTRAS = {"slurm": ("slurm", "submitit"), "submitit_local": ("slurm", "submitit"), "cluster": ("ray", "ray")}


def groups() -> dict[str, list[str]]:
    """Every config group below conf/ with its options."""
    found = {group: list(options) for group, options in HYDRAS_OWN.items()}
    for file in sorted(CONF.glob("*/**/*.yaml")):
        found.setdefault(file.parent.relative_to(CONF).as_posix(), []).append(file.stem)
    return found


def prepared(arguments: Sequence[str], known: dict[str, dict[str, Any]]) -> list[str]:
    """The arguments as Hydra can take them, or one sentence on the first that it should not get."""
    options = groups()
    experiments = [a for a in arguments if a.partition("=")[0].lstrip("+") == "experiment"]
    if len(experiments) > 1 or any("," in a for a in experiments):
        raise UserError(
            f"experiment: expected one experiment, got {' '.join(experiments)}; an experiment is a sweep of its own: "
            "run one after the other"
        )
    return [a if a in MULTIRUN else _prepared(a, known, options) for a in arguments]


def _prepared(argument: str, known: dict[str, dict[str, Any]], options: dict[str, list[str]]) -> str:
    name, equals, value = argument.partition("=")
    bare = name.lstrip("-+~")
    if bare.split(".")[0].split("/")[0] == "hydra":
        if name in options:
            _check_choice(name, value, options[name])
        return argument
    if name != bare:
        raise UserError(
            f"expected key=value, got {argument!r}; keys are neither flags nor added or removed: write {bare}=…"
        )
    if not equals:
        raise UserError(f"expected key=value, got {argument!r}; write for example seed=1")
    if name in options:
        _check_choice(name, value, options[name])
        return argument
    if name not in known:
        raise unknown_key(name, [*known, *(g for g in options if not g.startswith("hydra"))])
    if known[name].get("free_text") and not (known[name]["optional"] and value == "null"):
        # A shell leaves ~ behind = as it stands.
        return f"{name}={quoted(os.path.expanduser(value) if value.startswith('~/') else value)}"
    return argument


def _check_choice(group: str, value: str, options: list[str]) -> None:
    choices = [value] if group.startswith("hydra/") else value.split(",")
    for choice in choices:
        if choice.strip() not in options:
            nearest = difflib.get_close_matches(choice, options, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise UserError(f"{group}: expected one of {', '.join(options)}, got {choice!r}{hint}")
    extra, module = EXTRAS.get(value, ("", "")) if group == "hydra/launcher" else ("", "")
    if extra and importlib.util.find_spec(module) is None:
        raise UserError(
            f"hydra/launcher={value}: expected the package {module}, which is not installed; "
            f'pip install -e ".[{extra}]" brings it'
        )


def quoted(text: str) -> str:
    """`text` as a quoted value of Hydra's grammar that arrives as typed, whatever it holds.

    Within quotes only two things are special: a quote, with the backslashes before it, and an interpolation's `${`.
    """
    text = re.sub(r"(\\*)\$\{", lambda m: m[1] * 2 + r"\${", text)
    text = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + ("\\'" if m[2] else ""), text)
    return f"'{text}'"


def as_typed(argument: str) -> str:
    """The inverse of `prepared` for one argument: what a person types, shell apart."""
    name, equals, text = argument.partition("=")
    if not (equals and len(text) > 1 and text[0] == text[-1] == "'"):
        return argument
    text = re.sub(r"(\\*)('|$)", lambda m: m[1][: len(m[1]) // 2] + m[2], text[1:-1])
    text = re.sub(r"(\\*)\$\{", lambda m: m[1][: len(m[1]) // 2] + "${", text)
    return f"{name}={text}"
