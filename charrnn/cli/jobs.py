"""Jobs: a configuration composed by Hydra, checked by the schema, and for train the folder of its run."""

import argparse
import copy
import hashlib
import inspect
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

from charrnn import run
from charrnn.cli.arguments import Options, explained, quote
from charrnn.cli.hydra_private import ConfigLoader, GlobalHydra, RunMode, options, parse_overrides
from charrnn.config import SCHEMAS, TrainConfig, semantic
from charrnn.config_dir import config_dir
from charrnn.errors import UserError
from charrnn.schema import build, known_keys, plain


@dataclass(frozen=True)
class Job:
    """One job: its overrides, its checked configuration, and for train the run's folder."""

    overrides: list[str]
    config: Any
    folder: Path | None


@dataclass
class Composer:
    """Composes and checks the jobs of a sweep; `shared` is the configuration that they have in common.

    Composing takes 70 ms, nearly all for the choice of groups. Jobs with the same choices share that; their values are
    set as Hydra sets them.
    """

    program: str
    loader: ConfigLoader
    shared: DictConfig
    _composed: dict[tuple[str, ...], tuple[DictConfig, DictConfig]] = field(default_factory=dict)

    @property
    def options(self) -> Options:
        hydra = self.shared.hydra
        return lambda group: options(self.loader, group, hydra.job.config_name, list(hydra.overrides.hydra))

    def job(self, overrides: Sequence[str]) -> Job:
        """UserError where the job cannot run."""
        with explained(self.program, list(overrides), self.options):
            cfg = copy.deepcopy(self._with_choices(overrides)[0])
            for override in parse_overrides([line for line in overrides if not self._is_choice(line)]):
                OmegaConf.update(cfg, override.key_or_group, override.value(), merge=True)
            config = build_config(self.program, cfg)
        return Job(list(overrides), config, run_folder(config) if isinstance(config, TrainConfig) else None)

    def hydra_config(self, overrides: Sequence[str]) -> DictConfig:
        """Hydra's own settings for a job; an experiment that is swept may bring some."""
        return self._with_choices(overrides)[1]

    def _with_choices(self, overrides: Sequence[str]) -> tuple[DictConfig, DictConfig]:
        """The configuration and Hydra's settings for the choices among the overrides."""
        choices = tuple(line for line in overrides if self._is_choice(line))
        if choices not in self._composed:
            with explained(self.program, list(choices), self.options):
                if set(choices) == {line for line in self.shared.hydra.overrides.task if self._is_choice(line)}:
                    cfg = self.shared.copy()
                else:
                    cfg = self.loader.load_sweep_config(self.shared, list(choices))
            with open_dict(cfg):
                self._composed[choices] = (cfg, cfg.pop("hydra"))
        return self._composed[choices]

    def _is_choice(self, line: str) -> bool:
        """Whether Hydra has to compose anew for it: all but plain key=value."""
        key = line.partition("=")[0]
        return key in self.shared.hydra.runtime.choices or any(sign in key for sign in "+~@/")


def check_writable(jobs: Sequence[Job]) -> None:
    roots = {
        Path(getattr(job.config, name))
        for job in jobs
        for name in ("runs_dir", "samples_dir", "report_dir")
        if hasattr(job.config, name)
    }
    for root in roots:
        try:
            root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=root).close()
        except OSError as error:
            raise UserError(
                f"expected a folder to write to, but {str(root)!r} is none: {error.strerror}; name another one"
            ) from error


def build_config(program: str, cfg: DictConfig) -> Any:
    """A composed configuration, checked, as an instance of its schema."""
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


def finished_shorter(config: TrainConfig) -> Path | None:
    """The longest finished run that differs in fewer epochs alone, and that this one would have begun with.

    Not where the learning rate falls towards a last epoch, or a user's callback might look at it; nor where patience
    ended the shorter one: it would end this one, too.
    """
    if config.optim.schedule != "constant" or config.callbacks:
        return None
    for epochs in range(config.trainer.max_epochs - 1, 0, -1):
        folder = run_folder(replace(config, trainer=replace(config.trainer, max_epochs=epochs)))
        if (result := run.read_result(folder)) is not None:
            return folder if result["stop_reason"] == "max_epochs" and (folder / "last.ckpt").exists() else None
    return None


def start_from_shorter(config: TrainConfig, folder: Path) -> None:
    """Begin a run in `folder` that has not begun where a finished run with fewer epochs ended, if there is one."""
    if not (folder / "last.ckpt").exists() and (shorter := finished_shorter(config)) is not None:
        from charrnn.learning.continuation import start_from  # torch

        start_from(shorter, folder)


@lru_cache
def default_settings() -> dict[str, Any]:
    """The default configuration as dotted keys, without those that cannot change a result."""
    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_hydra():
            cfg = GlobalHydra.instance().config_loader().load_configuration("train", [], run_mode=RunMode.RUN)
    finally:
        GlobalHydra.instance().hydra = before
    return semantic(plain(build_config("train", cfg)))


def initialize_hydra(folder: str | None = None) -> initialize_config_dir:
    return initialize_config_dir(folder or str(config_dir()), version_base="1.3")


@contextmanager
def opened_loader(parsed: argparse.Namespace) -> Iterator[tuple[ConfigLoader, list[str]]]:
    """A loader that finds what Hydra finds with these flags, and the overrides to give it."""
    lines = list(parsed.overrides)
    if parsed.config_dir is not None:
        folders, searchpath = [quote(f"file://{os.path.abspath(parsed.config_dir)}")], "hydra.searchpath"
        for line in [line for line in lines if line.startswith(f"{searchpath}=")]:
            given: Any = parse_overrides([line])[0].value()
            folders += [quote(folder) for folder in given]
            lines.remove(line)
        lines.append(f"{searchpath}=[{','.join(folders)}]")
    with initialize_hydra(parsed.config_path):
        yield GlobalHydra.instance().config_loader(), lines


@lru_cache
def _fingerprint(source: str, path: str | None) -> str:
    from charrnn.music import corpus  # a command that is refused reads no tunes

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
