import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.nn import functional as F

from charrnn.learning.data import IGNORED, VAL_STREAMS, VAL_WARM_UP, AbcDataModule
from charrnn.learning.evaluation import evaluate, score
from charrnn.learning.model import CharRNN
from charrnn.learning.module import Diverged, LitCharRNN
from charrnn.learning.optimizers import OPTIMIZERS, make_optimizer
from charrnn.learning.prepare import Prepared
from charrnn.learning.step import summed_loss
from charrnn.learning.vocab import START, Vocabulary

torch.set_num_threads(1)
PHRASES = ["GABc dedB|", "dedB dedB|", "c2ec B2dB|", "A2A2 A2BA|", "GABc d2ef|", "g2fg edBA|"]
VOCAB = Vocabulary("".join(PHRASES) + "X:\nK1")
SEQ_LEN, BATCH = 5, 3


def text(tunes: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return VOCAB.encode_tunes(["X:1\nK:G\n" + "".join(rng.choice(PHRASES, 4)) for _ in range(tunes)])


def corpus(train: int = 13, val: int = 4) -> AbcDataModule:
    prepared = Prepared(text(train, 0), text(val, 1), text(val, 2), VOCAB, {})
    return AbcDataModule(prepared, seq_len=SEQ_LEN, batch_size=BATCH)


def one_window() -> AbcDataModule:
    """A training part of a single optimizer step an epoch."""
    prepared = Prepared(text(1, 0)[: SEQ_LEN * BATCH], text(2, 1), text(0, 2), VOCAB, {})
    return AbcDataModule(prepared, seq_len=SEQ_LEN, batch_size=BATCH)


def module(
    *, cell: str = "rnn", dropout: float = 0.0, layers: int = 1, windows: int = 1000, **optim: Any
) -> LitCharRNN:
    torch.manual_seed(0)
    defaults = {"name": "adam", "lr": 2e-3, "schedule": "constant", "gradient_clip": 5.0, "weight_decay": 0.0}
    return LitCharRNN(
        vocabulary=VOCAB.characters,
        model={"cell": cell, "hidden": 8, "layers": layers, "dropout": dropout},
        optim=defaults | {"momentum": 0.0} | optim,
        seq_len=SEQ_LEN,
        windows=windows,
    )


def fit(
    lit: LitCharRNN,
    data: AbcDataModule,
    folder: Path,
    *,
    epochs: int = 1,
    callbacks=(),
    resume_from: Path | None = None,
    **settings,
) -> pl.Trainer:
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        logger=False,
        callbacks=list(callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        default_root_dir=folder,
        **settings,
    )
    torch.manual_seed(1)
    trainer.fit(lit, data, ckpt_path=resume_from, weights_only=True)
    return trainer


def weights(model: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters()]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def trained_by_hand(lit: LitCharRNN, epochs: list[list[tuple[torch.Tensor, torch.Tensor]]]) -> list[tuple[float, int]]:
    """The same training on the same blocks without Lightning; summed loss and number of characters of every window."""
    model, losses = lit.model.train(), []
    optimizer = make_optimizer(model, **lit.optim)
    torch.manual_seed(1)
    for blocks in epochs:
        state = None
        for inputs, targets in blocks:
            for ids, wanted in zip(inputs.split(SEQ_LEN, 1), targets.split(SEQ_LEN, 1), strict=True):
                logits, state = model(ids, state)
                state = state.detach()
                loss = F.cross_entropy(logits.permute(0, 2, 1), wanted, ignore_index=IGNORED, reduction="sum")
                characters = int((wanted != IGNORED).sum())
                optimizer.zero_grad()
                (loss / characters).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), lit.optim["gradient_clip"])
                optimizer.step()
                losses.append((float(loss.detach()), characters))
    return losses


