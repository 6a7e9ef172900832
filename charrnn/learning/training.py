"""A run from its configuration to its result: started, resumed where it stood, or returned as it was."""

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import yaml
from pytorch_lightning.callbacks import EarlyStopping
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.plugins.environments import LightningEnvironment

from charrnn import run
from charrnn.config import TrainConfig, plain, semantic
from charrnn.errors import UserError, sentence
from charrnn.learning import checkpoint
from charrnn.learning.best_tunes import write_best_tunes
from charrnn.learning.callbacks import Checkpoints, ComposedTunes, EpochBar, Metrics, Stopped
from charrnn.learning.checkpoint_io import CheckpointBesideTarget
from charrnn.learning.data import AbcDataModule
from charrnn.learning.inputs import names
from charrnn.learning.module import Diverged, LitCharRNN
from charrnn.learning.precision import lightning_precision
from charrnn.learning.prepare import Prepared, describe, prepare
from charrnn.learning.processes import ProcessGroup, launch_processes
from charrnn.learning.result import make_result
from charrnn.learning.stopping import Interrupted, SigtermAsBefore, stop_at_block_end

say = logging.getLogger("charrnn").info
# Lightning greets every Trainer with its devices and an advertisement.
for noisy in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric"):
    logging.getLogger(noisy).setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
# Of a log without sync_dist where several processes train; every one of them has the whole validation loss.
warnings.filterwarnings("ignore", message="It is recommended to use `self.log")
warnings.filterwarnings("ignore", message="The `srun` command is available")  # of us, who submit with it


def train(
    config: TrainConfig, folder: Path, command: str, stop_on: Sequence[int] = (signal.SIGINT, signal.SIGTERM)
) -> dict[str, Any]:
    """The result of the run in `folder`, from disk if it is finished; `command` is what a person types for it.

    The signals `stop_on` end it with Interrupted where it can be continued exactly.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.trainer.threads)
    with run.lock(folder), _log_file(folder):
        run.remove_parts(folder)
        if (result := run.read_result(folder)) is not None:
            say("finished  %s", folder)
            return result
        (folder / "status.json").unlink(missing_ok=True)  # what ended it before ends it no longer
        try:
            with stop_at_block_end(stop_on) as stop:
                result = _run(config, folder, stop)
        except Stopped:
            run.write_status(folder, "stopped", command)
            raise Interrupted(stop[0]) from None
        except BrokenPipeError:  # nobody reads what we print
            run.write_status(folder, "stopped", command)
            raise
        except Exception as error:
            logging.getLogger("charrnn").debug("%s", traceback.format_exc())
            with contextlib.suppress(OSError):  # on a full disk the status cannot be told either
                run.write_status(folder, "failed", command, sentence(error))
            raise
        run.write_json(folder / "result.json", result)
        run.write_status(folder, "finished", command)
        return result


def _run(config: TrainConfig, folder: Path, stop: list[int]) -> dict[str, Any]:
    settings = plain(config)
    run.write_text(folder / "config.yaml", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    prepared = prepare(config.data, names(plain(config.inputs)))
    run.write_json(folder / "data.json", prepared.report)
    say("%s", describe(prepared.report))
    data, module = _built(config, prepared)
    parameters = sum(p.numel() for p in module.parameters())
    say("network   %s, %d hidden, %d layer(s), %s parameters", config.model.cell, config.model.hidden,
        config.model.layers, f"{parameters:,}")  # fmt: skip
    metrics, checkpoints = Metrics(folder, say), Checkpoints(folder, lambda: bool(stop))
    resume_file, resume_from = _resumable(folder, checkpoints.state_key)
    # What a killed process wrote after its last checkpoint is written again, not twice.
    purge = None if resume_from is None else resume_from["global_step"] + 1
    events = Events(folder, name="", version="", default_hp_metric=False, purge_step=purge)
    if resume_from is None or not resume_from["callbacks"][checkpoints.state_key]["finished"]:
        # Beside others a run has no bar of its own: whoever started it shows how it goes.
        bar = [EpochBar(refresh_rate=5)] if sys.stderr.isatty() and multiprocessing.parent_process() is None else []
        trainer = _trainer(config, events, [metrics, checkpoints, ComposedTunes(), *bar])
        with launch_processes(
            config.trainer.devices, _train_along, config, prepared, resume_file
        ) as module.process_group:
            trainer.fit(module, data, ckpt_path=resume_file, weights_only=True)
    else:
        metrics.load_state_dict(resume_from["callbacks"][metrics.state_key])
        checkpoints.load_state_dict(resume_from["callbacks"][checkpoints.state_key])
        metrics.write()
    shown = {run.short(key): value for key, value in semantic(settings).items()}
    events.log_hyperparams(shown, {"best/val_loss": checkpoints.best_loss})
    if config.trainer.scores:
        # A step behind the last, which a run that is killed here writes again and not twice.
        write_best_tunes(folder, events.experiment, len(metrics.rows) * data.windows + 1)
    events.finalize("success")
    return make_result(config, folder, prepared, data, metrics, checkpoints, parameters)


def _built(config: TrainConfig, prepared: Prepared) -> tuple[AbcDataModule, LitCharRNN]:
    settings = plain(config)
    pl.seed_everything(config.seed, workers=True, verbose=False)
    data = AbcDataModule(
        prepared,
        seq_len=config.data.seq_len,
        batch_size=config.data.batch_size,
        order_seed=config.data.split_seed,
        limit_blocks=config.trainer.limit_blocks,
    )
    module = LitCharRNN(
        vocabulary=prepared.vocab.characters,
        model={**settings["model"], **settings["regularization"], "inputs": names(settings["inputs"])},
        tonics=prepared.report["tonics"],
        optim=settings["optim"],
        seq_len=config.data.seq_len,
        windows=config.trainer.max_epochs * data.windows,
    )
    return data, module


def _train_along(group: ProcessGroup, config: TrainConfig, prepared: Prepared, last: Path | None) -> None:
    """What every process of a run but its first does: it trains, stops where the first one stops, writes nothing."""
    warnings.simplefilter("ignore")  # Lightning's own on a checkpoint with more callbacks than there are here
    torch.set_num_threads(config.trainer.threads)
    data, module = _built(config, prepared)
    module.process_group = group
    with contextlib.suppress(Diverged):  # as the first one says
        _trainer(config, None, [], group.rank).fit(module, data, ckpt_path=last, weights_only=True)


class Events(TensorBoardLogger):
    """TensorBoard's event file in the run folder, and no hparams.yaml beside it: config.yaml says it."""

    def save(self) -> None:
        pass


