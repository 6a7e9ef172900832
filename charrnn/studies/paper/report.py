"""python analyze.py analysis=paper runs=…: what the paper did by hand, and whether its statements hold."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.studies.claims.judge import as_json, judge
from charrnn.studies.claims.statement import VERDICTS
from charrnn.studies.page import Command, Part, Section, Table, Text, origin, page
from charrnn.studies.paper import draw
from charrnn.studies.paper.gather import Gathered, gather
from charrnn.studies.paper.words import data_facts, in_words, markdown, rates_table, statement_table, verdict_table
from charrnn.studies.settings import choose_base, settings_table, varied_keys, with_settings
from charrnn.studies.summary import short_table
from charrnn.studies.table import select

NAME = "paper"
LEAD = (
    "Every statement of “CSE 253 PA4: Character Level RNN for Music Generation” as a test, and every figure of it "
    "drawn anew. A verdict follows from the interval and the smallest effect of interest alone; each stands for "
    "itself, at its own 95 % interval, so that of sixty some may be wrong."
)


def report_paper(config: AnalyzeConfig, default: Mapping[str, Any]) -> Path:
    """Write report/<name>/: claims.json, verdicts.md, tables, figures and index.html; print the verdicts."""
    torch.set_num_threads(1)  # of two, one waits for the other where the machine does something else, too
    selection = select(config.runs)
    folder = Path(config.report_dir) / (config.name or NAME)
    folder.mkdir(parents=True, exist_ok=True)
    draw.clear(folder)
    found = gather(selection, default, config.num_tunes, folder)
    claims = judge(found.evidence)
    settings = _settings(found, default)
    run.write_json(folder / "claims.json", {"made": _made(found), "claims": as_json(claims)})
    run.write_text(folder / "settings.csv", settings.to_csv(index=False))
    statements, readings = statement_table(claims), verdict_table(claims)
    run.write_text(folder / "verdicts.md", f"{markdown(statements)}\n\n{markdown(readings)}\n")
    sections = [
        Section("Verdicts", [_counted(claims), Table(statements, "A row a statement of the paper.", VERDICTS)]),
        Section("Every reading", [Table(readings, _CAPTION, VERDICTS)]),
        Section("What is missing", [Text(line) for line in found.missing]),
        Section("Loss curves: Figures 13 to 19, 26 and 27", draw.curves(found, folder)),
        Section("Tunes: Figures 1 to 12 and 20 to 25", draw.tunes(found, folder / "tunes")),
        Section("Rates of tunes", rates_table(found)),
        Section("The 52nd unit: Figure 28", draw.heat_map(found, folder)),
        Section("Every setting", _sweeps(settings)),
        Section("The data", data_facts(found.data)),
        Section("Where this comes from", _origin(config, found, selection.name)),
    ]
    run.write_text(folder / "index.html", page("The paper, reproduced and judged", LEAD, sections))
    for row in claims.itertuples():
        print(f"{row.verdict:<14}{row.key:<24}{row.reading}")
    print(f"verdicts  {in_words(claims['verdict'])}")
    print(f"report    {folder}: index.html, verdicts.md, claims.json, settings.csv")
    return folder


_CAPTION = (
    "A row a statement and reading; estimate with 95 % t interval over n seeds, paired where two settings are "
    "compared; supported, refuted or no difference where the interval lies wholly on one side of the smallest effect "
    "of interest."
)


def _counted(claims: pd.DataFrame) -> Text:
    return Text(f"{len(claims)} readings: {in_words(claims['verdict'])}.")


def _made(found: Gathered) -> dict[str, Any]:
    runs = found.evidence.runs
    seeds = sorted({int(seed) for seed in runs["seed"]}) if len(runs) else []
    return {"when": time.strftime("%Y-%m-%d %H:%M:%S"), "seeds": seeds, "runs": len(runs), **run.origin()}


def _settings(found: Gathered, default: Mapping[str, Any]) -> pd.DataFrame:
    """As `compare` has it, of all runs on the same split."""
    runs = found.runs
    if found.evidence.runs.empty:
        return pd.DataFrame({"setting": []})
    runs = runs[(runs["data.split"] == found.evidence.split) & (runs["state"] != "damaged")]
    keys = varied_keys(runs)
    runs = with_settings(runs.sort_values(keys, kind="stable") if keys else runs, keys)
    return settings_table(runs, keys, choose_base(runs, keys, dict(default), None))


def _sweeps(settings: pd.DataFrame) -> list[Part]:
    if "best_val_loss" not in settings:
        return []
    caption = "Every setting over its seeds, in nats per character; differences are from the default network."
    return [Table(short_table(settings), caption)]


def _origin(config: AnalyzeConfig, found: Gathered, name: str) -> list[Part]:
    runs = found.evidence.runs
    commits = runs["commit"].dropna().astype(str).tolist() if "commit" in runs else []
    made = Text(f"Made {time.strftime('%Y-%m-%d %H:%M')} from {len(runs)} finished runs of {name}.")
    lines = [_reproduce(found), f"python analyze.py analysis=paper runs={config.runs} name={config.name or NAME}"]
    return [made, *origin(commits), *[Command(line) for line in lines]]


def _reproduce(found: Gathered) -> str:
    """The one command, with the seeds and the data of these runs where they are not the Makefile's own."""
    line = "make reproduce"
    if (seeds := len(_made(found)["seeds"])) not in (0, 5):
        line += f" seeds={seeds}"
    if found.data:
        source, path, split = found.data["source"], found.data["path"], found.data["split"]["kind"]
        data = source if path is None else f"{source} data.path={path}"
        data += "" if split == "tunes" else f" data.split={split}"
        line += "" if data == "ryan" else f' data="{data}"'
    return line