class Steps(pl.Callback):
    """What stands at every optimizer step and at every block's begin."""

    def __init__(self) -> None:
        self.lr: list[float] = []
        self.moved: list[float] = []
        self.begins: list[tuple[int, torch.Tensor | None]] = []
        self.epochs: list[list[tuple[torch.Tensor, torch.Tensor]]] = []
        self.ends: list[torch.Tensor] = []
        self.validations: list[int] = []
        self.val_begins: list[torch.Tensor | None] = []
        self.epoch_lr: list[float] = []

    def on_train_start(self, trainer: pl.Trainer, lit: Any) -> None:
        optimizer = trainer.optimizers[0]

        def before(*_: Any) -> None:
            self.lr.append(optimizer.param_groups[0]["lr"])
            self._weights = weights(lit)

        def after(*_: Any) -> None:
            now = weights(lit)
            self.moved.append(
                math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(now, self._weights, strict=True)))
            )

        optimizer.register_step_pre_hook(before)
        optimizer.register_step_post_hook(after)

    def on_train_batch_start(self, trainer: pl.Trainer, lit: Any, batch: Any, index: int) -> None:
        self.begins.append((index, lit.state))
        if index == 0:
            self.epochs.append([])
        self.epochs[-1].append(batch)

    def on_train_batch_end(self, trainer: pl.Trainer, lit: Any, outputs: Any, batch: Any, index: int) -> None:
        self.ends.append(lit.state)

    def on_validation_batch_start(self, trainer: pl.Trainer, lit: Any, batch: Any, index: int, *_: Any) -> None:
        if index == 0:
            self.val_begins.append(lit.val_state)

    def on_validation_end(self, trainer: pl.Trainer, lit: Any) -> None:
        self.validations.append(len(self.ends))

    def on_train_epoch_end(self, trainer: pl.Trainer, lit: Any) -> None:
        self.epoch_lr.append(trainer.optimizers[0].param_groups[0]["lr"])


