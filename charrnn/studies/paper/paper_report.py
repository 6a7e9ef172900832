"""python analyze.py analysis=paper runs=…: the paper's figures from our runs, and verdicts on its statements."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.studies.claims.claim import VERDICTS
from charrnn.studies.claims.verdicts import evaluate_claims, json_rows
from charrnn.studies.comparison_page import readable_table
from charrnn.studies.pages import CommandLine, PagePart, Paragraph, Section, Table, provenance, render_page
from charrnn.studies.paper.figure_parts import loss_curve_parts, remove_figures, tune_parts, unit_parts
from charrnn.studies.paper.paper_evidence import PaperEvidence, collect_evidence
from charrnn.studies.paper.paper_tables import (
    count_verdicts,
    data_paragraphs,
    markdown_table,
    rate_table,
    statement_table,
    verdict_table,
)
from charrnn.studies.runs import select_runs
from charrnn.studies.settings import choose_base, settings_table, varied_keys, with_setting_column

DEFAULT_NAME = "paper"
MAKEFILE_SEEDS = 5  # the default of make reproduce
LEAD = (
    "Every statement of “CSE 253 PA4: Character Level RNN for Music Generation” as a test, and every figure of it from "
    "our runs. A verdict follows only from the interval and the smallest effect of interest. Each verdict stands "
    "alone, at its own 95 % interval: of sixty, some may be wrong."
)
CAPTION = (
    "A row a statement and reading: the estimate with its 95 % t interval over n seeds, paired where two settings are "
    "compared. It is supported, refuted or no difference if the whole interval is on one side of the smallest effect "
    "of interest."
)


def report_paper(config: AnalyzeConfig, default: Mapping[str, Any]) -> Path:
    """Write claims.json, verdicts.md, tables, figures and index.html to report/<name>/; print the verdicts."""
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    selection = select_runs(config.runs)
    folder = Path(config.report_dir) / (config.name or DEFAULT_NAME)
    folder.mkdir(parents=True, exist_ok=True)
    remove_figures(folder)
    paper = collect_evidence(selection, default, config.num_tunes, folder)
    claims = evaluate_claims(paper.evidence)
    settings = _settings(paper, default)
    run.write_json(folder / "claims.json", {"made": _made(paper), "claims": json_rows(claims)})
    run.write_text(folder / "settings.csv", settings.to_csv(index=False))
    statements, readings = statement_table(claims), verdict_table(claims)
    run.write_text(folder / "verdicts.md", f"{markdown_table(statements)}\n\n{markdown_table(readings)}\n")
    counts = count_verdicts(claims["verdict"])
    sections = [
        Section(
            "Verdicts",
            [Paragraph(f"{len(claims)} readings: {counts}."), Table(statements, "A row a statement.", VERDICTS)],
        ),
        Section("Every reading", [Table(readings, CAPTION, VERDICTS)]),
        Section("What is missing", [Paragraph(line) for line in paper.missing]),
        Section("Loss curves: Figures 13 to 19, 26 and 27", loss_curve_parts(paper, folder)),
        Section("Tunes: Figures 1 to 12 and 20 to 25", tune_parts(paper, folder / "tunes")),
        Section("Rates of tunes", rate_table(paper)),
        Section("The 52nd unit: Figure 28", unit_parts(paper, folder)),
        Section("Every setting", _settings_parts(settings)),
        Section("The data", data_paragraphs(paper.data)),
        Section("Where this comes from", _provenance(config, paper, selection.name)),
    ]
    run.write_text(folder / "index.html", render_page("The paper, reproduced and judged", LEAD, sections))
    for row in claims.itertuples():
        print(f"{row.verdict:<14}{row.key:<24}{row.reading}")
    print(f"verdicts  {counts}")
    print(f"report    {folder}: index.html, verdicts.md, claims.json, settings.csv")
    return folder


def _made(paper: PaperEvidence) -> dict[str, Any]:
    runs = paper.evidence.runs
    seeds = sorted({int(seed) for seed in runs["seed"]}) if len(runs) else []
    return {"when": time.strftime("%Y-%m-%d %H:%M:%S"), "seeds": seeds, "runs": len(runs), **run.origin()}


def _settings(paper: PaperEvidence, default: Mapping[str, Any]) -> pd.DataFrame:
    """The `settings_table` of all runs on the same split."""
    runs = paper.runs
    if paper.evidence.runs.empty:
        return pd.DataFrame({"setting": []})
    runs = runs[(runs["data.split"] == paper.evidence.split) & (runs["state"] != "damaged")]
    keys = varied_keys(runs)
    runs = with_setting_column(runs.sort_values(keys, kind="stable") if keys else runs, keys)
    return settings_table(runs, keys, choose_base(runs, keys, dict(default), None))


def _settings_parts(settings: pd.DataFrame) -> list[PagePart]:
    if "best_val_loss" not in settings:
        return []
    caption = "Every setting over its seeds, in nats per character; differences are from the default network."
    return [Table(readable_table(settings), caption)]


def _provenance(config: AnalyzeConfig, paper: PaperEvidence, name: str) -> list[PagePart]:
    runs = paper.evidence.runs
    commits = runs["commit"].dropna().astype(str).tolist() if "commit" in runs else []
    made = Paragraph(f"Made {time.strftime('%Y-%m-%d %H:%M')} from {len(runs)} finished runs of {name}.")
    analysis = f"python analyze.py analysis=paper runs={config.runs} name={config.name or DEFAULT_NAME}"
    return [made, *provenance(commits), CommandLine(_make_command(paper)), CommandLine(analysis)]


def _make_command(paper: PaperEvidence) -> str:
    """`make reproduce`, with the seeds and the data of these runs where they differ from the Makefile's defaults."""
    line = "make reproduce"
    if (seeds := len(_made(paper)["seeds"])) not in (0, MAKEFILE_SEEDS):
        line += f" seeds={seeds}"
    if paper.data:
        source, path, split = paper.data["source"], paper.data["path"], paper.data["split"]["kind"]
        data = source if path is None else f"{source} data.path={path}"
        data += "" if split == "tunes" else f" data.split={split}"
        line += "" if data == "ryan" else f' data="{data}"'
    return line
