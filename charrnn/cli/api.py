"""train.py and analyze.py as functions: `charrnn.train`, `charrnn.runs`, `charrnn.compare`."""

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from charrnn.cli.arguments import quote_free_text
from charrnn.cli.grid import compose_jobs
from charrnn.cli.hydra_private import GlobalHydra, VersionBase
from charrnn.cli.jobs import default_settings, run_folder, start_from_shorter
from charrnn.cli.sweep import command_line
from charrnn.config import SCHEMAS, TrainConfig
from charrnn.errors import UserError, sentence
from charrnn.learning.result import Run
from charrnn.run import flat
from charrnn.schema import build, known_keys, plain
from charrnn.studies.comparison_report import check_comparable, with_settings
from charrnn.studies.runs import load_runs, select_runs
from charrnn.studies.settings import choose_base, settings_table


def train(config: Iterable[str] | TrainConfig | Mapping[str, Any] | DictConfig = ()) -> Run:
    """Train one network, as `python train.py` does with the same overrides, and return the run.

    `config` is a list of overrides as on the command line, or a whole configuration: a TrainConfig such as
    `run.config`, a DictConfig composed from conf/, or nested plain values. A finished run is returned as it is; one
    that was interrupted goes on where it stood. What train.py prints goes to the logger "charrnn". Raises UserError for
    a configuration that cannot be, for several runs at once, and for a run that diverges.

    >>> run = charrnn.train(["data=file", "data.path=tunes.abc", "trainer=smoke", "model.hidden=20"])
    >>> run.result.stop_reason
    'max_epochs'
    """
    with _users_hydra_set_aside():
        checked, folder, overrides = _of_overrides(config) if _is_overrides(config) else _of_values(config)
    import torch

    from charrnn.learning.module import Diverged
    from charrnn.learning.training import Interrupted
    from charrnn.learning.training import train as train_run

    threads = torch.get_num_threads()
    try:
        start_from_shorter(checked, folder)
        train_run(checked, folder, command_line("charrnn train", overrides))
    except Interrupted as stop:  # at a step from which the same call goes on
        if stop.signum == signal.SIGINT:
            raise KeyboardInterrupt from None
        raise SystemExit(128 + stop.signum) from None
    except (Diverged, OSError) as error:
        raise UserError(str(error) if isinstance(error, Diverged) else sentence(error)) from error
    finally:
        torch.set_num_threads(threads)  # the caller's own
    return Run(folder)


def configure(overrides: Iterable[str] = ()) -> TrainConfig:
    """The configuration of the one run that these overrides mean, as on the command line.

    >>> charrnn.configure(["model=lstm"]).model.cell
    'lstm'
    """
    with _users_hydra_set_aside():
        return _of_overrides(overrides)[0]


def runs(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """A row a run: its name, state, settings by their dotted keys, losses in nats per character, epochs from 1.

    `folder` holds run folders or is one; a pattern such as "runs/hidden-*" and the name of a sweep do, too.

    >>> charrnn.runs("runs")[["state", "model.hidden"]].values.tolist()
    [['finished', 20]]
    """
    return load_runs(select_runs(os.fspath(folder)))[0]


def compare(
    folder_or_runs: str | os.PathLike[str] | pd.DataFrame, *, base: str | None = None, mixed: bool = False
) -> pd.DataFrame:
    """A row a setting, as `python analyze.py` compares them: means over seeds with 95 % intervals, and verdicts.

    Takes what `runs` takes, or a table of `runs` with some rows left out. `base` is the setting that the others are
    compared with, such as "hidden=50"; else it is the one nearest to the defaults. Raises UserError for runs whose
    losses say nothing of each other, such as those on other tunes, unless they may be `mixed`.

    >>> charrnn.compare("runs")["setting"].tolist()
    ['all']
    """
    missing: dict[str, dict[str, Any]] = {}
    if isinstance(folder_or_runs, pd.DataFrame):
        table = folder_or_runs
    else:
        selection = select_runs(os.fspath(folder_or_runs))
        table, missing = load_runs(selection)[0], selection.missing
    if table.empty:
        raise UserError("runs: expected at least one run, got none; leave fewer rows out")
    if not mixed:
        check_comparable(table)
    labelled, keys = with_settings(table, missing, mixed)
    with _users_hydra_set_aside():
        default = default_settings()
    return settings_table(labelled, keys, choose_base(labelled, keys, default, base))


def _is_overrides(config: Any) -> bool:
    return not isinstance(config, TrainConfig | Mapping | DictConfig)


def _of_overrides(overrides: Any) -> tuple[TrainConfig, Path, list[str]]:
    """The configuration of the one run that these overrides mean, its folder, and what a person types for it."""
    if isinstance(overrides, str):
        raise UserError(f"expected a list of overrides, got the text {overrides!r}; write [{overrides!r}]")
    lines = [str(line) for line in overrides]
    for line in lines:
        if line.startswith("hydra") or line.startswith("dry_run="):
            raise UserError(f"expected overrides of one run, got {line!r}; charrnn train takes it")
    jobs = compose_jobs("train", _quoted(lines)).jobs
    if len(jobs) > 1:
        raise UserError(
            f"expected overrides of one run, got a sweep of {len(jobs)}; charrnn train -m {' '.join(lines)} "
            "trains them all, or call train once for each"
        )
    (job,) = jobs
    assert job.folder is not None
    return job.config, job.folder, job.overrides


def _of_values(config: Any) -> tuple[TrainConfig, Path, list[str]]:
    if isinstance(config, TrainConfig):
        values = plain(config)
    elif isinstance(config, DictConfig):
        values = dict(OmegaConf.to_container(config, resolve=True))  # type: ignore[arg-type]
    else:
        values = dict(config)
    values.pop("hydra", None)
    checked = build(TrainConfig, values)
    folder, default = run_folder(checked), default_settings()
    changed = {key: value for key, value in flat(plain(checked)).items() if default.get(key, value) != value}
    changed |= {"data.path": checked.data.path, "runs_dir": checked.runs_dir}
    overrides = [f"{key}={'null' if value is None else value}" for key, value in changed.items()]
    return checked, folder, _quoted(overrides)


def _quoted(lines: list[str]) -> list[str]:
    keys = known_keys(SCHEMAS["train"])
    return [quote_free_text(line, keys) for line in lines]


@contextmanager
def _users_hydra_set_aside() -> Iterator[None]:
    """Hydra has one global instance and one `version_base`: a caller who is a Hydra app, too, gets its own back."""
    before, version_base = GlobalHydra.instance().hydra, VersionBase.instance().version_base
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = before
        VersionBase.instance().version_base = version_base
