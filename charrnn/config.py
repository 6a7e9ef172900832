"""The schema: every key of conf/ with its type and range. Defaults and their reasons stand in conf/, not here."""

import difflib
import math
import re
import types
import typing
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar

import yaml

from charrnn import run
from charrnn.config_dir import config_dir
from charrnn.errors import UserError

T = TypeVar("T")
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")

# The Trainer's own cost is paid once a block; trainer.limit_blocks counts them.
WINDOWS_PER_BLOCK = 10

# The Trainer's own cost is paid once a block; trainer.limit_blocks counts them.
WINDOWS_PER_BLOCK = 10


def key(
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] | None = None,
    or_class: bool = False,
    free_text: bool = False,
    identity: bool = True,
) -> Any:
    """A key of the schema: its range, both ends given as inclusive or not, or its choices.

    `or_class`: beside the choices the dotted path of a user's class. `free_text` is quoted for the user. `identity`:
    whether the key can change a run's result.
    """
    rule = {"least": least, "above": above, "most": most, "below": below, "choices": choices, "or_class": or_class}
    return field(metadata=rule | {"free_text": free_text, "identity": identity})


@dataclass(frozen=True)
class Data:
    source: str = key(choices=("ryan", "oneill", "aird", "all", "essen", "file"))
    # The content decides, by its fingerprint; where it lies does not.
    path: str | None = key(free_text=True, identity=False)
    clean: bool = key()
    notation: str = key(choices=("raw", "canonical"))
    titles: bool = key()
    split: str = key(choices=("tunes", "contiguous", "contiguous_first"))
    split_seed: int = key(least=0)
    seq_len: int = key(least=1)
    batch_size: int = key(least=1)
    # The last one, since it takes the name of what describes the others.
    key: str = key(choices=("as_written", "white"))

    def __post_init__(self) -> None:
        for name, value, usual in (("key", self.key, "as_written"), ("titles", self.titles, True)):
            if self.notation == "raw" and value != usual:
                raise UserError(
                    f"data.{name}: expected {usual} with data.notation=raw, got {value}; give data.notation=canonical"
                )
        if self.path is not None and self.source != "file":
            raise UserError(
                f"data.path: expected only with data=file, got {self.path!r} with data={self.source}; add data=file"
            )


@dataclass(frozen=True)
class Model:
    cell: str = key(choices=("rnn", "gru", "lstm"), or_class=True)
    hidden: int = key(least=1)
    layers: int = key(least=1)


@dataclass(frozen=True)
class Inputs:
    meter: bool = key()
    phrase: bool = key()
    cond: bool = key()


@dataclass(frozen=True)
class Regularization:
    dropout: float = key(least=0, below=1)
    weight_drop: float = key(least=0, below=1)


@dataclass(frozen=True)
class Optim:
    name: str = key(choices=("adam", "adamw", "rmsprop", "adagrad", "sgd"))
    lr: float = key(above=0)
    schedule: str = key(choices=("constant", "cosine", "plateau"))
    gradient_clip: float = key(above=0)
    weight_decay: float = key(least=0)
    momentum: float = key(least=0, below=1)


@dataclass(frozen=True)
class Trainer:
    max_epochs: int = key(least=1)
    patience: int | None = key(least=1)
    limit_blocks: int | None = key(least=1)
    scores: bool = key(identity=False)
    accelerator: str = key(choices=("auto", "cpu", "gpu"), identity=False)
    threads: int = key(least=1, identity=False)
    devices: int = key(least=1)
    precision: str = key(choices=("32", "tf32"))


@dataclass(frozen=True)
class TrainConfig:
    data: Data
    inputs: Inputs
    model: Model
    regularization: Regularization
    optim: Optim
    trainer: Trainer
    seed: int = key(least=0, below=2**32)
    runs_dir: str = key(free_text=True, identity=False)
    dry_run: bool = key(identity=False)

    def __post_init__(self) -> None:
        on = [name for name, is_on in plain(self.inputs).items() if is_on]
        if on and self.data.notation == "raw":
            raise UserError(
                f"inputs: expected chars with data.notation=raw, got {', '.join(on)}, which are read from tunes in "
                "canonical notation; give data.notation=canonical"
            )
        if self.data.batch_size % self.trainer.devices:
            raise UserError(
                f"trainer.devices: expected a number that divides data.batch_size ({self.data.batch_size} streams), "
                f"got {self.trainer.devices}; change one of them"
            )


@dataclass(frozen=True)
class Sampling:
    """How tunes are sampled: the keys that sample.py and the Python interface share."""

    temperature: float = key(least=0)
    num_tunes: int = key(least=1)
    seed: int = key(least=0, below=2**63)
    prompt: str = key(free_text=True)
    top_k: int | None = key(least=1)
    top_p: float | None = key(above=0, most=1)
    min_p: float | None = key(above=0, most=1)
    max_chars: int = key(least=1)
    constraint: str = key(choices=("none", "header", "syntax", "bars", "reject"))
    max_tries: int = key(least=1)
    title: str | None = key(free_text=True)
    rhythm: str | None = key(free_text=True)
    meter: str | None = key(free_text=True)
    key: str | None = key(free_text=True)  # the last one, since it takes the name of what describes the others


