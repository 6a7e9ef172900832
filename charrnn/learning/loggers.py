"""Loggers and callbacks that a configuration names by the dotted paths of their classes."""

import contextlib
import inspect
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from charrnn import run
from charrnn.config import TrainConfig, plain, semantic
from charrnn.errors import UserError, sentence
from charrnn.learning.user_class import import_class

# Lightning's classes that another package must bring, and the extra of ours that has it.
EXTRAS = {"WandbLogger": "wandb", "MLFlowRun": "mlflow", "MLFlowLogger": "mlflow", "RichProgressBar": "rich"}


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
        run.write_text(file, f"{self.run_id}\n")


@contextlib.contextmanager
def open_loggers(config: TrainConfig, folder: Path, resume_step: int | None) -> Iterator[list[Logger]]:
    """The loggers of a run in `folder`, closed at the end, so that the next run of this process has its own."""
    loggers: list[Logger] = make_parts("logger", config.logger, folder, Logger)
    status = "failed"
    try:
        for logger in loggers:
            if isinstance(logger, TensorBoardEvents) and resume_step is not None:
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

    return [_make(f"{key}.{name}", filled(part), base) for name, part in parts.items()]


def _make(key: str, part: dict[str, Any], base: type) -> Any:
    kind = import_class(key, part["_target_"], base)
    arguments = {name: value for name, value in part.items() if name != "_target_"}
    try:
        inspect.signature(kind).bind(**arguments)
    except TypeError as error:
        raise UserError(f"{key}: expected the arguments of {part['_target_']}, but {error}; see its docs") from error
    try:
        return kind(**arguments)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(kind.__name__)
        hint = f'install it, in a checkout pip install -e ".[{extra}]"' if extra else "install it"
        raise UserError(f"{key}: expected what {kind.__name__} needs, but {sentence(error)}; {hint}") from error


def tensorboard_writers(loggers: list[Logger]) -> list[Any]:
    """What writes text, pictures and sounds for the TensorBoard loggers among these."""
    return [logger.experiment for logger in loggers if isinstance(logger, TensorBoardLogger)]
