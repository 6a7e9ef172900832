"""A sweep of four runs in TensorBoard, tab by tab, as Chromium shows it."""

import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, TUNES, Commands

from charrnn import run

pytestmark = pytest.mark.slow
SWEEP = ("model.hidden=16,32", "seed=0,1")
SETTINGS = ("data=file", f"data.path={TUNES}", "data.seq_len=10", "trainer.max_epochs=4", "trainer.patience=null")
EPOCHS = 4


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    commands = Commands(tmp_path_factory.mktemp("sweep"))
    done = commands.run("train", "-m", *SETTINGS, *SWEEP)
    assert done.returncode == 0 and "no comparison" not in done.stderr, done.stderr
    return commands.runs()


@pytest.fixture(scope="module")
def address(sweep: list[Path]) -> Iterator[str]:
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(sweep[0].parent), "--port", "0"]
    options = {"env": {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as server:
        assert server.stderr is not None
        yield next(found[0] for line in server.stderr if (found := re.search(r"http://localhost:\d+/", line)))
        server.terminate()


@pytest.fixture
def tab(browser: Any, address: str) -> Iterator[Any]:
    """Opens a tab of TensorBoard by its name; nothing may fail in it."""
    page = browser.new_page(viewport={"width": 1500, "height": 3000})
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def open_tab(name: str, query: str = "") -> Any:
        page.goto(f"{address}?{query}#{name}")
        return page

    yield open_tab
    assert errors == []


def test_time_series_show_every_scalar_and_score(sweep: list[Path], tab: Any) -> None:
    page = tab("timeseries")
    page.get_by_text("best_score").first.wait_for()
    headings = page.locator(".group-toolbar").all_inner_texts()
    cards = {
        re.sub(r"\s*\d+ cards$", "", text): int((re.findall(r"(\d+) cards$", text) or [1])[0]) for text in headings
    }
    names = ("block", "chars_per_second", "lr", "seconds", "test", "train", "val")
    assert {name: cards.get(name) for name in names} == dict.fromkeys(names, 1) | {"block": 2, "test": 2, "val": 2}
    assert cards["best"] == 1 and cards["best_score"] == 2 * len(sweep)


def test_one_colour_a_setting(tab: Any) -> None:
    (expression,) = re.findall(r"`(\^.*\$)`", (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8"))
    page = tab("timeseries", f"runColorGroup={urllib.parse.quote('regex:' + expression)}")
    rows = page.locator("runs-data-table tb-data-table-content-row")
    rows.nth(7).wait_for()
    colours: dict[str, set[str]] = {}
    for row in rows.all():
        swatch = row.locator(".run-color-swatch").evaluate("e => getComputedStyle(e).backgroundColor")
        setting = re.findall(r"hidden-\d+", row.inner_text())[0]
        kind = "sweep" if row.inner_text().strip().startswith("sweeps/") else "run"
        colours.setdefault(f"{kind} {setting}", set()).add(swatch)
    assert len(colours) == 4 and all(len(seen) == 1 for seen in colours.values()), colours
    assert colours["run hidden-16"] != colours["run hidden-32"]


def test_hparams_have_what_varies_and_every_metric(sweep: list[Path], tab: Any) -> None:
    page = tab("hparams")
    table = page.locator("tf-hparams-table-view")
    table.get_by_text("hidden-32_seed-1").first.wait_for()
    cells = [text.strip() for text in table.locator("vaadin-grid-cell-content").all_inner_texts()]
    shown = [text for text in cells if text and text != "Show Metrics"]
    columns = ["Trial ID", "hidden", "seed", "best/val_loss", "test/loss", "total_seconds"]
    assert shown[: len(columns)] == columns
    rows = {
        row[0].split(" in ")[0]: row[1:] for row in zip(*[iter(shown[len(columns) :])] * len(columns), strict=False)
    }
    assert sorted(rows) == ["hidden-16_seed-0", "hidden-16_seed-1", "hidden-32_seed-0", "hidden-32_seed-1"]
    for folder in sweep:
        result = json.loads((folder / "result.json").read_text())
        hidden = int(re.findall(r"hidden-(\d+)", folder.name)[0])
        seen = [float(text) for text in rows[f"hidden-{hidden}_seed-{result['seed']}"]]
        expected = [hidden, result["seed"], result["best_val_loss"], result["test_loss"], result["seconds"]]
        assert seen == pytest.approx(expected, rel=1e-3, abs=1e-2)
    page.get_by_text("PARALLEL COORDINATES VIEW").click()
    drawing = page.locator("tf-hparams-parallel-coords-view svg")
    drawing.locator(".foreground path").first.wait_for(state="attached")
    assert drawing.locator("g.axis").count() == len(columns) - 1
    assert drawing.locator(".foreground path").count() == len(sweep)


def test_texts_scores_and_sounds_are_all_there(sweep: list[Path], tab: Any) -> None:
    tunes = [tune for folder in sweep for tune in sorted((folder / "tunes").glob("*.abc"))]
    page = tab("text")
    page.get_by_text("best_tune/1/text_summary").first.wait_for()
    page.wait_for_load_state("networkidle")
    shown = "".join(page.locator("pre").all_inner_texts())
    for tune in tunes:
        assert "".join(tune.read_text().split()) in "".join(shown.split())
    page = tab("images")
    page.locator("tf-image-loader img").nth(len(tunes) - 1).wait_for()
    page.wait_for_load_state("networkidle")
    widths = page.locator("tf-image-loader img").evaluate_all("pictures => pictures.map(p => p.naturalWidth)")
    assert len(widths) == len(tunes) and min(widths) > 100
    sounds = [tune for tune in tunes if tune.with_suffix(".ogg").exists()]
    if not sounds:
        pytest.skip("no tune was heard: this machine has no synthesizer")
    page = tab("audio")
    page.locator("tf-audio-loader audio").nth(len(sounds) - 1).wait_for()
    assert page.locator("tf-audio-loader audio").count() == len(sounds)
    page.wait_for_load_state("networkidle")
    seconds = page.locator("tf-audio-loader audio").evaluate_all("sounds => sounds.map(s => s.duration)")
    assert min(seconds) > 0.5


def test_custom_scalars_hold_training_against_validation(sweep: list[Path], tab: Any) -> None:
    page = tab("custom_scalars")
    page.get_by_text("training and validation").first.wait_for()
    page.get_by_text(f"Matches ({2 * len(sweep)})").first.wait_for()


def test_the_best_loss_is_a_curve_and_the_folder_small(sweep: list[Path]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (manifest,) = (sweep[0].parent / "sweeps").glob("*.yaml")
    trials = sorted(manifest.with_suffix("").iterdir())
    assert len(trials) == len(sweep)
    for trial in trials:
        (file,) = trial.iterdir()
        assert file.stat().st_size < 4000
        events = EventAccumulator(str(trial))
        events.Reload()
        points = events.Scalars("best/val_loss")
        assert len(points) == EPOCHS and points[0].step > 0
        assert [p.value for p in points] == sorted((p.value for p in points), reverse=True)
    for folder in sweep:
        events = EventAccumulator(str(folder))
        events.Reload()
        assert "best/val_loss" not in events.Tags()["scalars"]
        assert run.state(folder) == "finished" and len(list(folder.glob("events*"))) == 1
