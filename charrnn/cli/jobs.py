"""The jobs of a command line, all composed and validated before the first one starts."""

import copy
import hashlib
import inspect
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
from charrnn.cli.overrides import MULTIRUN, config_groups
from charrnn.config import SCHEMAS, TrainConfig, build, known_keys, plain, semantic
from charrnn.config_dir import config_dir
from charrnn.errors import UserError
from charrnn.music import corpus


@dataclass(frozen=True)
class Job:
    """One job: its overrides, its validated configuration, and for train the run's folder."""

    overrides: list[str]
    config: Any
    folder: Path | None


@dataclass(frozen=True)
class JobBatch:
    """The jobs of a command line, each once.

    `command` and `arguments` are what was typed, `swept_keys` the keys with several values.
    """

    command: str
    arguments: list[str]
    jobs: list[Job]
    swept_keys: list[str]
    is_sweep: bool
    hydra_config: DictConfig

    @property
    def folders(self) -> list[Path]:
        return [job.folder for job in self.jobs if job.folder is not None]


def initialize_hydra() -> initialize_config_dir:
    return initialize_config_dir(str(config_dir()), version_base="1.3")


def compose_jobs(program: str, arguments: Sequence[str], command: str | None = None) -> JobBatch:
    """Compose and validate every job of a command line; UserError for the first that cannot run.

    `command` is how the program was called, "charrnn train" and the like.
    """
    overrides = [a for a in arguments if a not in MULTIRUN]
    with initialize_hydra(), _hydra_errors_as_user_errors():
        parsed = OverridesParser.create().parse_overrides(overrides)
        fixed = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
        base = compose(program, fixed, return_hydra_config=True)
        if base.hydra.job.chdir:
            raise UserError("hydra.job.chdir: expected false, got true; runs are found by where they lie: leave it out")
        n_jobs = base.hydra.launcher.get("n_jobs", 1)
        if not isinstance(n_jobs, int) or n_jobs == 0:
            raise UserError(f"hydra.launcher.n_jobs: expected a number of jobs, or -1, got {n_jobs!r}; give another")
        is_sweep = len(overrides) < len(arguments) or base.hydra.mode == RunMode.MULTIRUN
        if not is_sweep and len(fixed) < len(overrides):
            swept = next(o.input_line for o in parsed if o.is_sweep_override())
            raise UserError(f"expected one value, got {swept!r}; add -m to run one job for each value")
        params = [f"{k}={v}" for k, v in (base.hydra.sweeper.params or {}).items()] if is_sweep else []
        grid = [*OverridesParser.create().parse_overrides(params), *(o for o in parsed if not o.is_hydra_override())]
        overrides_per_job = BasicSweeper.split_arguments(grid, None)[0]
        is_swept = {str(o.key_or_group): o.is_sweep_override() for o in grid}
        # Launchers compose the configuration of every job again, with these overrides.
        mode = RunMode.MULTIRUN.name if is_sweep else RunMode.RUN.name
        hydra_overrides = [str(o.input_line) for o in parsed if o.is_hydra_override()]
        base.hydra.overrides.hydra = [*hydra_overrides, f"hydra.mode={mode}"]
        jobs = _build_jobs(program, overrides_per_job)
    swept_keys = [key for key, swept in is_swept.items() if swept]
    return JobBatch(command or f"charrnn {program}", list(arguments), jobs, swept_keys, is_sweep, base)


def _build_jobs(program: str, overrides_per_job: list[list[str]]) -> list[Job]:
    configs = [build_config(program, cfg) for cfg in _compose_each(program, overrides_per_job)]
    _check_writable(configs)
    jobs: dict[Any, Job] = {}
    for number, (overrides, config) in enumerate(zip(overrides_per_job, configs, strict=True)):
        folder = run_folder(config) if isinstance(config, TrainConfig) else None
        jobs.setdefault(folder or number, Job(overrides, config, folder))  # a value given twice is one run
    return list(jobs.values())


def _compose_each(program: str, overrides_per_job: list[list[str]]) -> Iterator[DictConfig]:
    """Every job's configuration, as Hydra's compose gives it.

    Composing takes 70 ms, nearly all for the choice of groups. Jobs with the same choices share that; their values are
    then applied by the function that compose itself ends with.
    """
    groups = config_groups()
    parse = lru_cache(maxsize=None)(lambda line: OverridesParser.create().parse_override(line))
    composed: dict[tuple[str, ...], DictConfig] = {}
    for overrides in overrides_per_job:
        choices = tuple(line for line in overrides if parse(line).key_or_group in groups)
        if choices not in composed:
            composed[choices] = compose(program, list(choices))
        cfg = copy.deepcopy(composed[choices])
        values: list[Override] = [parse(line) for line in overrides if line not in choices]
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
def _hydra_errors_as_user_errors() -> Iterator[None]:
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
        raise UserError(" ".join(str(cause).split())) from error


def build_config(program: str, cfg: DictConfig) -> Any:
    """A composed configuration, validated, as an instance of its schema."""
    missing = sorted(OmegaConf.missing_keys(cfg) & known_keys(SCHEMAS[program]).keys())
    if missing:
        raise UserError(f"{missing[0]}: expected a value, got none; give {missing[0]}=…")
    values = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(values, dict)
    values.pop("hydra", None)
    return build(SCHEMAS[program], {str(k): v for k, v in values.items()})


def run_folder(config: TrainConfig) -> Path:
    """The folder of this configuration's run, always the same."""
    content = _fingerprint(config.data.source, config.data.path) + _code_of(config.model.cell)
    content += _code_of_callbacks(config)
    return Path(config.runs_dir) / run.name(semantic(plain(config)), default_settings(), content)


@lru_cache
def default_settings() -> dict[str, Any]:
    """The default configuration as dotted keys, without those that cannot change a result."""
    loader = GlobalHydra.instance().config_loader()
    cfg = loader.load_configuration("train", [], run_mode=RunMode.RUN)
    return semantic(plain(build_config("train", cfg)))


@lru_cache
def _fingerprint(source: str, path: str | None) -> str:
    return corpus.fingerprint(corpus.find_sources(source, path))


@lru_cache
def _code_of(cell: str) -> str:
    """A hash of the file of a user's cell, nothing for a cell of ours; UserError where the class cannot be a cell."""
    if "." not in cell:
        return ""
    from charrnn.learning.cells import cell_class, make_layer  # torch is imported for a class of a user's only

    make_layer(cell, 3, 2)
    return hashlib.sha256(Path(inspect.getfile(cell_class(cell))).read_bytes()).hexdigest()


def _code_of_callbacks(config: TrainConfig) -> str:
    """As `_code_of`, of a user's callbacks; UserError where a logger or callback cannot be made."""
    ours = all(part["_target_"].startswith("charrnn.learning.loggers.Tensor") for part in config.logger.values())
    if ours and not config.callbacks:
        return ""
    from charrnn.learning.loggers import check_parts  # Lightning is imported for those who choose others only

    return check_parts(config)