def _trainer(config: TrainConfig, events: TensorBoardLogger | None, callbacks: list[Any], rank: int = 0) -> pl.Trainer:
    accelerator = _accelerator(config)
    _set_gpu_path(config.trainer.precision)
    if config.trainer.patience is not None:
        # A loss that is not finite is an error of LitCharRNN's; EarlyStopping would take it for the end of patience.
        # It decides before the epoch ends, so that the module knows then whether this epoch is the last.
        stopping = EarlyStopping(
            "val/loss", patience=config.trainer.patience, check_finite=False, check_on_train_epoch_end=False
        )
        callbacks = [stopping, *callbacks]
    return pl.Trainer(
        accelerator=accelerator,
        precision=lightning_precision(config, accelerator == "gpu"),  # type: ignore[arg-type]
        devices=[rank] if accelerator == "gpu" else 1,  # of this process; Lightning does not know of the others
        max_epochs=config.trainer.max_epochs,
        logger=events or False,
        callbacks=[*callbacks, SigtermAsBefore()],
        enable_progress_bar=any(isinstance(callback, EpochBar) for callback in callbacks),
        enable_model_summary=False,
        log_every_n_steps=1,
        enable_checkpointing=events is not None,
        num_sanity_val_steps=0,
        # LightningEnvironment: of itself Lightning takes Slurm's variables, where there are any, for its own.
        plugins=[LightningEnvironment(), CheckpointBesideTarget()],
        use_distributed_sampler=False,
    )


def _accelerator(config: TrainConfig) -> str:
    """Lightning's accelerator; UserError where there are not as many GPUs as the run is to have."""
    wanted, devices, gpus = config.trainer.accelerator, config.trainer.devices, torch.cuda.device_count()
    if wanted == "gpu" and gpus == 0:
        raise UserError(
            "trainer.accelerator: expected a GPU, but torch finds none here; leave out trainer=gpu, or give "
            "trainer.accelerator=auto"
        )
    if wanted == "cpu" or (wanted == "auto" and gpus == 0 and devices > 1):
        return "cpu"
    if 0 < gpus < devices:
        raise UserError(
            f"trainer.devices: expected at most {gpus}, the GPUs that torch finds here, got {devices}; lower it, or "
            "give trainer.accelerator=cpu"
        )
    return "gpu" if gpus else wanted


def _set_gpu_path(precision: str) -> None:
    """Products on a GPU in this precision, and cuDNN's recurrent kernels such that they repeat exactly."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")  # as torch's documentation of its RNN asks for
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def _resumable(folder: Path, best: str) -> tuple[Path, dict[str, Any]] | tuple[None, None]:
    """The newest checkpoint that is whole, and its content; UserError where there are some but none is.

    `best` is the callback that knows whether best.ckpt was written: it must be whole, too.
    """
    damaged = []
    for file in (folder / checkpoint.LAST, folder / checkpoint.PREVIOUS):
        if not file.exists():
            continue
        try:
            content = checkpoint.read_to_resume(file)
        except UserError as error:
            damaged.append(file)
            say("damaged   %s", error)
            continue
        if content["callbacks"][best]["best_epoch"] >= 0:
            _check_best(folder)
        for other in damaged:
            other.unlink()  # or it would take the place of the good one at the next save
        say("resuming  %s, epoch %d, from %s", folder.name, content["epoch"] + 1, file.name)
        return file, content
    if damaged:
        raise _unreadable(folder, *(file.name for file in damaged))
    return None, None


def _check_best(folder: Path) -> None:
    try:
        checkpoint.read_checkpoint(folder / checkpoint.BEST)
    except UserError as error:
        raise _unreadable(folder, checkpoint.BEST) from error


def _unreadable(folder: Path, *names: str) -> UserError:
    return UserError(
        f"expected a run that can be resumed, but {' and '.join(names)} in {str(folder)!r} cannot be read; "
        "remove the folder to train the run from its beginning"
    )


@contextlib.contextmanager
def _log_file(folder: Path) -> Iterator[None]:
    """Everything said about this run also goes to its train.log, with the traceback if there is one."""
    logger = logging.getLogger("charrnn")
    logger.setLevel(logging.DEBUG)
    handler = logging.FileHandler(folder / "train.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    handler.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
