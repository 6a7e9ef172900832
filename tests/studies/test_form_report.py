"""analysis=form: settings over seeds, beside human tunes."""

import pandas as pd
import pytest

from charrnn.studies.form_measures import MEASURES, measure_tunes, over_seeds
from charrnn.studies.form_plot import plot_form
from charrnn.studies.form_report import LABELS
from tests.conftest import SMOKE, Commands

PART = "|:CDEF G2c2|G2E2 C2G2|CDEF G2c2|G2E2 D4|CDEF G2c2|G2E2 C2G2|CDEF GFED|C4 C4:|"
TUNE = "X:1\nT:x\nM:4/4\nL:1/8\nK:C\n"


def rows() -> pd.DataFrame:
    runs = [
        {
            "setting": setting,
            "temperature": temperature,
            "nats_per_note": nats + seed / 10,
            **dict.fromkeys(MEASURES, 0.5),
        }
        for setting, nats in (("chars", 2.0), ("all", 1.5))
        for seed in (0, 1, 2)
        for temperature in (1.0, 0.8)
    ]
    return pd.DataFrame(runs)


def test_measures_are_shares_of_tunes():
    whole, broken = TUNE + PART + "\n" + PART, "X:1\nT:x\nABC"
    shares = measure_tunes([whole, broken, broken, broken])
    assert (shares["well_formed"], shares["square"], shares["tonic"]) == (0.25, 0.25, 0.25)
    assert shares["returns"] == pytest.approx(11 / 16)


def test_settings_are_averaged_over_their_runs():
    table = over_seeds(rows()).set_index(["setting", "temperature"])
    assert list(table.index) == [("chars", 1.0), ("chars", 0.8), ("all", 1.0), ("all", 0.8)]
    row = table.loc[("chars", 1.0)]
    assert row["runs"] == 3 and row["nats_per_note"] == pytest.approx(2.1)
    assert row["nats_per_note_high"] - row["nats_per_note"] == pytest.approx(4.3027 * 0.1 / 3**0.5, rel=1e-4)


def test_the_figure_has_a_panel_a_measure_and_names_every_setting():
    figure = plot_form(over_seeds(rows()), dict.fromkeys(MEASURES, 0.8), LABELS)
    assert [axes.get_title() for axes in figure.axes if axes.axison] == list(LABELS.values())
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["chars", "all"]
    low, high = figure.axes[0].get_ylim()
    assert low > high  # the first setting stands on top


def test_a_sweep_over_what_the_network_reads(commands: Commands):
    swept = commands.run("train", "-m", *SMOKE, "data.notation=canonical", "inputs=chars,meter")
    assert swept.returncode == 0, swept.stderr
    done = commands.run("analyze", "analysis=form", "runs=runs", "num_tunes=3")
    assert done.returncode == 0, done.stderr
    assert "human, held out" in done.stdout and "meter" in done.stdout
    report = commands.home / "report" / "form_runs"
    table = pd.read_csv(report / "form.csv")
    assert len(table) == 4 and table["nats_per_note"].between(0.5, 20).all()
    assert {"index.html", "form.png", "form.svg", "runs.csv", "human.json"} <= {file.name for file in report.iterdir()}
    assert "runs" in commands.refused("analyze", "analysis=form", "runs=nowhere")
