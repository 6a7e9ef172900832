"""A run from its configuration to its result: started, resumed where it stood, or returned as it was."""

import contextlib
import logging
import multiprocessing
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
from pytorch_lightning.callbacks import ProgressBar

from charrnn import run
from charrnn.config import TrainConfig, plain
from charrnn.errors import sentence
from charrnn.learning.best_tunes import write_best_tunes
from charrnn.learning.callbacks import Checkpoints, ComposedTunes, EpochBar, Stopped
from charrnn.learning.data import AbcDataModule
from charrnn.learning.inputs import names
from charrnn.learning.loggers import make_parts, open_loggers, tensorboard_writers
from charrnn.learning.metrics import Metrics
from charrnn.learning.module import Diverged, LitCharRNN
from charrnn.learning.prepare import Prepared, describe, prepare
from charrnn.learning.processes import ProcessGroup, launch_processes
from charrnn.learning.result import make_result
from charrnn.learning.resuming import find_resumable
from charrnn.learning.stopping import Interrupted, stop_at_block_end
from charrnn.learning.trainer import make_trainer

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
    resume_file, resume_from = find_resumable(folder, checkpoints.state_key)
    # What a killed process wrote after its last checkpoint is written again, not twice.
    with open_loggers(config, folder, 0 if resume_from is None else resume_from["global_step"]) as loggers:
        if resume_from is None or resume_from["callbacks"][checkpoints.state_key]["stop_reason"] is None:
            users = make_parts("callbacks", config.callbacks, folder, pl.Callback)
            callbacks = [metrics, ComposedTunes(), *users, *_bar(users), checkpoints]
            trainer = make_trainer(config, loggers, callbacks)
            with launch_processes(
                config.trainer.devices, _train_along, config, prepared, resume_file
            ) as module.process_group:
                trainer.fit(module, data, ckpt_path=resume_file, weights_only=True)
        else:
            metrics.load_state_dict(resume_from["callbacks"][metrics.state_key])
            checkpoints.load_state_dict(resume_from["callbacks"][checkpoints.state_key])
        # A step behind the last, which a run that is killed here writes again and not twice.
        step = metrics.epochs * data.windows + 1
        if config.trainer.scores:
            write_best_tunes(folder, tensorboard_writers(loggers), step)
        result = make_result(config, folder, prepared, data, metrics, checkpoints, parameters)
        for logger in loggers:
            if result["test_loss"] is not None:
                logger.log_metrics({"test/loss": result["test_loss"], "test/bpc": result["test_bpc"]}, step)
    return result


def _bar(users: list[pl.Callback]) -> list[pl.Callback]:
    """Our bar where a person looks on; beside others a run has none, for whoever started it shows how it goes."""
    is_alone = sys.stderr.isatty() and multiprocessing.parent_process() is None
    return [EpochBar(refresh_rate=5)] if is_alone and not any(isinstance(user, ProgressBar) for user in users) else []


def _built(config: TrainConfig, prepared: Prepared) -> tuple[AbcDataModule, LitCharRNN]:
    pl.seed_everything(config.seed, workers=True, verbose=False)
    data = AbcDataModule.from_config(config, prepared)
    return data, LitCharRNN.from_config(config, data)


def _train_along(group: ProcessGroup, config: TrainConfig, prepared: Prepared, last: Path | None) -> None:
    """What every process of a run but its first does: it trains, stops where the first one stops, writes nothing."""
    warnings.simplefilter("ignore")  # Lightning's own on a checkpoint with more callbacks than there are here
    torch.set_num_threads(config.trainer.threads)
    data, module = _built(config, prepared)
    module.process_group = group
    with contextlib.suppress(Diverged):  # as the first one says
        make_trainer(config, [], [], group.rank).fit(module, data, ckpt_path=last, weights_only=True)


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
