"""python analyze.py analysis=neurons, as a user types it."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import planted
import pytest
from conftest import TUNES, Commands

from charrnn.music.features import NAMES, WORDS


def test_a_run_gets_its_report(commands: Commands, trained: Path):
    done = commands.run("analyze", "analysis=neurons", f"ckpt={trained}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines if line.partition(":")[0] in WORDS.values()] == list(
        WORDS.values()
    )
    folder = commands.home / "report" / trained.name / "neurons"
    assert re.match(
        r"probed    \d+ characters of held-out tunes, [\d,]+ of generated ones, fewer than 50,000", lines[0]
    )
    assert lines[-1].startswith(f"report    {folder.relative_to(commands.home)}: index.html, feature_auc.csv")
    table = pd.read_csv(folder / "feature_auc.csv")
    assert list(table.columns) == ["feature", "unit", "auc", "p", "q", "text"]
    assert set(table["text"]) == {"held-out", "generated"} and len(table) == 2 * 20 * len(NAMES)
    best = pd.read_csv(folder / "best_units.csv").set_index("feature")
    columns = {"selectivity", "untrained", "bound", "learned", "change_on", "change_off", "share_exceeded", "needed"}
    assert columns <= set(best.columns)
    for name in ("activations", "feature_auc", "ablation"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG") and (folder / f"{name}.svg").exists()
    assert "</html>" in (folder / "index.html").read_text()


def test_one_unit_is_drawn_on_the_tunes_of_a_file(commands: Commands, trained: Path):
    done = commands.run("analyze", "analysis=neurons", f"ckpt={trained}", f"text={TUNES}", "unit=7", "name=a")
    assert done.returncode == 0, done.stderr
    folder = commands.home / "report" / "a" / "neurons"
    assert [file.name for file in folder.glob("unit_*.png")] == ["unit_7.png"]
    assert '"unit":7' in (folder / "index.html").read_text()
    again = commands.run("analyze", "analysis=neurons", f"ckpt={trained}", "text=held-out", "unit=8", "name=a")
    assert again.returncode == 0, again.stderr
    assert [file.name for file in folder.glob("unit_*.png")] == ["unit_8.png"]


def test_without_its_data_a_run_is_probed_on_generated_tunes(commands: Commands, trained: Path):
    shutil.copy(trained / "best.ckpt", commands.home / "alone.ckpt")
    done = commands.run("analyze", "analysis=neurons", f"ckpt={commands.home / 'alone.ckpt'}", "name=alone", "unit=0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("held-out  none")
    table = pd.read_csv(commands.home / "report" / "alone" / "neurons" / "feature_auc.csv")
    assert set(table["text"]) == {"generated"}
    sentence = commands.refused("analyze", "analysis=neurons", "ckpt=alone.ckpt", "text=held-out")
    assert "text=held-out" in sentence and "text=FILE" in sentence


def test_seeds_get_the_statement_and_partners(commands: Commands, trained: Path):
    (commands.home / "tunes.abc").write_text("\n\n".join(planted.tunes(60)))
    data = ("data=file", "data.path=tunes.abc", "trainer=smoke", "model.hidden=20", "trainer.scores=false")
    assert commands.run("train", "-m", "seed=0,1", *data).returncode == 0
    done = commands.run("analyze", "analysis=neurons", "runs=runs/*", "name=seeds")
    assert done.returncode == 0, done.stderr
    folder = commands.home / "report" / "seeds" / "neurons"
    claim = json.loads((folder / "unit_claim.json").read_text())
    assert [row["run"] for row in claim["seeds"]] == sorted(run.name for run in commands.runs()) and claim[
        "num_seeds"
    ] == 2
    assert len(pd.read_csv(folder / "matched_units.csv")) == 2 * 20  # the other seed, and an untrained network
    assert "claim     a unit is low in" in done.stdout and (folder / "unit_claim.svg").exists()
    config = commands.runs()[1] / "config.yaml"
    config.write_text(config.read_text().replace("hidden: 20", "hidden: 30"))
    assert "differ" in commands.refused("analyze", "analysis=neurons", "runs=runs/*")
    for seed in (0, 1):
        shutil.copytree(trained, commands.home / "few" / f"seed-{seed}")
    sentence = commands.refused("analyze", "analysis=neurons", "runs=few")
    assert "at least 20 characters" in sentence and "more tunes" in sentence


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["ckpt", "runs="]),
        (["ckpt=nowhere"], ["ckpt", "nothing there"]),
        (["ckpt={run}", "unit=20"], ["unit", "0 to 19", "20 units", "got 20"]),
        (["ckpt={run}", "unit=-1"], ["unit", "at least 0", "-1"]),
        (["ckpt={run}", "text=strange.abc"], ["text", "'é' (U+00E9)"]),
        (["ckpt={run}", "text=short.abc"], ["text", "a whole line", "3 characters"]),
        (["ckpt={run}", "text=nothing.abc"], ["nothing.abc"]),
        (["runs={run}"], ["runs", "two seeds", "got 1"]),
    ],
)
def test_bad_input_gets_one_sentence(commands: Commands, trained: Path, arguments: list[str], parts: list[str]):
    (commands.home / "strange.abc").write_text("X:1\nT:Café\nK:G\nGABc|\n")
    (commands.home / "short.abc").write_text("X:1")
    sentence = commands.refused("analyze", "analysis=neurons", *(a.replace("{run}", str(trained)) for a in arguments))
    for part in parts:
        assert part in sentence
    assert not list((commands.home / "report").glob("*/*"))  # nothing half done
