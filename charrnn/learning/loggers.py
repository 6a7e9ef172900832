"""Loggers and callbacks that a configuration names by the dotted paths of their classes."""

import contextlib
import hashlib
import importlib.util
import inspect
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from charrnn import run
from charrnn.config import TrainConfig, plain, semantic
from charrnn.errors import UserError
from charrnn.learning.user_class import import_class

# What Lightning's classes need beyond itself: the module to look for, which is also the name of our extra.
NEEDED = {"WandbLogger": "wandb", "MLFlowRun": "mlflow", "MLFlowLogger": "mlflow", "RichProgressBar": "rich"}


class TensorBoardEvents(TensorBoardLogger):
    """TensorBoard's event files right in `save_dir`.

    No hparams.yaml beside them, for config.yaml says it, and no hyperparameters in them: one run does not know which of
    them vary, its sweep does (studies/hparams.py).
    """

    def __init__(self, save_dir: str):
        super().__init__(save_dir, name="", version="", default_hp_metric=False)

    def resume_after(self, step: int) -> None:
        """Let what a killed process wrote after this step give way to what is written now."""
        self._kwargs["purge_step"] = step + 1

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        pass

    def finalize(self, status: str) -> None:
        # At the end of a fit; what the run still writes goes into the same file.
        self.experiment.flush()

    def close(self) -> None:
        self.experiment.close()

    def save(self) -> None:
        pass


class MLFlowRun(MLFlowLogger):
    """Goes on with the MLflow run whose id is in `save_dir`, instead of beginning another at every resume."""

    def __init__(self, save_dir: str, **options: Any):
        # MLflow 3 refuses its own files without this word; a database would want more packages and locks.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        file = Path(save_dir) / "mlflow_run_id"
        super().__init__(**options, run_id=file.read_text().strip() if file.exists() else None)
        with contextlib.suppress(Exception):  # of two jobs that begin together one finds the experiment only now
            self.run_id  # noqa: B018
        run.write_text(file, f"{self.run_id}\n")


@contextlib.contextmanager
def open_loggers(config: TrainConfig, folder: Path, resume_step: int) -> Iterator[list[Logger]]:
    """The loggers of a run in `folder`, closed at the end, so that the next run of this process has its own."""
    loggers: list[Logger] = make_parts("logger", config.logger, folder, Logger)
    status = "failed"
    try:
        for logger in loggers:
            if isinstance(logger, TensorBoardEvents):
                logger.resume_after(resume_step)
            logger.log_hyperparams(semantic(plain(config)))
        yield loggers
        status = "success"
    finally:
        for logger in loggers:
            logger.finalize(status)
            if isinstance(logger, TensorBoardEvents):
                logger.close()
            if isinstance(logger, WandbLogger):
                logger.experiment.finish()  # or the next run of this process would go on writing into it


def make_parts(key: str, parts: Mapping[str, Any], folder: Path, base: type) -> list[Any]:
    """The objects described; in their arguments {folder}, {run} and {identity} stand for those of the run."""
    known = {"{folder}": str(folder), "{run}": folder.name, "{identity}": folder.name.rpartition("_")[2]}

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        if isinstance(value, str):
            for name, meant in known.items():
                value = value.replace(name, meant)
        return value

    return [_class(f"{key}.{name}", part, base)(**_arguments(filled(part))) for name, part in parts.items()]


def check_parts(config: TrainConfig) -> str:
    """UserError for the first logger or callback that cannot be made; else a hash of the code of a user's callbacks."""
    for name, part in config.logger.items():
        _class(f"logger.{name}", part, Logger)
    kinds = [_class(f"callbacks.{name}", part, pl.Callback) for name, part in config.callbacks.items()]
    own = [kind for kind in kinds if kind.__module__.partition(".")[0] != "pytorch_lightning"]
    files = sorted({inspect.getfile(kind) for kind in own})
    return "".join(hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files)


def _class(key: str, part: Mapping[str, Any], base: type) -> type:
    kind = import_class(key, part["_target_"], base)
    needed = NEEDED.get(kind.__name__)
    if needed is not None and importlib.util.find_spec(needed) is None:
        raise UserError(
            f"{key}: expected the package {needed}, which is not installed; install charrnn with the extra that brings "
            f'it, in a checkout pip install -e ".[{needed}]"'
        )
    try:
        inspect.signature(kind).bind(**_arguments(part))
    except TypeError as error:
        raise UserError(f"{key}: expected the arguments of {part['_target_']}, but {error}; see its docs") from error
    return kind


def _arguments(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "_target_"}


def tensorboard_writers(loggers: list[Logger]) -> list[Any]:
    """What writes text, pictures and sounds for the TensorBoard loggers among these."""
    return [logger.experiment for logger in loggers if isinstance(logger, TensorBoardLogger)]