@dataclass(frozen=True)
class SampleConfig(Sampling):
    ckpt: str = key(free_text=True)
    prompt_file: str | None = key(free_text=True)
    formats: tuple[str, ...] = key(choices=("abc", "musicxml", "svg", "png", "mid", "ogg"))
    page: bool = key()
    accelerator: str = key(choices=("auto", "cpu", "gpu"))
    threads: int = key(least=1)
    samples_dir: str = key(free_text=True)


@dataclass(frozen=True)
class Analysis:
    name: str = key()  # charrnn/cli/analyses.py knows which there are


@dataclass(frozen=True)
class AnalyzeConfig:
    analysis: Analysis
    runs: str = key(free_text=True)
    diff: str | None = key(free_text=True)
    base: str | None = key(free_text=True)
    val_loss: float | None = key(above=0)
    mixed: bool = key()
    tunes: str | None = key(free_text=True)
    ckpt: str | None = key(free_text=True)
    num_tunes: int = key(least=2)
    text: str | None = key(free_text=True)
    unit: int | None = key(least=0)
    seed: int = key(least=0, below=2**63)
    name: str | None = key(free_text=True)
    report_dir: str = key(free_text=True)


@lru_cache
def defaults(program: str) -> dict[str, Any]:
    """The values that stand in conf/<program>.yaml itself, where alone a default is written down."""
    content = yaml.safe_load((config_dir() / f"{program}.yaml").read_text(encoding="utf-8"))
    return {name: value for name, value in content.items() if name not in ("defaults", "hydra")}


SCHEMAS: dict[str, type] = {"train": TrainConfig, "sample": SampleConfig, "analyze": AnalyzeConfig}


def known_keys(schema: type, prefix: str = "") -> dict[str, dict[str, Any]]:
    """Every dotted key below `schema` with its rule and whether it may be null; groups stand there without a rule."""
    found: dict[str, dict[str, Any]] = {}
    for f in fields(schema):
        kind = typing.get_type_hints(schema)[f.name]
        found[prefix + f.name] = dict(f.metadata) | {"optional": isinstance(kind, types.UnionType)}
        if is_dataclass(kind):
            found |= known_keys(typing.cast(type, kind), f"{prefix}{f.name}.")
    return found


def unknown_key(name: str, known: typing.Iterable[str]) -> UserError:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known are: {', '.join(sorted(known))}"
    return UserError(f"unknown key {name!r}; {hint}")


def build(schema: type[T], values: dict[str, Any], prefix: str = "") -> T:
    """An instance of `schema` from plain nested values; one sentence for the first key that is not as it must be."""
    hints = typing.get_type_hints(schema)
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
            built[name] = _checked(prefix + name, value, hints[name], f.metadata)
    return schema(**built)


def _checked(name: str, value: Any, hint: Any, rule: typing.Mapping[str, Any]) -> Any:
    optional = isinstance(hint, types.UnionType)
    kind = typing.get_args(hint)[0] if optional else hint
    if value is None and optional:
        return None
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list) or not set(map(str, value)) <= set(rule["choices"]):
            some = ", ".join(rule["choices"])
            raise UserError(f"{name}: expected some of {some}, got {value!r}; give {name}=[{some.split(', ')[0]},…]")
        return tuple(map(str, value))
    converted = _converted(value, kind)
    if converted is None or not _within(converted, rule):
        raise UserError(f"{name}: expected {_expectation(kind, rule, optional)}, got {value!r}; give {name}=…")
    return converted


def _converted(value: Any, kind: type) -> Any:
    if kind is str:
        # Free text such as a title of digits arrives as a number where the user did not quote it.
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if kind is bool:
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind is int:
        return int(value) if math.isfinite(value) and value == int(value) else None
    return float(value) if math.isfinite(value) else None


def _within(value: Any, rule: typing.Mapping[str, Any]) -> bool:
    if rule["choices"] is not None:
        return value in rule["choices"] or (rule["or_class"] and _CLASS.fullmatch(value) is not None)
    if isinstance(value, str):
        return True
    return (
        (rule["least"] is None or value >= rule["least"])
        and (rule["above"] is None or value > rule["above"])
        and (rule["most"] is None or value <= rule["most"])
        and (rule["below"] is None or value < rule["below"])
    )


def _expectation(kind: type, rule: typing.Mapping[str, Any], optional: bool) -> str:
    if rule["choices"] is not None:
        return f"one of {', '.join(rule['choices'])}{', or the dotted path of a class' if rule['or_class'] else ''}"
    words = {"least": "of at least", "above": "above", "most": "at most", "below": "below"}
    bounds = " and ".join(f"{word} {rule[name]}" for name, word in words.items() if rule[name] is not None)
    noun = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}[kind]
    return f"{noun}{' ' + bounds if bounds else ''}{', or null' if optional else ''}"


def plain(config: Any) -> dict[str, Any]:
    """A built configuration as nested dicts of str, int, float and None."""
    return {f.name: plain(value) if is_dataclass(value := getattr(config, f.name)) else value for f in fields(config)}


def semantic(settings: dict[str, Any]) -> dict[str, Any]:
    """The dotted keys of a run's settings that can change its result: no devices, threads, folders."""
    known = known_keys(TrainConfig)
    return {k: v for k, v in run.flat(settings).items() if k not in known or known[k]["identity"]}
