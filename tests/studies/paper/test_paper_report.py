"""analysis=paper on runs of our own: what is missing is named, and the rest is shown."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from charrnn import run
from charrnn.cli.grid import compose_jobs
from charrnn.config import plain, semantic
from charrnn.errors import UserError
from charrnn.studies.claims.evidence import Evidence
from charrnn.studies.claims.verdicts import evaluate_claims
from charrnn.studies.paper.paper_figures import LOSS_FIGURES, TUNE_FIGURES, UNIT_FIGURE
from charrnn.studies.paper.paper_report import report_paper
from charrnn.studies.paper.paper_tables import count_verdicts, markdown_table, statement_table, verdict_table


def report(tmp_path: Path, default) -> tuple[Path, str]:
    typed = ["analysis=paper", f"runs={tmp_path / 'runs'}", f"report_dir={tmp_path / 'report'}"]
    config = replace(compose_jobs("analyze", typed).jobs[0].config, num_tunes=3)
    folder = report_paper(config, semantic(plain(default)))
    return folder, (folder / "index.html").read_text(encoding="utf-8")


def test_every_figure_of_the_paper_has_its_place():
    shown = [figure.number for figure in LOSS_FIGURES] + [
        n for figure in TUNE_FIGURES for n in (figure.text, figure.score)
    ]
    assert sorted([*shown, UNIT_FIGURE]) == list(range(1, 29))


def test_a_study_without_a_finished_run_is_a_page_that_says_so(tmp_path, default_config, fabricate, capsys):
    folder = fabricate([1.5, 1.4])
    (folder / "result.json").unlink()
    run.write_status(folder, "failed", "", "Diverged: <b>epoch</b> 2")
    made, html = report(tmp_path, default_config)
    assert "No run has finished." in html and "Diverged: &lt;b&gt;epoch&lt;/b&gt; 2" in html
    claims = json.loads((made / "claims.json").read_text())["claims"]
    assert {claim["verdict"] for claim in claims} == {"not run"} and "Figure 14: 50 hidden units. Not run" in html
    assert f"{len(claims)} not run" in capsys.readouterr().out


def test_runs_on_several_collections_are_refused(tmp_path, default_config, fabricate):
    fabricate([1.5, 1.4], data="ryan")
    fabricate([1.5, 1.4], data="aird")
    with pytest.raises(UserError, match="on 2 collections; give each a folder of its own"):
        report(tmp_path, default_config)


def test_what_was_not_run_has_the_command_beside_it():
    table = verdict_table(evaluate_claims(Evidence(pd.DataFrame(), pd.DataFrame(), {})))
    assert set(table["verdict"]) == {"not run"} and set(table["estimate"]) == {"–"}
    assert "make reproduce-long" in set(table["to decide it"])


def test_a_statement_is_a_row_with_the_verdicts_on_its_readings():
    claims = pd.DataFrame(
        {
            "section": "2(a)",
            "quotation": ["a | b", "c", "a | b", "a | b"],
            "verdict": ["refuted", "undecided", "supported", "refuted"],
        }
    )
    table = statement_table(claims)
    assert table["verdicts on its readings"].to_list() == ["1 supported, 2 refuted", "undecided"]
    assert markdown_table(table).splitlines()[2] == "| 2(a) | “a \\| b” | 1 supported, 2 refuted |"
    assert count_verdicts(["refuted", "refuted"]) == "2 refuted"


@pytest.mark.slow
def test_the_command_on_a_real_run(commands):
    tunes = Path(__file__).resolve().parents[2] / "tunes.abc"
    smoke = ("data=file", f"data.path={tunes}", "trainer=smoke")
    assert commands.run("train", *smoke).returncode == 0
    done = commands.run("analyze", "analysis=paper", "num_tunes=4")
    assert done.returncode == 0, done.stderr
    page = (commands.home / "report" / "paper" / "index.html").read_text(encoding="utf-8")
    assert "make reproduce seeds=1 data=&quot;file data.path=" in page
    assert page.count("<article>") == 6 and "Figure 13: 100 hidden units" in page and "data:audio" in page
    assert "Not run: make reproduce trains it." in page and "expected two seeds or more" in page
    again = commands.run("analyze", "analysis=paper", "num_tunes=4")
    assert again.returncode == 0 and "sampled" in done.stdout and "sampled" not in again.stdout
