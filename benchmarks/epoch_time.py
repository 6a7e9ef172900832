"""python -m benchmarks.epoch_time runs=…: how long an epoch of each setting takes, alone, one after the other in turns.

Writes epoch_time.csv beside the runs, a row a setting and turn, from which analyze.py takes its seconds; what stands
there of other settings stays. With new=true nothing is timed where all of these stand there already: times of different
calls are not of the same minutes. Those of the runs themselves say little: they shared the machine with who knows what.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml

from charrnn.config import TrainConfig, build, plain, semantic
from charrnn.errors import UserError
from charrnn.learning.training import train
from charrnn.studies.comparison import EPOCH_TIMES, time_key
from charrnn.studies.table import select

TURNS = 5
# Processor seconds of the training per second on the clock: less means that something else had the core meanwhile.
ALONE = 0.95


def epoch_seconds(config: TrainConfig) -> tuple[float, float]:
    """Seconds of a second epoch, the first one warms up; and processor seconds a second on the clock over both."""
    short = replace(config, trainer=replace(config.trainer, max_epochs=2, patience=None))
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter(), time.process_time()
        train(short, Path(scratch) / "run_00000000", "")
        share = (time.process_time() - started[1]) / (time.perf_counter() - started[0])
        return float(pd.read_csv(Path(scratch) / "run_00000000" / "metrics.csv")["seconds"].iloc[1]), share


def main() -> None:
    runs = next((a.removeprefix("runs=") for a in sys.argv[1:] if a.startswith("runs=")), "runs")
    folders = select(runs).folders
    if not folders:
        raise UserError(f"runs: expected runs to time, but of {runs!r} none has started")
    configs: dict[str, TrainConfig] = {}
    for folder in folders:
        config = build(TrainConfig, yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
        configs.setdefault(time_key(semantic(plain(config))), config)
    file = folders[0].parent / EPOCH_TIMES
    if "new=true" in sys.argv and file.exists() and configs.keys() <= set(pd.read_csv(file)["setting"]):
        print(f"timed     all, in {file}")
        return
    rows = []
    for turn in range(TURNS):
        for key, config in configs.items():
            seconds, share = epoch_seconds(config)
            rows.append({"setting": key, "turn": turn, "seconds": round(seconds, 4), "share": round(share, 3)})
    table = pd.DataFrame(rows)
    if file.exists():
        before = pd.read_csv(file)
        table = pd.concat([before[~before["setting"].isin(configs)], table])
    table.to_csv(file, index=False)
    for key, config in configs.items():
        mine = table[table["setting"] == key]
        model = config.model
        print(f"{mine['seconds'].median():7.3f} s  ({mine['seconds'].min():.3f} to {mine['seconds'].max():.3f})  "
              f"{model.cell} {model.hidden} x {model.layers}, {config.optim.name}, "
              f"dropout {config.regularization.dropout:g}")  # fmt: skip
    disturbed = sum(row["share"] < ALONE for row in rows)
    if disturbed:
        print(f"{disturbed} of {len(rows)} had less than {ALONE:.0%} of a core: stop what else runs and time again")
    print(f"wrote     {file}")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
