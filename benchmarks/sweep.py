"""A sweep's own cost: two cores against one, a finished sweep called again, two hundred jobs looked at."""

import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks import at_least, at_most
from benchmarks.startup import wait

# Eight runs of some ten seconds: start-up, which is the same for both, is a twentieth of it.
GRID = ("-m", "seed=0,1,2,3,4,5,6,7", "trainer.max_epochs=10", "trainer.patience=null")
TWELVE = ("-m", "model.hidden=50,75,100,150", "seed=0,1,2", "trainer=smoke", "trainer.limit_blocks=1")
TWO_HUNDRED = ("-m", "model.hidden=range(50,150)", "seed=0,1", "dry_run=true")


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        wait(home, "train", *TWELVE)  # fills the cache
        again = statistics.median(wait(home, "train", *TWELVE) for _ in range(5))
        print(at_most("sweep: a finished sweep of 12 runs called again", again, "s", 8))
        looked = statistics.median(wait(home, "train", *TWO_HUNDRED) for _ in range(5))
        print(at_most("sweep: dry run of 200 jobs", looked, "s", 5))
        shutil.rmtree(home / "runs")
        alone = wait(home, "train", *GRID, "runs_dir=alone")
        together = wait(home, "train", *GRID, "runs_dir=together", "hydra/launcher=cores", "hydra.launcher.n_jobs=2")
        print(at_least("sweep: 8 runs on two cores against one", alone / together, "×", 1.8))


if __name__ == "__main__":
    main()
