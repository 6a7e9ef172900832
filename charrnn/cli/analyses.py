"""The analyses of analyze.py by name, and the function of studies/ that writes each report."""

import importlib
from collections.abc import Callable
from typing import Any

from charrnn.cli.jobs import default_settings
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError

Report = Callable[[AnalyzeConfig], Any]


def write_report(config: AnalyzeConfig) -> None:
    """Write the report of `config.analysis`, or with `config.diff` print the difference of two runs."""
    name = config.analysis.name
    if name not in ANALYSES:
        raise UserError(f"analysis: expected one of {', '.join(ANALYSES)}, got {name!r}; choose another")
    if config.diff is None:
        ANALYSES[name](config)
        return
    if name != "compare":
        raise UserError(f"diff: expected only with analysis=compare, got it with analysis={name}; leave one out")
    from charrnn.studies.run_diff import print_run_diff

    print_run_diff(config.diff)


def _report(module: str, function: str) -> Report:
    """Imported when it is asked for: each analysis brings packages of its own."""
    return lambda config: getattr(importlib.import_module(f"charrnn.studies.{module}"), function)(config)


def _report_against_default(module: str, function: str) -> Report:
    """As `_report`, for a report that says what differs from the default run."""
    return lambda config: getattr(importlib.import_module(f"charrnn.studies.{module}"), function)(
        config, default=default_settings()
    )


ANALYSES: dict[str, Report] = {
    "compare": _report_against_default("comparison_report", "report_comparison"),
    "quality": _report("quality_report", "report_quality"),
    "form": _report("form_report", "report_form"),
    "temperature": _report("temperature_report", "report_temperature"),
    "neurons": _report("neurons.neurons_report", "report_neurons"),
    "paper": _report_against_default("paper.paper_report", "report_paper"),
}
