"""A process at the other end of a pipe dies: a helper of ours, a helper of joblib's, or whoever reads our output."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SMOKE, Commands

from charrnn import run

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")


def children(pid: int) -> list[int]:
    try:
        own = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*own, *(grandchild for child in own for grandchild in children(child))]


def named(pid: int, name: str) -> bool:
    try:
        return name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def killed(process: subprocess.Popen, name: str, when: Callable[[], bool]) -> bool:
    """Kill the first process below `process` whose command line holds `name`, once `when()`; whether there was one."""
    while process.poll() is None:
        for child in children(process.pid):
            if named(child, name) and when():
                os.kill(child, signal.SIGKILL)
                return True
        time.sleep(0.01)
    return False


def test_a_killed_engraving_worker_costs_no_tune(commands: Commands, trained: Path):
    folder = commands.home / "samples"
    arguments = (f"ckpt={trained}", "num_tunes=20", "max_chars=300", "formats=[mid]", "temperature=0.5")
    with commands.start("sample", *arguments) as process:
        assert killed(process, "engraving.worker", lambda: len(list(folder.rglob("*.mid"))) >= 2)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    samples = next(folder.glob("*/tunes.jsonl"))
    assert len(samples.read_text().splitlines()) == 20
    assert f"samples   {samples.parent.relative_to(commands.home)}" in out
    # The tune at which it died is asked for once more; whether a tune has notes is not this test's matter.
    undisturbed = commands.run("sample", *arguments, f"samples_dir={commands.home / 'again'}")
    assert undisturbed.returncode == 0, undisturbed.stderr
    names = [sorted(f.name for f in place.rglob("*.mid")) for place in (folder, commands.home / "again")]
    assert names[0] == names[1] and len(names[0]) > 2


def test_a_killed_resource_tracker_of_joblib_ends_no_sweep(commands: Commands):
    grid = ("-m", "model.hidden=6,7,8,9", *SMOKE, "trainer.scores=false", "hydra/launcher=cores")
    with commands.start("train", *grid) as process:
        assert killed(process, "resource_tracker", lambda: bool(list((commands.home / "runs").glob("*/train.log"))))
        _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert len(commands.runs()) == 4 and all(run.read_result(folder) for folder in commands.runs())


def test_a_run_whose_reader_goes_away_stops_and_can_be_continued(commands: Commands):
    arguments = (*SMOKE, "model.hidden=8", "trainer.max_epochs=50", "trainer.limit_blocks=null", "trainer.scores=false")
    with commands.start("train", *arguments) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(300) == 128 + signal.SIGPIPE
        assert process.stderr.read() == ""
    (folder,) = commands.runs()
    assert run.read_status(folder)["state"] == "stopped"
    assert commands.run("train", *arguments).returncode == 0
    assert run.read_result(folder)["last_epoch"] == 49


def test_samples_whose_reader_goes_away_end_without_a_word(commands: Commands, trained: Path):
    with commands.start("sample", f"ckpt={trained}", "num_tunes=50", "formats=[abc]") as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(300) == 128 + signal.SIGPIPE
        assert process.stderr.read() == ""