def text_of(blocks: list[tuple[torch.Tensor, torch.Tensor]]) -> str:
    """All targets in the order of the streams."""
    targets = torch.cat([t for _, t in blocks], dim=1)
    return VOCAB.decode(targets[targets != IGNORED].tolist())


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_training_is_the_written_out_loop(cell, tmp_path):
    steps, ours, theirs = Steps(), module(cell=cell, dropout=0.2), module(cell=cell, dropout=0.2)
    fit(ours, corpus(), tmp_path, epochs=2, callbacks=[steps])
    trained_by_hand(theirs, steps.epochs)
    for a, b in zip(weights(ours), weights(theirs), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_every_epoch_has_all_tunes_once_and_in_another_order(tmp_path):
    steps, data = Steps(), corpus()
    fit(module(), data, tmp_path, epochs=4, callbacks=[steps])
    original = VOCAB.decode(data.prepared.train)
    texts = [text_of(blocks) for blocks in steps.epochs]
    assert len({original, *texts}) == 5
    for text in texts:
        assert sorted(text.split(START)) == sorted(original.split(START))


def test_every_run_sees_the_tunes_in_the_same_orders(tmp_path):
    seen = []
    for cell, interval in (("rnn", 1.0), ("gru", 1)):
        steps = Steps()
        fit(module(cell=cell), corpus(), tmp_path, epochs=3, val_check_interval=interval, callbacks=[steps])
        seen.append([text_of(blocks) for blocks in steps.epochs])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_validation_in_mid_epoch_changes_no_weight(cell, tmp_path):
    data, with_it, without = corpus(), module(cell=cell, dropout=0.2), module(cell=cell, dropout=0.2)
    steps = Steps()
    fit(with_it, data, tmp_path, epochs=2, val_check_interval=1, callbacks=[steps])
    fit(without, data, tmp_path, epochs=2, limit_val_batches=0)
    assert len(steps.validations) == 2 * len(data.train_dataloader()) > 4
    assert same(weights(with_it), weights(without))
    assert with_it.train_loss == without.train_loss


def test_the_carried_state_survives_a_validation(tmp_path):
    steps = Steps()
    fit(module(), corpus(), tmp_path, epochs=3, val_check_interval=2, callbacks=[steps])
    assert [index for index, _ in steps.begins] == [0, 1, 2, 3, 4] * 3
    assert steps.validations == [2, 4, 7, 9, 12, 14]
    for number, (index, state) in enumerate(steps.begins):
        if index != 0:
            assert state is steps.ends[number - 1]
            assert not state.requires_grad


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_state_is_fresh_at_the_start_of_every_epoch(cell, tmp_path):
    # With a clip of next to nothing the weights stand still, and one pass over the first block gives its last state.
    steps, lit = Steps(), module(cell=cell, name="sgd", gradient_clip=1e-30)
    fit(lit, corpus(), tmp_path, epochs=3, callbacks=[steps])
    for number, ((inputs, _), *_) in enumerate(steps.epochs):
        with torch.no_grad():
            expected = lit.model(inputs)[1]
        torch.testing.assert_close(steps.ends[5 * number], expected, rtol=0, atol=1e-6)


def test_the_training_loss_is_the_mean_over_the_characters_of_an_epoch(tmp_path):
    data, steps, ours = corpus(), Steps(), module()
    size = len(data.prepared.train)
    assert size % (SEQ_LEN * BATCH), "all windows of one size would not tell a mean of means from a mean"
    fit(ours, data, tmp_path, epochs=2, callbacks=[steps])
    losses = trained_by_hand(module(), steps.epochs)
    last = losses[len(losses) // 2 :]
    assert sum(n for _, n in last) == ours.characters == size
    assert ours.train_loss == pytest.approx(sum(loss for loss, _ in last) / size, abs=1e-5)


def test_the_block_loss_is_the_mean_over_the_characters_of_the_last_block(tmp_path):
    steps, ours = Steps(), module()
    fit(ours, corpus(), tmp_path, callbacks=[steps])
    losses = trained_by_hand(module(), steps.epochs)
    windows = len(steps.epochs[0][-1][0].split(SEQ_LEN, dim=1))
    total, count = map(sum, zip(*losses[-windows:], strict=True))
    assert ours.block_loss == pytest.approx(total / count, abs=1e-5)


def test_an_epoch_has_as_many_steps_as_the_data_says(tmp_path):
    data, steps = corpus(), Steps()
    trainer = fit(module(), data, tmp_path, epochs=2, callbacks=[steps])
    assert len(steps.lr) == trainer.global_step == 2 * data.windows


# Intervals whose last validation stands at the end of the epoch, where evaluate() meets the same weights.
@pytest.mark.parametrize("interval", [1, 5, 1.0])
def test_validation_scores_every_character_once(interval, tmp_path):
    data, lit = corpus(val=30), module()
    fit(lit, data, tmp_path, epochs=2, val_check_interval=interval)
    assert lit.val_characters == len(data.prepared.val)
    assert lit.val_loss == pytest.approx(evaluate(lit.model.eval(), data.val_dataloader()), abs=1e-9)


def test_every_validation_begins_with_a_fresh_state(tmp_path):
    # The warm-up would hide it: after 64 characters nothing is left of a state that was not.
    steps = Steps()
    fit(module(), corpus(), tmp_path, epochs=2, val_check_interval=1, callbacks=[steps])
    assert steps.val_begins == [None] * 10


def test_validation_is_without_dropout(tmp_path):
    data, lit = corpus(), module(dropout=0.5)
    fit(lit, data, tmp_path)
    assert lit.val_loss == pytest.approx(evaluate(lit.model.eval(), data.val_dataloader()), abs=1e-9)
    assert lit.val_loss != pytest.approx(evaluate(lit.model.train(), data.val_dataloader()), abs=1e-3)


def trained(cell: str, folder: Path) -> CharRNN:
    lit = module(cell=cell, lr=0.01)
    fit(lit, corpus(train=40), folder, epochs=3, limit_val_batches=0)
    return lit.model.eval()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_evaluation_in_streams_is_close_to_one_stream(cell, tmp_path):
    model, data = trained(cell, tmp_path), corpus(val=150)
    ids = torch.from_numpy(data.prepared.val).long()
    assert len(ids) > 6000
    with torch.no_grad():
        logits, _ = model(torch.cat([torch.tensor([VOCAB.end]), ids[:-1]])[None])
    one_stream = float(F.cross_entropy(logits[0], ids))
    assert evaluate(model, data.val_dataloader()) == pytest.approx(one_stream, abs=0.02)
    assert one_stream < 1.5, "an untrained network would be as good with any state"


def test_evaluation_is_the_sum_over_streams_that_each_read_what_precedes_them(tmp_path):
    model, data = trained("rnn", tmp_path).double(), corpus(val=150)
    ids = data.prepared.val
    before = np.concatenate([np.full(VAL_WARM_UP + 1, VOCAB.end), ids])
    length, total = -(-len(ids) // VAL_STREAMS), 0.0
    for begin in range(0, len(ids), length):
        wanted = ids[begin : begin + length]
        read = torch.from_numpy(before[begin : begin + VAL_WARM_UP + len(wanted)]).long()
        with torch.no_grad():
            log_prob = torch.log_softmax(model(read[None])[0][0, VAL_WARM_UP:], -1)
        total -= float(log_prob[range(len(wanted)), torch.from_numpy(wanted).long()].sum())
    assert evaluate(model, data.val_dataloader()) == pytest.approx(total / len(ids), abs=1e-6)


def test_evaluation_of_blocks_of_any_width_is_the_same(tmp_path):
    model, data = trained("lstm", tmp_path).double(), corpus(val=150)
    inputs, targets = (torch.cat(p, dim=1) for p in zip(*data.val_dataloader(), strict=True))
    expected = evaluate(model, [(inputs, targets)])
    for width in (1, 64, 100):
        pieces = list(zip(inputs.split(width, 1), targets.split(width, 1), strict=True))
        assert evaluate(model, pieces) == pytest.approx(expected, abs=1e-12)


def test_the_summed_loss_leaves_out_what_is_ignored():
    logits = torch.randn(3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[0, 1, 2, 3], [IGNORED, 4, IGNORED, 0], [IGNORED] * 4])
    by_hand = -sum(
        float(torch.log_softmax(logits[b, t], -1)[targets[b, t]])
        for b in range(3)
        for t in range(4)
        if targets[b, t] != IGNORED
    )
    assert float(summed_loss(logits, targets)) == pytest.approx(by_hand, abs=1e-12)
    assert float(summed_loss(logits[2:], targets[2:])) == 0.0


def test_a_block_of_nothing_to_score_carries_its_state_on():
    model = module().model.eval()
    ids = torch.from_numpy(text(1, 0)).long()[None]
    with torch.no_grad():
        loss, characters, state = score(model, (ids, torch.full_like(ids, IGNORED)), None)
        assert (loss, characters) == (0.0, 0)
        assert torch.equal(state, model(ids)[1])


def test_the_clip_bounds_the_step(tmp_path):
    steps, lit = Steps(), module(name="sgd", lr=1.0, gradient_clip=0.01)
    fit(lit, one_window(), tmp_path, callbacks=[steps])
    assert lit.gradient_norm > 0.1
    assert steps.moved == [pytest.approx(0.01, rel=1e-3)]


def test_every_step_of_an_epoch_is_clipped(tmp_path):
    steps, data = Steps(), corpus()
    fit(module(name="sgd", lr=1.0, gradient_clip=0.01), data, tmp_path, callbacks=[steps])
    assert len(steps.moved) == data.windows
    assert max(steps.moved) <= 0.01 * 1.001


def test_a_gradient_within_the_clip_is_not_touched(tmp_path):
    steps, lit = Steps(), module(name="sgd", lr=1.0, gradient_clip=1e6)
    fit(lit, one_window(), tmp_path, callbacks=[steps])
    assert steps.moved == [pytest.approx(lit.gradient_norm, rel=1e-4)]


@pytest.mark.parametrize(
    ("name", "lr"), [("adam", 0.01), ("adamw", 0.01), ("adagrad", 0.05), ("rmsprop", 0.01), ("sgd", 0.1)]
)
def test_every_optimizer_lowers_the_loss(name, lr, tmp_path):
    data, lit = corpus(train=20), module(name=name, lr=lr, momentum=0.5 if name == "sgd" else 0.0)
    before = evaluate(lit.model.eval(), data.val_dataloader())
    lit.train()
    trainer = fit(lit, data, tmp_path, epochs=3)
    assert type(trainer.optimizers[0]) is OPTIMIZERS[name][0]
    assert evaluate(lit.model.eval(), data.val_dataloader()) < before - 0.5


def test_the_tests_of_the_optimizers_name_them_all():
    assert set(OPTIMIZERS) == {"adam", "adamw", "adagrad", "rmsprop", "sgd"}


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizer_takes_its_settings(name):
    optimizer = make_optimizer(module().model, name=name, lr=0.3, weight_decay=0.02, momentum=0.7, schedule="constant")
    group = optimizer.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.3, 0.02)
    assert group.get("momentum") == (0.7 if name in ("sgd", "rmsprop") else None)


@pytest.mark.parametrize("name", ["sgd", "rmsprop"])
def test_momentum_changes_the_second_step(name, tmp_path):
    moved = []
    for momentum in (0.0, 0.9):
        steps = Steps()
        fit(module(name=name, lr=0.001, momentum=momentum), corpus(), tmp_path, callbacks=[steps])
        moved.append(steps.moved)
    assert moved[0][0] == pytest.approx(moved[1][0], rel=1e-5)
    assert moved[1][1] > 1.2 * moved[0][1]


def test_a_constant_schedule_is_constant(tmp_path):
    steps = Steps()
    fit(module(lr=0.003), corpus(), tmp_path, epochs=2, callbacks=[steps])
    assert set(steps.lr) == {0.003}


def test_the_cosine_goes_from_lr_to_a_hundredth_over_all_windows(tmp_path):
    data, steps = corpus(), Steps()
    total = 3 * data.windows
    trainer = fit(module(schedule="cosine", lr=0.1, windows=total), data, tmp_path, epochs=3, callbacks=[steps])
    expected = [0.1 * (0.01 + 0.99 * (1 + math.cos(math.pi * k / total)) / 2) for k in range(total)]
    assert steps.lr == pytest.approx(expected, rel=1e-9)
    assert steps.lr[0] == 0.1
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0.001, rel=0.05)


