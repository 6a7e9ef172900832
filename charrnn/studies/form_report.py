"""python analyze.py analysis=form runs=…: what form the tunes of each setting have, over seeds, beside human ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.studies.comparison_report import check_comparable, with_settings
from charrnn.studies.form_measures import MEASURES, TEMPERATURES, measure_run, measure_tunes, over_seeds
from charrnn.studies.form_plot import plot_form
from charrnn.studies.pages import CommandLine, Picture, Section, Table, provenance, render_page
from charrnn.studies.runs import load_runs, records, select_runs
from charrnn.studies.style import save_figure
from charrnn.studies.tune_sets import HumanTunes, load_human_tunes

LABELS = {
    "nats_per_note": "nats a note",
    "well_formed": "well-formed",
    "square": "all parts of 8 or 16 bars",
    "returns": "bars that return",
    "phrases": "phrases that return",
    "tonic": "ends on the tonic",
    "adds_up": "pick-up and last bar make one",
}


def report_form(config: AnalyzeConfig) -> Path:
    """Write form.csv (a row a setting and temperature), runs.csv, a figure and a page to report/<name>/."""
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    selection = select_runs(config.runs)
    runs, _ = load_runs(selection)
    if not config.mixed:
        check_comparable(runs)
    runs, _ = with_settings(runs, selection.missing, config.mixed)
    finished = runs[runs["state"] == "finished"]
    if finished.empty:
        raise UserError(f"runs: expected finished runs, but {config.runs!r} has none; train them first")
    folders = {folder.name: folder for folder in selection.folders}
    human = load_human_tunes(str(folders[finished["run"].iloc[0]]), required=True)
    assert human is not None
    rows = _rows(finished, folders, human, config.num_tunes)
    table, beside = over_seeds(rows), measure_tunes(human.tunes)
    folder = Path(config.report_dir) / (config.name or f"form_{selection.name}")
    folder.mkdir(parents=True, exist_ok=True)
    run.write_text(folder / "runs.csv", rows.to_csv(index=False))
    run.write_text(folder / "form.csv", table.to_csv(index=False))
    run.write_json(folder / "human.json", beside)
    figures = save_figure(plot_form(table, beside, LABELS), folder / "form")
    shown = _shown(table, beside)
    print(shown.to_string(index=False))
    run.write_text(folder / "index.html", _page(folder, config, shown, len(human.tunes)))
    print(f"report    {folder}: index.html, form.csv, runs.csv, {', '.join(figures)}")
    return folder


def _rows(finished: pd.DataFrame, folders: Mapping[str, Path], human: HumanTunes, num_tunes: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for row in records(finished):
        kept = {name: row[name] for name in ("run", "setting", "seed")}
        rows += [kept | measured for measured in measure_run(folders[row["run"]], human.tunes, num_tunes)]
        print(f"measured  {row['run']}", flush=True)
    return pd.DataFrame(rows)


def _shown(table: pd.DataFrame, human: Mapping[str, float | None]) -> pd.DataFrame:
    """As texts: a row a setting, shares at the temperatures side by side."""
    rows = []
    for setting, group in table.groupby("setting", sort=False):
        of = {row["temperature"]: row for row in records(group)}
        first = of[TEMPERATURES[0]]
        row = {"setting": setting, "runs": first["runs"], LABELS["nats_per_note"]: f"{first['nats_per_note']:.2f}"}
        for name in MEASURES:
            row[LABELS[name]] = " / ".join(_percent(of[temperature][name]) for temperature in TEMPERATURES)
        rows.append(row)
    beside = {LABELS[name]: _percent(human[name]) for name in MEASURES}
    return pd.DataFrame([*rows, {"setting": "human, held out", "runs": "", LABELS["nats_per_note"]: "", **beside}])


def _percent(share: float | None) -> str:
    return "-" if share is None or pd.isna(share) else f"{share:.0%}"


def _page(folder: Path, config: AnalyzeConfig, shown: pd.DataFrame, humans: int) -> str:
    shares = " / ".join(f"{temperature:g}" for temperature in TEMPERATURES)
    caption = (
        f"Means over seeds. Shares of {config.num_tunes} tunes of each run at temperature {shares}, none picked; "
        f"nats a note on {humans} tunes that no network saw."
    )
    figure = Picture(
        folder / "form.png",
        "Nats a note and the shares of each setting with their 95 % intervals over seeds; human tunes as a line",
        "Dots are means over seeds at temperature 1, squares at 0.8, with 95 % t intervals; the line is human tunes.",
    )
    line = f"python analyze.py analysis=form runs={config.runs}"
    sections = [
        Section("Settings", [Table(shown, caption), figure]),
        Section("Where this comes from", [*provenance(), CommandLine(line)]),
    ]
    return render_page(f"Form: {folder.name}", "What form composed tunes have, beside human ones.", sections)
