"""What a key of the configuration may be: its type, range and meaning, and the check of a whole configuration."""

import difflib
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar

from charrnn.errors import UserError
from charrnn.trainer_arguments import INSTEAD

T = TypeVar("T")
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_NOUNS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", dict: "keys"}


@dataclass(frozen=True)
class Rule:
    """What a key means and may be: a range with both ends included or not, or choices."""

    about: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] | None = None
    or_class: bool = False  # beside the choices the dotted path of a user's class
    free_text: bool = False  # quoted for the user
    identity: bool = True  # whether the key can change a run's result


@dataclass(frozen=True)
class Key:
    """A dotted key of a schema; a group of keys has no rule."""

    kind: Any
    rule: Rule | None

    @property
    def optional(self) -> bool:
        return isinstance(self.kind, types.UnionType)


def key(about: str, **rule: Any) -> Any:
    """A field of a schema: its meaning in a few words, for --help, and what Rule takes."""
    return field(metadata={"rule": Rule(about, **rule)})


_hints = lru_cache(typing.get_type_hints)


@lru_cache
def known_keys(schema: type, prefix: str = "") -> dict[str, Key]:
    """Every dotted key below `schema`, groups of keys, too."""
    found: dict[str, Key] = {}
    hints = _hints(schema)
    for f in fields(schema):
        kind = hints[f.name]
        found[prefix + f.name] = Key(kind, f.metadata.get("rule"))
        if is_dataclass(kind):
            found |= known_keys(typing.cast(type, kind), f"{prefix}{f.name}.")
    return found


def unknown_key(name: str, known: typing.Iterable[str]) -> UserError:
    group, _, argument = name.rpartition(".")
    if group == "trainer" and argument in INSTEAD:
        return UserError(f"unknown key {name!r}, an argument of Lightning's Trainer: {INSTEAD[argument]}")
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are: {', '.join(sorted(known))}"
    return UserError(f"unknown key {name!r}; {hint}")


def build(schema: type[T], values: dict[str, Any], prefix: str = "") -> T:
    """An instance of `schema` from plain nested values; one sentence for the first key that is not as it must be."""
    hints = _hints(typing.cast(type, schema))
    known = {f.name: f for f in fields(schema)}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise unknown_key(prefix + name, [prefix + k for k in known])
    built = {}
    for name, f in known.items():
        if name not in values:
            raise UserError(
                f"{prefix + name}: expected a value, but the configuration has none; give {prefix + name}=…"
            )
        value = values[name]
        if is_dataclass(hints[name]):
            if not isinstance(value, dict):
                raise UserError(f"{prefix + name}: expected keys ({prefix + name}.…=), got {value!r}")
            built[name] = build(hints[name], value, f"{prefix}{name}.")
        else:
            built[name] = _checked(prefix + name, value, Key(hints[name], f.metadata["rule"]))
    return schema(**built)


def _checked(name: str, value: Any, key: Key) -> Any:
    assert key.rule is not None
    kind = typing.get_args(key.kind)[0] if key.optional else key.kind
    if value is None and key.optional:
        return None
    if typing.get_origin(kind) is tuple:
        return _checked_list(name, value, key.rule)
    if typing.get_origin(kind) is Mapping:
        return _checked_classes(name, value)
    converted = _converted(value, kind)
    if converted is None or not _within(converted, key.rule):
        raise UserError(f"{name}: expected {expectation(key)}, got {value!r}; give {name}=…")
    return converted


def _checked_list(name: str, value: Any, rule: Rule) -> tuple[Any, ...]:
    some = ", ".join(rule.choices or ("keys",))
    if not isinstance(value, list | tuple) or (rule.choices and not set(map(str, value)) <= set(rule.choices)):
        raise UserError(f"{name}: expected some of {some}, got {value!r}; give {name}=[{some.split(', ')[0]},…]")
    return tuple(tuple(part) if isinstance(part, list | tuple) else str(part) for part in value)


def _checked_classes(name: str, value: Any) -> dict[str, dict[str, Any]]:
    """Loggers or callbacks by their names, each with the dotted path of its class as `_target_` and its arguments."""
    if not isinstance(value, dict):
        raise UserError(f"{name}: expected one of the group's options, got {value!r}; give +{name}.mine=package.Class")
    checked = {}
    for part, given in value.items():
        described = {"_target_": given} if isinstance(given, str) else given
        path = described.get("_target_") if isinstance(described, dict) else None
        if not isinstance(path, str) or not _CLASS.fullmatch(path):
            raise UserError(
                f"{name}.{part}: expected the dotted path of a class, or _target_ with it and its arguments, "
                f"got {given!r}; give +{name}.{part}=package.Class"
            )
        checked[str(part)] = described
    return checked


def _converted(value: Any, kind: type) -> Any:
    if kind is str:
        # Free text such as a title of digits arrives as a number where the user did not quote it.
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if kind in (bool, dict):
        return value if isinstance(value, kind) else None
    if isinstance(value, str):  # ${oc.env:SEED} is text, whatever it holds
        try:
            value = float(value) if kind is float else int(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind is int:
        return int(value) if math.isfinite(value) and value == int(value) else None
    return float(value) if math.isfinite(value) else None


def _within(value: Any, rule: Rule) -> bool:
    if rule.choices is not None:
        return value in rule.choices or (rule.or_class and _CLASS.fullmatch(value) is not None)
    if isinstance(value, str | dict):
        return True
    return (
        (rule.least is None or value >= rule.least)
        and (rule.above is None or value > rule.above)
        and (rule.most is None or value <= rule.most)
        and (rule.below is None or value < rule.below)
    )


def expectation(key: Key) -> str:
    """What a key may be, in words: "a whole number of at least 1, or null"."""
    assert key.rule is not None
    rule, kind = key.rule, typing.get_args(key.kind)[0] if key.optional else key.kind
    if rule.choices is not None:
        several = typing.get_origin(kind) is tuple
        path = ", or the dotted path of a class" if rule.or_class else ""
        return f"{'some' if several else 'one'} of {', '.join(rule.choices)}{path}"
    words = {"least": "of at least", "above": "above", "most": "at most", "below": "below"}
    bounds = " and ".join(f"{word} {end}" for name, word in words.items() if (end := getattr(rule, name)) is not None)
    noun = _NOUNS.get(kind, "a list")
    return f"{noun}{' ' + bounds if bounds else ''}{', or null' if key.optional else ''}"


def plain(config: Any) -> dict[str, Any]:
    """A built configuration as nested dicts of str, int, float and None."""
    return {f.name: plain(value) if is_dataclass(value := getattr(config, f.name)) else value for f in fields(config)}
