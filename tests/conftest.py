"""The real commands, on twelve tunes of our own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from charrnn import run
from charrnn.cli.grid import compose_jobs
from charrnn.config import TrainConfig, plain
from charrnn.page.tables import tables

ROOT = Path(__file__).resolve().parents[1]
TUNES = ROOT / "tests" / "tunes.abc"
# Seconds instead of minutes: a small corpus, few blocks, one epoch.
SMOKE = ("data=file", f"data.path={TUNES}", "trainer=smoke")


class Commands:
    """Runs train.py, sample.py and analyze.py as a user would, their folders below `home`."""

    def __init__(self, home: Path):
        self.home = home

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def start(self, program: str, *arguments: str, **options) -> subprocess.Popen:
        command = [sys.executable, str(ROOT / f"{program}.py"), *arguments]
        usual = {"env": self.environment(), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=self.home, **{**usual, **options})

    def run(self, program: str, *arguments: str, **options) -> subprocess.CompletedProcess:
        with self.start(program, *arguments, **options) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def refused(self, program: str, *arguments: str, **options) -> str:
        """The one sentence with which a command refuses its arguments."""
        done = self.run(program, *arguments, **options)
        assert done.returncode not in (0, None), done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, done.stderr
        return errors[0].removeprefix("error: ")

    def runs(self) -> list[Path]:
        return sorted(f.parent for f in (self.home / "runs").glob("*/config.yaml"))


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests read is cached for the tests alone."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder, trained once for all tests that only read it."""
    home = tmp_path_factory.mktemp("trained")
    done = Commands(home).run("train", *SMOKE, "model.hidden=20")
    assert done.returncode == 0, done.stderr
    (folder,) = Commands(home).runs()
    return folder


@pytest.fixture(scope="session")
def default_config(tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """What python train.py trains."""
    return compose_jobs("train", [f"runs_dir={tmp_path_factory.mktemp('runs')}"]).jobs[0].config


@pytest.fixture
def fabricate(tmp_path: Path, default_config: TrainConfig) -> Callable[..., Path]:
    """Makes runs/<name>/ with these validation losses; changes are `hidden=…`, `dropout=…`, `seed=…`, `data=…`."""

    def make(
        val: Sequence[float], *, hidden: int = 100, dropout: float = 0.0, seed: int = 0, data: str = "tunes", **result
    ) -> Path:
        config = replace(
            default_config,
            model=replace(default_config.model, hidden=hidden),
            regularization=replace(default_config.regularization, dropout=dropout),
            seed=seed,
        )
        folder = tmp_path / "runs" / f"hidden-{hidden}_dropout-{dropout}_seed-{seed}_{data}_00000000"
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(plain(config)))
        run.write_json(folder / "data.json", {"fingerprint": data * 8, "baseline": {"val_loss": 1.6}})
        table = pd.DataFrame({"epoch": range(len(val)), "train/loss": [v - 0.1 for v in val], "val/loss": val})
        table.assign(seconds=1.0).to_csv(folder / "metrics.csv", index=False)
        told = {
            "best_val_loss": min(val),
            "best_epoch": val.index(min(val)),
            "last_epoch": len(val) - 1,
            "test_loss": min(val) - 0.02,
            "parameters": 10 * hidden,
            "numerics": 1,
        }
        run.write_json(folder / "result.json", {**told, "stop_reason": "max_epochs", **result})
        return folder

    return make


@pytest.fixture
def browser() -> Iterator[Any]:
    """Debian's Chromium, as playwright drives it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        assert not os.environ.get("REQUIRE_ENGINES"), "no Chromium is on PATH, and REQUIRE_ENGINES is set"
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Any, file: Path, width: int, embeds: bool = False, **options: Any) -> Iterator[Any]:
    """`file` in a window `width` pixels wide, which it fills without a word on the console or a request but for itself.

    A file that `embeds` pictures or sounds asks for those data: addresses, too.
    """
    shown = browser.new_page(viewport={"width": width, "height": 800}, **options)
    said: list[str] = []
    asked: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(file.as_uri())
    yield shown
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert said == []
    assert [url for url in asked if not (embeds and url.startswith("data:"))] == [file.as_uri()]


# Of the page that composes.
PAGE_MODULES = ROOT / "charrnn" / "page" / "js"
PAGE_NETWORKS = {
    "rnn": ("model.hidden=20",),
    "lstm": ("model=lstm", "model.hidden=16", "model.layers=2"),
    "compose": (
        "data.notation=canonical", "data.key=white", "inputs=all", "model=lstm", "model.hidden=32",
        "data.batch_size=4", "optim.lr=0.01", "trainer.limit_blocks=null", "trainer.max_epochs=40",
        "trainer.patience=null",
    ),
}  # fmt: skip


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run folder of one of PAGE_NETWORKS, trained once; last.ckpt of "compose" knows its tunes by heart."""
    trained: dict[str, Path] = {}

    def run_folder(kind: str) -> Path:
        if kind not in trained:
            commands = Commands(tmp_path_factory.mktemp(kind))
            done = commands.run("train", *SMOKE, *PAGE_NETWORKS[kind], "trainer.scores=false")
            assert done.returncode == 0, done.stderr
            (trained[kind],) = commands.runs()
        return trained[kind]

    return run_folder


@pytest.fixture(scope="session")
def ported() -> Callable[..., list[Any]]:
    """`ported(question, tunes, network=None)`: what the page's modules answer, one answer a tune."""
    node = shutil.which("node")
    if node is None:
        assert not os.environ.get("REQUIRE_ENGINES"), "no node is on PATH, and REQUIRE_ENGINES is set"
        pytest.skip("needs node")

    def ask(question: str, tunes: list[Any], network: Any = None) -> list[Any]:
        asked = json.dumps({"tables": tables(), "tunes": tunes, "network": network})
        script = ROOT / "tests" / "page" / "ported.mjs"
        command = [node, str(script), PAGE_MODULES.as_uri(), question]
        done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask
