"""hydra/launcher=cluster on a Ray cluster of two nodes of this machine, the second with or without the first's storage.

Wants the extra [ray], which make test-ray installs beside the usual environment.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from conftest import Commands
from test_sweeps import LONG, wait_for, weights_and_metrics

pytest.importorskip("ray", reason="the extra [ray] is not installed")
pytestmark = pytest.mark.ray
PORT = 6397
RAY = Path(sys.executable).with_name("ray")
# Some ten seconds a run: long enough to be killed in.
GRID = ("-m", "seed=0,1,2,3", *LONG, "trainer.max_epochs=300", "regularization.dropout=0.2")
CLUSTER = (
    "hydra/launcher=cluster",
    f"hydra.launcher.ray.init.address=127.0.0.1:{PORT}",
    "+hydra.launcher.ray.init._node_ip_address=127.0.0.1",  # beside the first node; a command ends with its own node
)


@contextmanager
def node(*options: str, hidden: Path | None = None) -> Iterator[subprocess.Popen]:
    """A node of one core for as long as the context lasts; it sees nothing of the folder `hidden`."""
    command = [str(RAY), "start", "--block", "--num-cpus=1", "--disable-usage-stats"]
    command += options
    if hidden is not None:
        own = f"mount -t tmpfs none {hidden} && exec {' '.join(command)}"
        command = ["unshare", "--mount", "sh", "-c", own]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, env=environment, start_new_session=True, **quiet) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)


def is_open() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


def nodes() -> int:
    command = [str(RAY), "status", f"--address=127.0.0.1:{PORT}"]
    status = subprocess.run(command, capture_output=True, text=True).stdout
    return len(re.findall(r"^ 1 node_", status, re.MULTILINE))


@contextmanager
def cluster(hidden: Path | None = None) -> Iterator[list[subprocess.Popen]]:
    with ExitStack() as stack:
        place = tempfile.mkdtemp(prefix="ray")  # Ray's sockets want a short path
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        head = (
            "--head",
            "--node-ip-address=127.0.0.1",
            f"--port={PORT}",
            "--include-dashboard=false",
            f"--temp-dir={place}",
        )
        both = [stack.enter_context(node(*head))]
        wait_for(is_open)
        both.append(
            stack.enter_context(node("--node-ip-address=127.0.0.2", f"--address=127.0.0.1:{PORT}", hidden=hidden))
        )
        wait_for(lambda: nodes() == 2, 120)
        yield both


def in_training(commands: Commands) -> list[Path]:
    """The runs that some worker holds beyond its first epochs, as far as this machine's storage shows."""
    rows = {folder: folder / "metrics.csv" for folder in commands.runs() if not (folder / "result.json").exists()}
    return [folder for folder, file in rows.items() if file.exists() and len(file.read_text().splitlines()) > 5]


def kill_worker(folder: Path) -> None:
    held_by = re.match(r"process (\d+) ", (folder / ".lock").read_text())
    assert held_by is not None
    os.kill(int(held_by[1]), signal.SIGKILL)


def assert_as_alone(commands: Commands) -> None:
    assert commands.run("train", *GRID, "runs_dir=alone", "hydra/launcher=cores").returncode == 0
    assert len(commands.runs()) == 4
    for folder in commands.runs():
        assert weights_and_metrics(folder) == weights_and_metrics(commands.home / "alone" / folder.name)


def test_a_study_is_complete_and_the_same_after_a_worker_and_a_node_died(commands: Commands):
    with cluster() as (_, second), commands.start("train", *GRID, *CLUSTER) as process:
        wait_for(lambda: len(in_training(commands)) == 2, 120)
        kill_worker(in_training(commands)[0])
        wait_for(lambda: len(in_training(commands)) == 2, 120)
        os.killpg(second.pid, signal.SIGKILL)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert len(re.findall(r"^\d of 4 .*nats$", out, re.MULTILINE)) == 4
        assert any("resuming" in (folder / "train.log").read_text() for folder in commands.runs())
    assert_as_alone(commands)


@pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0,
    reason="only root may give a node storage of its own",
)
def test_runs_of_a_node_with_storage_of_its_own_are_brought_back(commands: Commands):
    with cluster(hidden=commands.home) as _, commands.start("train", *GRID, *CLUSTER) as process:
        wait_for(lambda: len(in_training(commands)) == 1, 120)
        kill_worker(in_training(commands)[0])
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert not list((commands.home / "runs").glob(".sent-*"))
    assert_as_alone(commands)


def test_without_a_cluster_the_command_says_what_to_do(commands: Commands):
    assert "ray start --head" in commands.refused("train", *GRID, *CLUSTER)
    assert "'auto'" in commands.refused("train", *GRID, "hydra/launcher=cluster")