def test_the_plateau_halves_after_two_bad_epochs(tmp_path):
    # A clip of next to nothing: no epoch is better than the first.
    steps = Steps()
    lit = module(name="sgd", schedule="plateau", lr=0.4, gradient_clip=1e-30)
    fit(lit, corpus(), tmp_path, epochs=6, callbacks=[steps])
    assert steps.epoch_lr == pytest.approx([0.4, 0.4, 0.2, 0.2, 0.1, 0.1])


def test_the_plateau_keeps_lr_while_validation_improves(tmp_path):
    steps = Steps()
    fit(module(schedule="plateau"), corpus(), tmp_path, epochs=4, callbacks=[steps])
    assert steps.epoch_lr == [2e-3] * 4


class Poison(pl.Callback):
    def __init__(self, epoch: int):
        self.epoch = epoch

    def on_train_epoch_start(self, trainer: pl.Trainer, lit: Any) -> None:
        if trainer.current_epoch == self.epoch:
            with torch.no_grad():
                lit.model.output.bias[0] = math.nan


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_loss_that_is_no_number_names_epoch_and_step(epoch, tmp_path):
    data = corpus()
    step = epoch * data.windows + 10
    message = rf"the loss is nan in epoch {epoch + 1} before step {step}; lower optim\.lr \(0\.002\)"
    with pytest.raises(Diverged, match=message):
        fit(module(), data, tmp_path, epochs=2, callbacks=[Poison(epoch)])


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_learning_rate_beyond_measure_diverges(cell, tmp_path):
    with pytest.raises(Diverged, match=r"in epoch 1 before step \d+; lower optim\.lr \(1e\+38\)"):
        fit(module(cell=cell, name="sgd", lr=1e38, gradient_clip=1e30), corpus(), tmp_path, epochs=2)


