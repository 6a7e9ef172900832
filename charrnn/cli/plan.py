"""Which jobs a command line means, all composed and checked before the first one starts."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from charrnn import run
from charrnn.cli.overrides import CONF, MULTIRUN
from charrnn.config import SCHEMAS, TrainConfig, build, known_keys, plain
from charrnn.errors import UserError
from charrnn.music import corpus


@dataclass(frozen=True)
class Plan:
    """The run folders of all jobs of train.py, none for the other commands, and whether they are a sweep."""

    folders: list[Path]
    is_sweep: bool


def plan(program: str, arguments: Sequence[str]) -> Plan:
    """Compose and check every job of a command line; the first impossible one ends it in one sentence."""
    overrides = [a for a in arguments if a not in MULTIRUN]
    with initialize_config_dir(str(CONF), version_base="1.3"), _one_sentence():
        parsed = OverridesParser.create().parse_overrides(overrides)
        fixed = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
        base = compose(program, fixed, return_hydra_config=True)
        is_sweep = len(overrides) < len(arguments) or base.hydra.mode == RunMode.MULTIRUN
        if not is_sweep:
            if len(fixed) < len(overrides):
                swept = next(o.input_line for o in parsed if o.is_sweep_override())
                raise UserError(f"expected one value, got {swept!r}; add -m to run one job for each value")
            return Plan(_folders([checked(program, base)]), False)
        params = [f"{k}={v}" for k, v in (base.hydra.sweeper.params or {}).items()]
        jobs = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides([*params, *overrides]), None)[0]
        return Plan(_folders([checked(program, compose(program, job)) for job in jobs]), True)


def _folders(configs: list[Any]) -> list[Path]:
    """The folders in which the jobs will write, once it is sure that they can."""
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
    return [run_folder(config) for config in configs if isinstance(config, TrainConfig)]


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
    settings, fingerprint = _semantic(plain(config)), _fingerprint(config.data.source, config.data.path)
    return Path(config.runs_dir) / run.name(settings, _default_settings(), fingerprint)


@lru_cache
def _default_settings() -> dict[str, Any]:
    loader = GlobalHydra.instance().config_loader()
    cfg = loader.load_configuration("train", [], run_mode=RunMode.RUN)
    return _semantic(plain(checked("train", cfg)))


@lru_cache
def _fingerprint(source: str, path: str | None) -> str:
    return corpus.fingerprint(corpus.find_sources(source, path))


def _semantic(settings: dict[str, Any]) -> dict[str, Any]:
    """Without the keys that cannot change a result: devices, threads, folders."""
    known = known_keys(TrainConfig)
    return {k: v for k, v in run.flat(settings).items() if known[k]["identity"]}
