"""A run that diverges fails, whatever else would end it; one that merely learns nothing yet does not."""

import math
from pathlib import Path

import pandas as pd
import pytest
from runs import config, in_child

from charrnn import run
from charrnn.learning import module, training

NAN_IN_VALIDATION = {
    "data": {"seq_len": 71, "batch_size": 16},
    "optim": {"name": "sgd", "gradient_clip": 1e30, "lr": 1e10, "weight_decay": 10},
}


def ends(folder: Path, **changes) -> tuple[int, str | None]:
    """Exit status of the run, and the error in its status."""
    code = in_child(lambda: training.train(config(**changes), folder, ""))
    return code, run.read_status(folder)["error"]


@pytest.mark.parametrize("patience", [None, 1, 10])
def test_a_validation_loss_that_is_no_number_fails_the_run_whatever_the_patience(tmp_path, patience):
    code, error = ends(tmp_path, max_epochs=60, patience=patience, **NAN_IN_VALIDATION)
    assert code != 0 and run.read_result(tmp_path) is None
    assert error.startswith("Diverged: the validation loss is nan in epoch 2 before step ")
    assert "lower optim.lr (1e+10)" in error
    losses = pd.read_csv(tmp_path / "metrics.csv")["val/loss"]
    assert len(losses) == 1 and math.isfinite(losses[0])
    assert ends(tmp_path, max_epochs=60, patience=patience, **NAN_IN_VALIDATION) == (code, error)


@pytest.mark.parametrize(("max_epochs", "epochs"), [(8, 3), (2, 2), (1, 1)])
def test_a_loss_worse_than_a_guess_fails_the_run(tmp_path, max_epochs, epochs):
    code, error = ends(tmp_path, max_epochs=max_epochs, optim={"lr": 1e6})
    assert code != 0 and run.read_result(tmp_path) is None
    assert "nats, worse than a guess among all characters (4.14 nats)" in error
    assert f"in epoch {epochs} before" in error
    assert len(pd.read_csv(tmp_path / "metrics.csv")) == epochs


def test_patience_does_not_finish_a_run_that_was_never_better_than_a_guess(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "HOPELESS_EPOCHS", 100)
    code, error = ends(tmp_path, max_epochs=50, patience=1, optim={"lr": 1e6})
    assert code != 0 and "worse than a guess" in error
    losses = pd.read_csv(tmp_path / "metrics.csv")["val/loss"]
    assert 2 <= len(losses) < 50 and losses.iloc[-1] >= losses.iloc[-2]


def test_the_epochs_worse_than_a_guess_are_counted_on_after_a_stop(tmp_path):
    def two_epochs() -> None:
        whole = training.LitCharRNN.on_train_epoch_start

        def stop(lit):
            if lit.current_epoch == 2:
                raise RuntimeError("killed")
            whole(lit)

        training.LitCharRNN.on_train_epoch_start = stop
        training.train(config(max_epochs=8, optim={"lr": 1e6}), tmp_path, "")

    assert in_child(two_epochs) != 0
    code, error = ends(tmp_path, max_epochs=8, optim={"lr": 1e6})
    assert code != 0 and "in epoch 3 before" in error


def test_a_run_that_does_not_learn_has_not_diverged(tmp_path):
    code, error = ends(tmp_path, max_epochs=4, optim={"lr": 1e-12})
    assert (code, error) == (0, None)
    assert run.read_result(tmp_path)["best_val_loss"] > 4.1
