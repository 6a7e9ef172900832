"""Figures hold every unit and character, whatever the text."""

import numpy as np
import pytest

from charrnn.studies.neurons.unit_plots import plot_activations, plot_unit_on_text
from charrnn.studies.style import save_figure

TEXT = "X:1\nT:$5 & café 日本\t$\x00\nK:G\n" + "GABc " * 30


def test_the_heat_map_has_a_row_a_unit_and_a_column_a_character(tmp_path):
    values = np.random.default_rng(0).uniform(-1, 1, (len(TEXT), 7))
    figure = plot_activations(values, TEXT)
    axes = figure.axes[0]
    assert axes.get_images()[0].get_array().shape == (7, len(TEXT))
    assert [label.get_text() for label in axes.get_xticklabels()][:5] == ["X", ":", "1", "↵", "T"]
    assert save_figure(figure, tmp_path / "activations") == ["activations.png", "activations.svg"]


def test_a_unit_on_the_text_keeps_its_lines_and_breaks_long_ones(tmp_path):
    values = np.linspace(-1, 1, len(TEXT))
    figure = plot_unit_on_text(values, TEXT, "unit 3")
    grid = figure.axes[0].get_images()[0].get_array()
    assert grid.shape == (3 + 3, 72)
    assert grid.compressed() == pytest.approx(values)
    assert grid[0, 0] == -1 and not grid.mask[0, :4].any() and grid.mask[0, 4:].all()
    save_figure(figure, tmp_path / "unit_3")
    assert "café" in "".join(text.get_text() for text in figure.axes[0].texts)


def test_a_unit_that_never_moves_is_white_and_no_error(tmp_path):
    save_figure(plot_unit_on_text(np.zeros(4), "abc\n", "unit 0"), tmp_path / "unit_0")
