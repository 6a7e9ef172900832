"""How long an epoch of one configuration takes."""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from charrnn.config import TrainConfig
from charrnn.learning.training import train


@dataclass(frozen=True)
class EpochTime:
    """Seconds of an epoch, and processor seconds a second, below 1 if something else used the core."""

    seconds: float
    cpu_share: float


def time_epoch(config: TrainConfig) -> EpochTime:
    """Train two epochs in a temporary folder and time the second; the first one warms up."""
    short = replace(config, trainer=replace(config.trainer, max_epochs=2, patience=None))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "run_00000000"
        wall, cpu = time.perf_counter(), time.process_time()
        train(short, folder, "")
        cpu_share = (time.process_time() - cpu) / (time.perf_counter() - wall)
        return EpochTime(float(pd.read_csv(folder / "metrics.csv")["seconds"].iloc[1]), cpu_share)
