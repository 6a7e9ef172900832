"""The time of an epoch of every setting, timed alone: epoch_time.csv beside the runs.

`python -m charrnn.cli.epoch_time` writes it. The runs' own times say little, for they may have shared the machine.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn import run

EPOCH_TIME_FILE = "epoch_time.csv"
# The configuration keys that do not change the time of an epoch.
TIME_NEUTRAL_KEYS = ("seed", "trainer.max_epochs", "trainer.patience", "data.split_seed")


def timing_key(settings: Mapping[str, Any]) -> str:
    """The configuration keys that change the time of an epoch, and their values, as one text."""
    kept = {k: settings[k] for k in sorted(settings) if "." in k and k not in TIME_NEUTRAL_KEYS}
    # A DataFrame column with a gap turns whole numbers into fractions and null into nan.
    numbers = {k: float(v) for k, v in kept.items() if isinstance(v, int | float)}
    return json.dumps(kept | {k: None if math.isnan(v) else v for k, v in numbers.items()})


def read_epoch_times(folder: Path) -> pd.DataFrame:
    """A row a setting and turn: `setting`, `turn`, `seconds`, `cpu_share`; empty where nothing was timed.

    `folder` holds the runs. Settings were timed one after the other, in several turns; `cpu_share` is processor seconds
    of the training per second.
    """
    try:
        return pd.read_csv(folder / EPOCH_TIME_FILE)
    except (OSError, ValueError):
        return pd.DataFrame({"setting": [], "turn": [], "seconds": [], "cpu_share": []})


def write_epoch_times(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Replace the rows of the settings that `rows` holds, and keep those of others."""
    table = pd.DataFrame(rows)
    before = read_epoch_times(folder)
    kept = before[~before["setting"].isin(table["setting"])]
    table = pd.concat([kept, table]) if len(kept) else table
    run.write_text(folder / EPOCH_TIME_FILE, table.to_csv(index=False))
    return folder / EPOCH_TIME_FILE


def seconds_by_setting(times: pd.DataFrame, cpu: bool = False) -> dict[str, list[float]]:
    """The seconds of an epoch by turn, for every `timing_key`.

    With `cpu` processor seconds, which are more exact where something else used the machine as well.
    """
    seconds = times["seconds"] * times["cpu_share"] if cpu else times["seconds"]
    return {str(key): values.to_list() for key, values in seconds.groupby(times["setting"])}
