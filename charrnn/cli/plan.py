"""Which jobs a command line means, all composed and checked before the first one starts."""

import copy
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from charrnn import run
from charrnn.cli.overrides import CONF, MULTIRUN, groups
from charrnn.config import SCHEMAS, TrainConfig, build, known_keys, plain, semantic
from charrnn.errors import UserError
from charrnn.music import corpus


@dataclass(frozen=True)
class Job:
    """One job: what is typed for it alone, its checked configuration, and for train.py the run's folder."""

    overrides: list[str]
    config: Any
    folder: Path | None


@dataclass(frozen=True)
class Plan:
    """The jobs of a command line, each once; `arguments` as typed, `swept` the keys with several values."""

    program: str
    arguments: list[str]
    jobs: list[Job]
    swept: list[str]
    is_sweep: bool
    hydra: DictConfig

    @property
    def folders(self) -> list[Path]:
        return [job.folder for job in self.jobs if job.folder is not None]


def hydra_initialized() -> initialize_config_dir:
    return initialize_config_dir(str(CONF), version_base="1.3")


def plan(program: str, arguments: Sequence[str]) -> Plan:
    """Compose and check every job of a command line; the first impossible one ends it in one sentence."""
    overrides = [a for a in arguments if a not in MULTIRUN]
    with hydra_initialized(), _one_sentence():
        parsed = OverridesParser.create().parse_overrides(overrides)
        fixed = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
        base = compose(program, fixed, return_hydra_config=True)
        if base.hydra.job.chdir:
            raise UserError("hydra.job.chdir: expected false, got true; runs are found by where they lie: leave it out")
        at_once = base.hydra.launcher.get("n_jobs", 1)
        if not isinstance(at_once, int) or at_once == 0:
            raise UserError(f"hydra.launcher.n_jobs: expected a number of jobs, or -1, got {at_once!r}; give another")
        is_sweep = len(overrides) < len(arguments) or base.hydra.mode == RunMode.MULTIRUN
        if not is_sweep and len(fixed) < len(overrides):
            swept = next(o.input_line for o in parsed if o.is_sweep_override())
            raise UserError(f"expected one value, got {swept!r}; add -m to run one job for each value")
        params = [f"{k}={v}" for k, v in (base.hydra.sweeper.params or {}).items()] if is_sweep else []
        grid = [*OverridesParser.create().parse_overrides(params), *(o for o in parsed if not o.is_hydra_override())]
        jobs = BasicSweeper.split_arguments(grid, None)[0]
        keys = {str(o.key_or_group): o.is_sweep_override() for o in grid}
        # What a launcher composes again for every job it starts, it composes with these.
        mode = RunMode.MULTIRUN.name if is_sweep else RunMode.RUN.name
        hydra = [str(o.input_line) for o in parsed if o.is_hydra_override()]
        base.hydra.overrides.hydra = [*hydra, f"hydra.mode={mode}"]
        planned = _jobs(program, jobs)
    return Plan(program, list(arguments), planned, [k for k, swept in keys.items() if swept], is_sweep, base)


def _jobs(program: str, jobs: list[list[str]]) -> list[Job]:
    configs = [checked(program, cfg) for cfg in _composed(program, jobs)]
    _check_writable(configs)
    found: dict[Any, Job] = {}
    for number, (overrides, config) in enumerate(zip(jobs, configs, strict=True)):
        folder = run_folder(config) if isinstance(config, TrainConfig) else None
        found.setdefault(folder or number, Job(overrides, config, folder))  # a value given twice is one run
    return list(found.values())


def _composed(program: str, jobs: list[list[str]]) -> Iterator[DictConfig]:
    """Every job's configuration, as Hydra's compose gives it.

    Only the choice of groups takes Hydra's 70 ms; jobs with the same choices share that work, and their values are laid
    over it by the very function that compose itself ends with.
    """
    choices = groups()
    parse = lru_cache(maxsize=None)(lambda line: OverridesParser.create().parse_override(line))
    chosen: dict[tuple[str, ...], DictConfig] = {}
    for job in jobs:
        lines = tuple(line for line in job if parse(line).key_or_group in choices)
        if lines not in chosen:
            chosen[lines] = compose(program, list(lines))
        cfg = copy.deepcopy(chosen[lines])
        values: list[Override] = [parse(line) for line in job if line not in lines]
        ConfigLoaderImpl._apply_overrides_to_config(values, cfg)
        yield cfg


def _check_writable(configs: list[Any]) -> None:
    roots = {
        Path(getattr(c, name))
        for c in configs
        for name in ("runs_dir", "samples_dir", "report_dir")
        if hasattr(c, name)
    }
    for root in roots:
        try:
            root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=root).close()
        except OSError as error:
            raise UserError(
                f"expected a folder to write to, but {str(root)!r} is none: {error.strerror}; name another one"
            ) from error


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
        raise UserError(" ".join(str(cause).split())) from error


def checked(program: str, cfg: DictConfig) -> Any:
    """A composed configuration as an instance of its schema."""
    missing = sorted(OmegaConf.missing_keys(cfg) & known_keys(SCHEMAS[program]).keys())
    if missing:
        raise UserError(f"{missing[0]}: expected a value, got none; give {missing[0]}=…")
    values = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(values, dict)
    values.pop("hydra", None)
    return build(SCHEMAS[program], {str(k): v for k, v in values.items()})


def run_folder(config: TrainConfig) -> Path:
    """Where this configuration lives, whoever asks and whenever."""
    settings, fingerprint = semantic(plain(config)), _fingerprint(config.data.source, config.data.path)
    return Path(config.runs_dir) / run.name(settings, default_settings(), fingerprint)


@lru_cache
def default_settings() -> dict[str, Any]:
    """The dotted keys of what python train.py trains, as far as they can change a result."""
    loader = GlobalHydra.instance().config_loader()
    cfg = loader.load_configuration("train", [], run_mode=RunMode.RUN)
    return semantic(plain(checked("train", cfg)))


@lru_cache
def _fingerprint(source: str, path: str | None) -> str:
    return corpus.fingerprint(corpus.find_sources(source, path))
