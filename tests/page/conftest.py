"""Networks for the page, trained on our own tunes, and node, which runs its modules."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from charrnn.page.tables import tables
from tests.conftest import ROOT, SMOKE, Commands

MODULES = ROOT / "charrnn" / "page" / "js"
KINDS = {
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
    """The run folder of a network of one of KINDS, trained once; last.ckpt of "compose" knows its tunes by heart."""
    trained: dict[str, Path] = {}

    def run_folder(kind: str) -> Path:
        if kind not in trained:
            commands = Commands(tmp_path_factory.mktemp(kind))
            done = commands.run("train", *SMOKE, *KINDS[kind], "trainer.scores=false")
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
        script = Path(__file__).with_name("ported.mjs")
        command = [node, str(script), MODULES.as_uri(), question]
        done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask
