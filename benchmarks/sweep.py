"""A sweep's own cost: two cores against one, a finished sweep called again, two hundred jobs looked at or analysed."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from benchmarks import at_least, at_most
from benchmarks.startup import ROOT, wait

# Eight runs of some ten seconds: start-up, which is the same for both, is a twentieth of it.
GRID = ("-m", "seed=0,1,2,3,4,5,6,7", "trainer.max_epochs=10", "trainer.patience=null")
TWELVE = ("-m", "model.hidden=50,75,100,150", "seed=0,1,2", "trainer=smoke", "trainer.limit_blocks=1")
TWO_HUNDRED = ("-m", "model.hidden=range(50,150)", "seed=0,1", "dry_run=true")


def fabricate(runs: Path, base: Path) -> None:
    """Two hundred runs of fifty epochs, forty settings of five seeds, from one real run."""
    config = yaml.safe_load((base / "config.yaml").read_text())
    for number in range(200):
        folder = runs / f"run-{number}_{number:08x}"
        folder.mkdir(parents=True)
        config["model"]["hidden"], config["seed"] = 50 + number // 5, number % 5
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        for file in ("data.json", "result.json"):
            shutil.copy(base / file, folder)
        epochs = pd.DataFrame({"epoch": range(50)})
        epochs["train/loss"] = 1.3 + 1 / (epochs["epoch"] + 1)
        epochs["val/loss"] = epochs["train/loss"] + 0.1 + 0.001 * number
        epochs.to_csv(folder / "metrics.csv", index=False)


def peak_megabytes(home: Path, *arguments: str) -> tuple[float, float]:
    """Seconds, and the largest resident size of the process."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "analyze.py"), *arguments], cwd=home, stdout=subprocess.DEVNULL
    )
    started = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        wait(home, "train", *TWELVE)  # fills the cache
        again = statistics.median(wait(home, "train", *TWELVE) for _ in range(5))
        print(at_most("sweep: a finished sweep of 12 runs called again", again, "s", 8))
        looked = statistics.median(wait(home, "train", *TWO_HUNDRED) for _ in range(5))
        print(at_most("sweep: dry run of 200 jobs", looked, "s", 5))
        fabricate(home / "many", next(file.parent for file in (home / "runs").glob("*/result.json")))
        seconds, size = peak_megabytes(home, "runs=many")
        print(at_most("analysis: 200 runs of 50 epochs", seconds, "s", 15))
        print(at_most("analysis: its memory", size, "MB", 1000))
        shutil.rmtree(home / "runs")
        alone = wait(home, "train", *GRID, "runs_dir=alone")
        together = wait(home, "train", *GRID, "runs_dir=together", "hydra/launcher=cores", "hydra.launcher.n_jobs=2")
        print(at_least("sweep: 8 runs on two cores against one", alone / together, "×", 1.8))


if __name__ == "__main__":
    main()
