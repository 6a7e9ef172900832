"""Imports go down only, and nothing slow is imported where nobody asked for it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {"music": 0, "learning": 1, "studies": 2, "page": 2, "cli": 3}
COMMON = {"config", "schema", "trainer_arguments", "config_dir", "run", "errors"}
ENTRIES = {("__init__.py",), ("__main__.py",)}  # the Python interface and the command: they may use every layer


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


FILES = sorted((ROOT / "charrnn").rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(ROOT)) for f in FILES])
def test_imports_go_down_only(file: Path):
    place = file.relative_to(ROOT / "charrnn").parts
    ours = {name.split(".")[1] for name in imports(file) if name.startswith("charrnn.")} - {"__init__"}
    if place[0] in LAYERS:
        assert all(LAYERS[o] <= LAYERS[place[0]] for o in ours - COMMON)
    else:
        assert ours <= COMMON or place in ENTRIES
    assert not any(name.split(".")[0] == "benchmarks" for name in imports(file))
    if place != ("cli", "hydra_private.py"):
        public = ("hydra.core.hydra_config", "hydra.core.config_store")
        private = {n for n in imports(file) if n.startswith(("hydra._", "hydra.core", "hydra.version"))}
        assert all(name.startswith(public) for name in private)
    if place[0] != "cli":
        assert not any(name.split(".")[0] == "hydra" for name in imports(file))
    if place[0] == "music":
        assert not {n.split(".")[0] for n in imports(file)} & {"torch", "pytorch_lightning"}
    if place[:2] == ("music", "notation"):
        assert not {n.split(".")[0] for n in imports(file)} - {*sys.stdlib_module_names, "charrnn"}
    if place == ("run.py",):
        assert not {n.split(".")[0] for n in imports(file)} - set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    "module",
    ["charrnn.cli.tunes", "charrnn.learning.result", "charrnn.studies.runs", "charrnn.studies.neurons.neurons_report"],
)
def test_sampling_and_analysis_do_without_lightning(module: str):
    code = f"import sys, {module}; assert 'pytorch_lightning' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
