"""From the arguments of a sweep to the overrides of its jobs: the product of all values, zipped keys side by side."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from charrnn.cli.arguments import explained
from charrnn.cli.hydra_private import GlobalHydra, load_sweep, parse_overrides, swept_values
from charrnn.cli.jobs import Composer, Job, check_writable, initialize_hydra
from charrnn.errors import UserError

# A key with each of its overrides, in the order in which Hydra is to apply keys.
Axes = dict[str, list[str]]


@dataclass(frozen=True)
class Grid:
    """The jobs of a sweep, each run once, and the keys with several values."""

    jobs: list[Job]
    swept_keys: list[str]


def compose_grid(composer: Composer, arguments: Sequence[str]) -> Grid:
    """Compose and check every job of these arguments and of hydra.sweeper.params; UserError for the first wrong one.

    An experiment that is swept brings its own parameters and launches with all others.
    """
    shared = composer.shared
    typed, params = _axes(arguments, composer), _axes(params_of(shared.hydra), composer)
    swept = [key for key, lines in {**params, **typed}.items() if len(lines) > 1]
    jobs: dict[Any, Job] = {}
    for overrides in _product({**params, **typed}, _zipped(shared)):
        for line in _with_ownparams_of(overrides, typed, composer, swept):
            job = composer.job(line)
            jobs.setdefault(job.folder or len(jobs), job)  # a value given twice is one run
    check_writable(list(jobs.values()))
    return Grid(list(jobs.values()), swept)


def compose_jobs(program: str, arguments: Sequence[str]) -> Grid:
    """The jobs of a command line, outside of a command and with or without -m: a grid may have one job."""
    overrides = [a for a in arguments if a not in ("-m", "--multirun")]
    with initialize_hydra():
        loader = GlobalHydra.instance().config_loader()
        with explained(program, overrides, lambda group: loader.get_group_options(group)):
            shared = load_sweep(loader, program, overrides)
            typed = list(shared.hydra.overrides.task)
        return compose_grid(Composer(program, loader, shared), typed)


def params_of(hydra: DictConfig) -> list[str]:
    return [f"{key}={value}" for key, value in (hydra.sweeper.get("params") or {}).items()]


def _axes(lines: Sequence[str], composer: Composer) -> Axes:
    axes: Axes = {}
    with explained(composer.program, list(lines), composer.options):
        parsed = parse_overrides(list(lines), composer.loader)
    for override in parsed:
        if not override.is_sweep_override():
            axes[override.get_key_element()] = [str(override.input_line)]
            continue
        try:
            values = swept_values(override)
        except ValueError:
            raise UserError(
                f"expected a list of values for a grid, got {override.input_line!r}; give values, or search with "
                "hydra/sweeper=search"
            ) from None
        axes[override.get_key_element()] = [f"{override.get_key_element()}={value}" for value in values]
    return axes


def _zipped(shared: DictConfig) -> list[list[str]]:
    """Groups of keys that move together: zip=[a,b] is one, zip=[[a,b],[c,d]] are two."""
    given = OmegaConf.select(shared, "zip")
    keys = OmegaConf.to_container(given) if OmegaConf.is_config(given) else given or []
    if not isinstance(keys, list):
        raise UserError(f"zip: expected a list of keys, got {keys!r}; give zip=[optim,optim.lr]")
    groups = keys if keys and isinstance(keys[0], list) else [keys]
    return [[str(key) for key in group] for group in groups if group]


def _product(axes: Axes, zipped: list[list[str]]) -> Iterator[list[str]]:
    for keys in zipped:
        for key in keys:
            if key not in axes or len(axes[key]) < 2:
                raise UserError(f"zip: expected keys with several values, but {key!r} has none; give -m {key}=…,…")
        lengths = {key: len(axes[key]) for key in keys}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{key} has {length}" for key, length in lengths.items())
            raise UserError(f"zip: expected as many values of each key, but {told}; give as many of each")
    first = {keys[0]: keys for keys in zipped}
    followers = {key for keys in zipped for key in keys[1:]}
    steps = [
        list(zip(*(axes[k] for k in first[key]), strict=True)) if key in first else [(line,) for line in lines]
        for key, lines in axes.items()
        if key not in followers
    ]
    for point in itertools.product(*steps):
        yield [line for lines in point for line in lines]


def _with_ownparams_of(overrides: list[str], typed: Axes, composer: Composer, swept: list[str]) -> Iterator[list[str]]:
    """The overrides, or all of the sweep that a swept experiment stands for; what is typed stands above it."""
    hydra, shared = composer.hydra_config(overrides), composer.shared.hydra
    if hydra.launcher != shared.launcher:
        raise UserError(
            "expected one launcher for the whole sweep, but an experiment brings another; name one on the command "
            "line, hydra/launcher=…"
        )
    params = params_of(hydra)
    if params == params_of(shared):
        yield overrides
        return
    own = {key: lines for key, lines in _axes(params, composer).items() if key not in typed}
    swept += [key for key, lines in own.items() if len(lines) > 1 and key not in swept]
    for point in _product(own, []):
        yield [*point, *overrides]
