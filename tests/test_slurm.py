"""Jobs through submitit, as hydra/launcher=slurm sends them, run by its executor for this machine: a process for each
job, its own signal for preemption, its own queueing again."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from conftest import Commands
from test_sweeps import LONG, training, wait_for, weights_and_metrics

pytest.importorskip("submitit", reason="the extra [slurm] is not installed")
pytestmark = pytest.mark.slow
GRID = ("-m", "seed=0,1,2", *LONG, "trainer.max_epochs=200", "regularization.dropout=0.2")


def holder(folder: Path) -> int:
    """The process that holds the run."""
    held_by = re.match(r"process (\d+) ", (folder / ".lock").read_text())
    assert held_by is not None
    return int(held_by[1])


def test_a_preempted_and_a_killed_job_go_on_and_end_like_undisturbed_ones(commands: Commands):
    with commands.start("train", *GRID, "hydra/launcher=submitit_local") as process:
        wait_for(lambda: len(training(commands)) == 3)
        preempted, killed, cancelled = training(commands)
        os.kill(holder(killed), signal.SIGKILL)
        os.kill(holder(preempted), signal.SIGUSR2)
        os.kill(
            holder(cancelled), signal.SIGTERM
        )  # as scancel does, and Slurm's preemption before it queues a job again
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0 and "Traceback" not in err, err
    assert out.count("a worker process was killed") == 1
    assert len(re.findall(r"^\d of \d .*nats$", out, re.MULTILINE)) == 3
    logs = [file.read_text() for file in (commands.home / "runs" / ".submitit").rglob("*_log.out")]
    assert sum(text.count("Requeued job") for text in logs) == 1
    assert all("resuming" in (folder / "train.log").read_text() for folder in (preempted, killed))
    assert "resuming" not in (cancelled / "train.log").read_text()
    assert commands.run("train", *GRID, "runs_dir=alone").returncode == 0
    for folder in commands.runs():
        assert weights_and_metrics(folder) == weights_and_metrics(commands.home / "alone" / folder.name)


def test_jobs_outlive_the_command_which_then_finds_what_they_found(commands: Commands):
    grid = ("-m", "seed=0,1", *LONG, "hydra/launcher=submitit_local")
    # Files, not pipes: the jobs would keep those open.
    with (
        open(commands.home / "output", "w") as output,
        commands.start("train", *grid, stdout=output, stderr=output) as process,
    ):
        wait_for(lambda: len(training(commands)) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
    assert "the jobs stay in the queue" in (commands.home / "output").read_text()
    again = commands.run("train", *grid)
    assert again.returncode == 0, again.stderr
    for folder in commands.runs():
        assert (folder / "train.log").read_text().count("epoch   1 ") == 1


@pytest.mark.skipif(shutil.which("sbatch") is not None, reason="this machine has Slurm")
def test_without_slurm_the_command_says_what_to_do(commands: Commands):
    assert "sbatch" in commands.refused("train", *GRID, "hydra/launcher=slurm")