def saved_on_the_way(
    lit: LitCharRNN, data: AbcDataModule, folder: Path, after: int | None, epochs: int, callbacks=(), **settings: Any
) -> Path:
    """A checkpoint of after so many blocks, or of the end of the first epoch."""

    class Save(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            self.seen = getattr(self, "seen", 0) + 1
            if self.seen == after:
                trainer.save_checkpoint(folder / "middle.ckpt")

        def on_train_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            if after is None and trainer.current_epoch == 0:
                trainer.save_checkpoint(folder / "middle.ckpt")

    fit(lit, data, folder, epochs=epochs, callbacks=[*callbacks, Save()], **settings)
    return folder / "middle.ckpt"


@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
@pytest.mark.parametrize("after", [2, 7, None])
def test_a_resumed_run_ends_with_the_same_weights(after, schedule, tmp_path):
    assert len(corpus().train_dataloader()) == 5, "the second stop should lie in the second epoch"
    settings = {"cell": "lstm", "dropout": 0.3, "schedule": schedule, "windows": 3 * corpus().windows}
    undisturbed = module(**settings)
    file = saved_on_the_way(undisturbed, corpus(), tmp_path, after, epochs=3)
    resumed = module(**settings)
    fit(resumed, corpus(), tmp_path, epochs=3, resume_from=file)
    assert same(weights(resumed), weights(undisturbed))
    assert resumed.train_loss == undisturbed.train_loss
    assert resumed.val_loss == undisturbed.val_loss


class Noise(pl.Callback):
    """Moves the weights at random behind every block, as a user's regularization might."""

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(1e-3 * torch.randn_like(parameter))


def test_random_numbers_that_a_callback_draws_are_the_same_after_a_resume(tmp_path: Path):
    whole = module(dropout=0.3)
    file = saved_on_the_way(whole, corpus(), tmp_path, 2, epochs=2, callbacks=[Noise()])
    resumed = module(dropout=0.3)
    fit(resumed, corpus(), tmp_path, epochs=2, callbacks=[Noise()], resume_from=file)
    assert same(weights(whole.model), weights(resumed.model))
