"""What a command prints instead of running: its help, and the configurations of a sweep."""

import argparse
import typing
from typing import Any

from omegaconf import DictConfig, OmegaConf

from charrnn.cli.command import PROGRAMS, typed_command
from charrnn.cli.grid import compose_grid
from charrnn.cli.hydra_private import ConfigLoader, load_sweep, options
from charrnn.cli.jobs import Composer, opened_loader
from charrnn.config import SCHEMAS
from charrnn.schema import Key, known_keys

SWEEPS = ("hydra/launcher", "hydra/sweeper")
ABOUT_GROUPS = {
    "hydra/launcher": "where the jobs of a sweep run",
    "hydra/sweeper": "which jobs a sweep has",
    "experiment": "a question as a file; it may be a sweep",
}
END = """\
-m key=a,b trains a run for each value; ranges, choices and globs are Hydra's. Flags: --cfg job prints the configuration
(with -m of every job), --info defaults-tree where each value is from, --config-dir adds a folder of your own files.
"""


def help_text(program: str, parsed: argparse.Namespace) -> str:
    """A line for each group and each key, with its value for these overrides."""
    with opened_loader(parsed) as (loader, lines):
        shared = load_sweep(loader, parsed.config_name, lines)
        groups = _groups(program, shared, loader, parsed.config_name, lines)
    keys = known_keys(SCHEMAS[program])
    rows = [
        (name, _shown(OmegaConf.select(shared, name, throw_on_missing=False)), f"{key.rule.about}{_range(key)}")
        for name, key in keys.items()
        if key.rule is not None
    ]
    parts = [f"{typed_command(program)} [-m] [group=choice …] [key=value …]\n\n{PROGRAMS[program]}\n"]
    parts += [f"groups\n{_table(groups)}"] if groups else []
    return "\n".join([*parts, f"keys\n{_table(rows)}", END])


def configs_of_sweep(program: str, parsed: argparse.Namespace) -> str:
    """The configuration of every job, each after its overrides."""
    with opened_loader(parsed) as (loader, lines):
        shared = load_sweep(loader, parsed.config_name, lines)
        grid = compose_grid(Composer(program, loader, shared), list(shared.hydra.overrides.task))
        parts = []
        for job in grid.jobs:
            cfg = loader.load_sweep_config(shared, job.overrides)
            parts.append(f"# {' '.join(job.overrides)}\n{_part(cfg, parsed)}")
    return "---\n".join(parts)


def _part(cfg: DictConfig, parsed: argparse.Namespace) -> str:
    from hydra.core.hydra_config import HydraConfig

    HydraConfig.instance().set_config(cfg)
    OmegaConf.set_readonly(cfg, False)
    OmegaConf.set_struct(cfg, False)
    chosen: Any = cfg
    if parsed.cfg == "job":
        del cfg["hydra"]
    elif parsed.cfg == "hydra":
        chosen = OmegaConf.create({"hydra": cfg.hydra})
    if parsed.package not in (None, "_global_"):
        chosen = OmegaConf.select(chosen, parsed.package)
    return OmegaConf.to_yaml(chosen, resolve=parsed.resolve) if OmegaConf.is_config(chosen) else f"{chosen}\n"


def _groups(
    program: str, shared: DictConfig, loader: ConfigLoader, config_name: str, lines: list[str]
) -> list[tuple[str, str, str]]:
    choices = shared.hydra.runtime.choices
    names = [name for name in choices if not name.startswith("hydra/")] + (list(SWEEPS) if program == "train" else [])
    rows = []
    for name in names:
        found = ", ".join(sorted(options(loader, name, config_name, lines)))
        about = ABOUT_GROUPS.get(name)
        rows.append((name, _shown(choices[name]), f"{about}: {found}" if about else found))
    return rows


def _shown(value: Any) -> str:
    if OmegaConf.is_list(value):
        return f"[{','.join(map(str, value))}]"
    if OmegaConf.is_dict(value):
        return ",".join(value) or "none"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value) or "''"


def _range(key: Key) -> str:
    """What a key may be, where its meaning does not say it."""
    rule = key.rule
    assert rule is not None
    if rule.choices:
        return f": {', '.join(rule.choices)}{', or a dotted path' if rule.or_class else ''}"
    ends = [f"{sign} {end}" for sign, end in ((">", rule.above), ("≥", rule.least), ("<", rule.below), ("≤", rule.most))
            if end is not None and end < 2**31]  # fmt: skip
    return f" ({', '.join(ends)})" if ends else ""


def _table(rows: typing.Sequence[tuple[str, str, str]]) -> str:
    names = max(len(name) for name, _, _ in rows)
    values = min(16, max(len(value) for _, value, _ in rows))
    return "".join(f"  {name:<{names}}  {value:<{values}}  {about}".rstrip() + "\n" for name, value, about in rows)
