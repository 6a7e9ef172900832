"""bfloat16: where it pays it trains and resumes, elsewhere one sentence says why it does not."""

import pytest
import pytorch_lightning as pl
import torch
from runs import config
from test_module import corpus, fit, module, same, saved_on_the_way, weights

from charrnn import run
from charrnn.config import plain, semantic
from charrnn.errors import UserError
from charrnn.learning import precision, training
from charrnn.learning.step import AutogradStep

BFLOAT16 = {"trainer": {"precision": "bf16-mixed"}}
needs_bfloat16 = pytest.mark.skipif(
    not precision.processor_has_bfloat16(), reason="this processor has no instructions for bfloat16"
)


@pytest.mark.parametrize(
    ("has_it", "model", "words"),
    [
        (False, {"cell": "lstm", "hidden": 256}, "on a processor without instructions for bfloat16"),
        (True, {"cell": "rnn", "hidden": 256}, "with model.cell=rnn on a processor, where only an LSTM"),
        (True, {"cell": "gru", "hidden": 256}, "with model.cell=gru on a processor, where only an LSTM"),
        (True, {"cell": "lstm", "hidden": 8}, "with model.hidden=8 on a processor, where it pays from 64 on"),
    ],
)
def test_where_it_would_be_slower_it_is_refused_before_any_training(monkeypatch, tmp_path, has_it, model, words):
    monkeypatch.setattr(precision, "processor_has_bfloat16", lambda: has_it)
    with pytest.raises(UserError, match=f"trainer.precision: expected 32 {words}.*, got bf16-mixed; leave it out"):
        training.train(config(model=model, **BFLOAT16), tmp_path / "run", "")
    assert not list((tmp_path / "run").glob("*.ckpt"))


def test_an_lstm_on_a_processor_that_has_it_is_allowed(monkeypatch):
    monkeypatch.setattr(precision, "processor_has_bfloat16", lambda: True)
    settings = config(model={"cell": "lstm", "hidden": 64}, **BFLOAT16)
    assert precision.lightning_precision(settings, is_gpu=False) == "bf16-mixed"
    for other in ("32", "tf32"):
        assert precision.lightning_precision(config(trainer={"precision": other}), is_gpu=False) == "32-true"


def test_it_is_part_of_the_identity():
    names = {run.identity(semantic(plain(config(**changes))), "data") for changes in ({}, BFLOAT16)}
    assert len(names) == 2


class Products(pl.Callback):
    """The kinds of numbers that the last layer's products are in."""

    def __init__(self) -> None:
        self.kinds: set[tuple[bool, torch.dtype]] = set()

    def setup(self, trainer: pl.Trainer, lit: pl.LightningModule, stage: str) -> None:
        note = lambda layer, _, scores: self.kinds.add((lit.training, scores.dtype))  # noqa: E731
        lit.model.output.register_forward_hook(note)


IN_IT = {"epochs": 2, "precision": "bf16-mixed"}


@needs_bfloat16
def test_products_are_in_it_and_weights_losses_and_validation_are_not(tmp_path):
    products, lit = Products(), module(cell="lstm", dropout=0.2)
    fit(lit, corpus(), tmp_path, callbacks=[products], **IN_IT)
    assert type(lit.step) is AutogradStep
    assert products.kinds == {(True, torch.bfloat16), (False, torch.float32)}
    assert {p.dtype for p in lit.parameters()} == {torch.float32}
    assert {v.dtype for v in lit.optimizers().optimizer.state[next(lit.parameters())].values()} == {torch.float32}


@needs_bfloat16
@pytest.mark.parametrize("after", [2, None])
def test_a_run_in_it_resumes_bit_for_bit(after, tmp_path):
    undisturbed, resumed = (module(cell="lstm", dropout=0.3) for _ in range(2))
    file = saved_on_the_way(undisturbed, corpus(), tmp_path, after, **IN_IT)
    fit(resumed, corpus(), tmp_path, resume_from=file, **IN_IT)
    assert same(weights(resumed), weights(undisturbed))
    assert resumed.train_loss == undisturbed.train_loss


@needs_bfloat16
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_every_cell_trains_in_it_where_a_user_asks_lightning(cell, tmp_path):
    lit = module(cell=cell, lr=0.01)
    fit(lit, corpus(), tmp_path, **IN_IT)
    assert lit.val_loss < 2.2
