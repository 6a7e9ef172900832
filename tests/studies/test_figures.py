"""What is drawn is what the table holds."""

import numpy as np
import pandas as pd

from charrnn.studies.figures import loss_curves
from charrnn.studies.table import load_metrics


def metrics(run: str, val: list[float]) -> pd.DataFrame:
    epochs = range(len(val))
    return pd.DataFrame({"run": run, "epoch": epochs, "train/loss": [v - 0.1 for v in val], "val/loss": val})


def test_every_run_has_its_two_curves_and_its_best_epoch():
    figure = loss_curves(
        pd.concat([metrics("a", [3.0, 2.0, 2.5]), metrics("b", [3.5, 2.5, 2.2])], ignore_index=True), 1.9
    )
    (axes,) = figure.axes
    train_a, val_a, best_a, _, _, best_b, baseline = axes.lines
    np.testing.assert_array_equal(val_a.get_xydata(), [[1, 3.0], [2, 2.0], [3, 2.5]])
    np.testing.assert_allclose(train_a.get_ydata(), [2.9, 1.9, 2.4])
    assert best_a.get_xydata().tolist() == [[2, 2.0]] and best_b.get_xydata().tolist() == [[3, 2.2]]
    assert set(baseline.get_ydata()) == {1.9}
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["a", "b"]
    assert "nats" in axes.get_ylabel()


def test_damaged_metrics_are_left_out(tmp_path):
    for name, text in (("good", "epoch,train/loss,val/loss\n0,3,2\n"), ("empty", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.csv").write_text(text)
    assert load_metrics(tmp_path)["run"].tolist() == ["good"]
    assert len(load_metrics(tmp_path / "nothing")) == 0
