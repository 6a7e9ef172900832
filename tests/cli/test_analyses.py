"""Every analysis is registered once, and its function exists."""

import importlib
from pathlib import Path

from conftest import Commands

from charrnn.cli.analyses import ANALYSES

CONF = Path(__file__).resolve().parents[2] / "conf" / "analysis"


def test_every_analysis_has_a_file_and_a_function():
    assert {file.stem for file in CONF.glob("*.yaml")} == ANALYSES.keys()
    for report in ANALYSES.values():
        module, function = (cell.cell_contents for cell in reversed(report.__closure__))
        assert callable(getattr(importlib.import_module(f"charrnn.studies.{module}"), function))


def test_an_analysis_that_does_not_exist_is_refused(commands: Commands):
    message = commands.refused("analyze", "analysis.name=colours", "runs=x")
    assert message.startswith(
        "analysis: expected one of compare, quality, form, temperature, neurons, paper, got 'colours'"
    )


def test_a_difference_is_only_of_compared_runs(commands: Commands):
    assert "diff: expected only with analysis=compare" in commands.refused("analyze", "analysis=quality", "diff=[a,b]")
