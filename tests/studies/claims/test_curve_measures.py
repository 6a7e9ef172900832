"""What a curve says, on curves made for it."""

import numpy as np
import pandas as pd
import pytest

from charrnn.studies.claims.curve_measures import bend_epoch, paper_curve_measures


def test_the_numbers_of_a_curve_of_two_straight_pieces():
    at = np.arange(1, 31)
    train = 3 - 0.25 * (np.minimum(at, 5) - 1) - 0.01 * np.maximum(at - 5, 0)
    val = train + 0.1
    val[[7, 9]] += 0.05
    measures = paper_curve_measures(pd.DataFrame({"epoch": at, "train/loss": train, "val/loss": val}))
    assert measures["early_decrease"] == pytest.approx(0.25) and measures["late_decrease"] == pytest.approx(0.01)
    assert measures["bend_epoch"] == 5 and measures["val_slope"] == pytest.approx(-0.01) and measures["num_rises"] == 2
    assert measures["train_loss_16"] == pytest.approx(train[15]) and measures["val_loss_16"] == pytest.approx(val[15])


def test_a_run_shorter_than_the_papers_says_nothing():
    assert paper_curve_measures(pd.DataFrame({"epoch": [1, 2], "train/loss": [2.0, 1.0], "val/loss": [2.0, 1.0]})) == {}


def test_a_bend_lies_where_the_line_bends():
    for corner in (3.0, 7.5, 12.0):
        at = np.arange(1, 17)
        assert bend_epoch(2 - 0.1 * np.minimum(at, corner)) == corner
