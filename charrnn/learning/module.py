"""Training: loss, carried state, optimizer and schedule, a block of windows at a time."""

import math
import warnings
from typing import Any, Self

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from charrnn.config import TrainConfig, plain
from charrnn.errors import UserError
from charrnn.learning.data import IGNORED, AbcDataModule, Block
from charrnn.learning.evaluation import score
from charrnn.learning.inputs import names
from charrnn.learning.model import CharRNN
from charrnn.learning.optimizers import PLATEAU, cosine, make_optimizer
from charrnn.learning.processes import ProcessGroup
from charrnn.learning.random_state import get_random_state, set_random_state
from charrnn.learning.step import AutogradStep, Step
from charrnn.learning.step.fused import FusedStep, can_fuse

# Lightning takes a block for a step, and so finds too few of them to log.
warnings.filterwarnings("ignore", message="The number of training batches")

# After so many epochs in succession that are worse than a guess the run has diverged; one alone may be a bad start.
HOPELESS_EPOCHS = 3
# Worse than a guess: beyond ln V by more than an untrained network, whose excess is 0 to 6 % (10 seeds, three cells,
# hidden 8 to 1000).
WORSE_THAN_A_GUESS = 1.1


class Diverged(Exception):
    """The loss is not finite, or stays worse than a guess; the checkpoints from before are kept."""


