"""The Trainer of a run: its device, its precision, and what stands beside the loop in every run."""

import os

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ProgressBar
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.environments import LightningEnvironment

from charrnn.config import TrainConfig, Trainer
from charrnn.errors import UserError
from charrnn.learning.checkpoint_io import CheckpointBesideTarget
from charrnn.learning.precision import lightning_precision
from charrnn.learning.stopping import SigtermAsBefore


class Patience(EarlyStopping):
    """EarlyStopping of our own, so that a user's has a state of its own in a checkpoint.

    A loss that is not finite is an error of LitCharRNN's; EarlyStopping would take it for the end of patience. It
    decides before the epoch ends, so that the module knows then whether this epoch is the last.
    """

    def __init__(self, epochs: int):
        super().__init__("val/loss", patience=epochs, check_finite=False, check_on_train_epoch_end=False)


def make_trainer(config: TrainConfig, loggers: list[Logger], callbacks: list[pl.Callback], rank: int = 0) -> pl.Trainer:
    """Lightning's Trainer for process `rank` of this run; the first one alone logs and saves."""
    accelerator = _accelerator(config.trainer)
    _set_gpu_path(config.trainer.precision)
    patience = [] if config.trainer.patience is None else [Patience(config.trainer.patience)]
    return pl.Trainer(
        accelerator=accelerator,
        precision=lightning_precision(config, accelerator == "gpu"),  # type: ignore[arg-type]
        devices=[rank] if accelerator == "gpu" else 1,  # of this process; Lightning does not know of the others
        max_epochs=config.trainer.max_epochs,
        logger=loggers or False,
        callbacks=[*patience, *callbacks, SigtermAsBefore()],
        enable_progress_bar=any(isinstance(callback, ProgressBar) for callback in callbacks),
        enable_model_summary=False,
        log_every_n_steps=1,
        enable_checkpointing=rank == 0,
        num_sanity_val_steps=0,
        # LightningEnvironment: of itself Lightning takes Slurm's variables, where there are any, for its own.
        plugins=[LightningEnvironment(), CheckpointBesideTarget()],
        use_distributed_sampler=False,
    )


def _accelerator(config: Trainer) -> str:
    """Lightning's accelerator; UserError where this machine has not what the run is to have."""
    wanted, devices, gpus = config.accelerator, config.devices, torch.cuda.device_count()
    if wanted == "mps":
        if not torch.backends.mps.is_available():
            raise UserError(
                "trainer.accelerator: expected the GPU of a Mac, but torch finds none here; give "
                "trainer.accelerator=auto"
            )
        if devices > 1:
            raise UserError(f"trainer.devices: expected 1 with trainer.accelerator=mps, got {devices}; give 1")
        return wanted
    if wanted in ("gpu", "cuda") and gpus == 0:
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