class LitCharRNN(pl.LightningModule):
    """Truncated back-propagation through time over blocks (B, K · seq_len), an optimizer step for each window.

    `windows` is the number of steps of the whole run, where a cosine schedule ends. All hyperparameters are plain, so a
    checkpoint alone is enough to sample and loads with `weights_only=True`. `tonics` are those of the collection, if it
    was moved to white keys.
    """

    def __init__(
        self,
        *,
        vocabulary: list[str],
        model: dict[str, Any],
        optim: dict[str, Any],
        seq_len: int,
        windows: int,
        tonics: dict[str, dict[str, int]] | None = None,
    ):
        super().__init__()
        self.save_hyperparameters(logger=False)
        # Manual, because a block holds many steps: the Trainer's cost is paid once a block (benchmarks/README.md).
        self.automatic_optimization = False
        self.model = CharRNN(len(vocabulary), **model)
        self.optim, self.seq_len, self.windows = optim, seq_len, windows
        self.process_group = ProcessGroup()
        self.plateau: ReduceLROnPlateau | None = None
        self.step: Step | None = None
        self._calls_before_step = False
        self.state: Tensor | None = None
        self.states: Tensor | None = None
        self.random_states = torch.get_rng_state()[None]
        self.val_state: Tensor | None = None
        self.val_sum, self.val_characters = 0.0, 0
        self.hopeless_epochs = 0
        self.block_loss = self.gradient_norm = math.nan
        self._restart_sums()
        self._resume_from: dict[str, Any] | None = None

    def _restart_sums(self) -> None:
        self.loss_sum, self.characters = 0.0, 0

    @classmethod
    def from_config(cls, config: TrainConfig, data: AbcDataModule) -> Self:
        """As `charrnn train` makes it for these data."""
        settings = plain(config)
        return cls(
            vocabulary=data.prepared.vocab.characters,
            model={**settings["model"], **settings["regularization"], "inputs": names(settings["inputs"])},
            tonics=data.prepared.report["tonics"],
            optim=settings["optim"],
            seq_len=config.data.seq_len,
            windows=config.trainer.max_epochs * data.windows,
        )

    @property
    def train_loss(self) -> float:
        """Mean over the epoch's characters so far, in train mode, as the weights moved."""
        return self.loss_sum / max(self.characters, 1)

    @property
    def val_loss(self) -> float:
        return self.val_sum / max(self.val_characters, 1)

    def training_step(self, block: Block, index: int) -> None:
        # Not in on_train_epoch_start, which Lightning leaves out after resuming from the end of an epoch.
        if index == 0:
            self.state = None
            self._restart_sums()
        self._calls_before_step = self._is_overridden("on_before_optimizer_step", "optimizer_step")
        optimizer, step, group = self.optimizers(), self._step(), self.process_group
        assert isinstance(optimizer, LightningOptimizer)
        is_target = (block[1] != IGNORED).split(self.seq_len, dim=1)  # of all processes, so that the gradients add up
        characters = torch.stack([part.sum() for part in is_target]).tolist()  # at once: on a GPU it waits for them
        parts = [group.shard(part).transpose(0, 1).contiguous().split(self.seq_len) for part in block]
        total = torch.zeros((), device=self.device)
        for ids, targets, *inputs, count in zip(*parts, characters, strict=True):
            nats, self.state = step.gradients(ids, targets, inputs[0] if inputs else None, self.state, count)
            if self.optim["schedule"] == "cosine":
                for settings in optimizer.param_groups:
                    settings["lr"] = self.optim["lr"] * cosine(self.trainer.global_step / self.windows)
            if group.size > 1:
                group.all_reduce([p.grad for p in self.model.parameters() if p.grad is not None])
            norm = step.clip(self.optim["gradient_clip"])
            self._optimizer_step(optimizer)
            total += nats
        count = sum(characters)
        self.process_group.all_reduce([total])
        # What a checkpoint holds of every process; process 0 writes it at a time that the others do not know.
        assert self.state is not None
        self.states = self.process_group.all_gather(self.state, dim=2)
        self.random_states = self.process_group.all_gather(get_random_state(self.device)[None])
        self.block_loss, self.gradient_norm = float(total) / count, float(norm)
        if not math.isfinite(self.block_loss):
            raise self._diverged(f"the loss is {self.block_loss}")
        self.loss_sum += float(total)
        self.characters += count

    def _step(self) -> Step:
        """How the steps of a block are made; each block asks, since a callback may freeze or watch what it likes."""
        is_alone = self.process_group.size == 1 and not self._is_overridden("on_before_backward", "on_after_backward")
        is_alone = is_alone and not torch.is_autocast_enabled(self.device.type)
        kind = FusedStep if is_alone and can_fuse(self.model) else AutogradStep
        parameters = list(map(id, self.model.parameters()))
        if type(self.step) is not kind or parameters != list(map(id, self.step.parameters)):
            self.step = FusedStep(self.model) if kind is FusedStep else AutogradStep(self.model, self.manual_backward)
        return self.step

    def _is_overridden(self, *hooks: str) -> bool:
        """Whether one of these is a callback's, or of a class derived from this one."""
        callbacks: list[pl.Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        ours = any(is_overridden(hook, self, pl.LightningModule) for hook in hooks)
        known = [hook for hook in hooks if hasattr(pl.Callback, hook)]
        return ours or any(is_overridden(hook, callback, pl.Callback) for hook in known for callback in callbacks)

    def _optimizer_step(self, optimizer: LightningOptimizer) -> None:
        """A step of the optimizer, without the 0.1 ms that Lightning's way to a hook takes where nobody is there."""
        if self._calls_before_step:
            optimizer.step()
        else:
            optimizer._on_before_step()  # counts trainer.global_step
            optimizer.optimizer.step()
            optimizer._on_after_step()

    def on_train_batch_end(self, outputs: Any, block: Block, index: int) -> None:
        step, every = self.trainer.global_step, self.trainer.log_every_n_steps  # type: ignore[attr-defined]
        steps = -(-block[0].shape[1] // self.seq_len)
        if every and step // every > (step - steps) // every:
            self._log_at_step({"block/loss": self.block_loss, "block/gradient_norm": self.gradient_norm})

    def _log_at_step(self, values: dict[str, float]) -> None:
        # Straight to the loggers: of a block of 25 ms this takes 0.2, self.log 1.5. Its x axis counts blocks, unless a
        # metric is named "step", from which a ModelCheckpoint takes the step in its file's name until the next one.
        for logger in self.trainer.loggers:
            logger.log_metrics(values, self.trainer.global_step)

    def _log_epoch(self, values: dict[str, float]) -> None:
        """What callbacks may monitor, and what Trainer.validate and Trainer.test return, in double precision."""
        is_fit = self.trainer.state.fn == "fit"
        exact = {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}
        self.log_dict(exact, prog_bar=True, logger=False if is_fit else None)
        if not is_fit:
            self.log("step", torch.tensor(self.trainer.global_step, dtype=torch.float64))
        elif not self.trainer.sanity_checking:
            self._log_at_step(values)

    def forward(self, ids: Tensor, state: Tensor | None = None, inputs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits (B, T, V) and the state after the last character, as CharRNN gives them."""
        return self.model(ids, state, inputs)

    def on_validation_epoch_start(self) -> None:
        self.val_state, self.val_sum, self.val_characters = None, 0.0, 0

    def validation_step(self, block: Block, index: int) -> None:
        with torch.autocast(self.device.type, enabled=False):  # the weights are in float32, and so is their loss
            loss, characters, self.val_state = score(self.model, block, self.val_state)
        self.val_sum += loss
        self.val_characters += characters

    def on_validation_epoch_end(self) -> None:
        if not math.isfinite(self.val_loss):
            raise self._diverged(f"the validation loss is {self.val_loss}")
        is_training = self.trainer.state.fn == "fit" and not self.trainer.sanity_checking
        if self.plateau is not None and is_training:
            self.plateau.step(self.val_loss)
        values = {"val/loss": self.val_loss, "val/bpc": self.val_loss / math.log(2)}
        if is_training:
            values |= {"train/loss": self.train_loss, "lr": self.trainer.optimizers[0].param_groups[0]["lr"]}
        self._log_epoch(values)

    def on_test_epoch_start(self) -> None:
        self.on_validation_epoch_start()

    def test_step(self, block: Block, index: int) -> None:
        self.validation_step(block, index)

    def on_test_epoch_end(self) -> None:
        self._log_epoch({"test/loss": self.val_loss, "test/bpc": self.val_loss / math.log(2)})

    def on_predict_epoch_start(self) -> None:
        self.val_state = None

    def predict_step(self, block: Block, index: int) -> Tensor:
        """Log probabilities in nats (B, T, V) of every character that may come next, the state carried on."""
        ids, _, *inputs = block
        logits, self.val_state = self(ids, self.val_state, *inputs)
        return logits.log_softmax(-1)

    def on_train_epoch_end(self) -> None:
        guess = math.log(self.model.output.out_features)
        is_hopeless = self.val_loss > WORSE_THAN_A_GUESS * guess
        self.hopeless_epochs = self.hopeless_epochs + 1 if is_hopeless else 0
        is_last = self.trainer.should_stop or self.current_epoch + 1 == self.trainer.max_epochs
        # A run of one or two epochs has diverged if no epoch was better.
        most = min(HOPELESS_EPOCHS, self.current_epoch + 1) if is_last else HOPELESS_EPOCHS
        if self.hopeless_epochs >= most:
            raise self._diverged(
                f"the validation loss is {self.val_loss:.4g} nats, worse than a guess among all characters "
                f"({guess:.2f} nats),"
            )

    def _diverged(self, what: str) -> Diverged:
        return Diverged(
            f"{what} in epoch {self.current_epoch + 1} before step {self.global_step}; "
            f"lower optim.lr ({self.optim['lr']:g}) or optim.gradient_clip ({self.optim['gradient_clip']:g})"
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        optimizer = make_optimizer(self.model, **self.optim)
        # Not handed to Lightning, which loses an update of a plateau at every resume (fit_loop.on_advance_end).
        if self.optim["schedule"] == "plateau":
            self.plateau = ReduceLROnPlateau(optimizer, **PLATEAU)
        return optimizer

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["carried"] = {
            "state": self.states,
            "loss_sum": self.loss_sum,
            "characters": self.characters,
            "hopeless_epochs": self.hopeless_epochs,
            "plateau": None if self.plateau is None else self.plateau.state_dict(),
            # Callbacks may have drawn numbers since the block; those that do are refused on several devices.
            "random_state": get_random_state(self.device)[None] if self.process_group.size == 1 else self.random_states,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # Lightning restores weights, optimizer, loops and loader; the rest of what the next step depends on is here.
        self._resume_from = checkpoint["carried"]

    def on_fit_start(self) -> None:
        if getattr(self.trainer.precision_plugin, "scaler", None) is not None:
            raise UserError("precision: expected 32-true or bf16-mixed, got one that scales the loss; give one of them")

    def on_train_start(self) -> None:
        self.step = None  # made for the weights where they stood
        if self._resume_from is None:
            if self.process_group.rank > 0:  # one seed for the weights of all, but dropout's own in each
                torch.manual_seed(torch.initial_seed() + self.process_group.rank)
            return
        carried, self._resume_from = self._resume_from, None
        self.states = None if carried["state"] is None else carried["state"].to(self.device)
        self.state = None if self.states is None else self.process_group.shard(self.states, dim=2).contiguous()
        self.loss_sum, self.characters = carried["loss_sum"], carried["characters"]
        self.hopeless_epochs = carried["hopeless_epochs"]
        if self.plateau is not None:
            self.plateau.load_state_dict(carried["plateau"])
        self.random_states = carried["random_state"]
        set_random_state(self.random_states[self.process_group.rank], self.device)
