"""python -m charrnn.cli.epoch_time RUNS: time an epoch of every setting alone, one setting after the other, in turns.

Writes epoch_time.csv beside the runs; `analyze.py` takes its seconds from there. Settings of other calls stay in it. If
all settings of RUNS were timed before, nothing is timed again, unless with --again.
"""

import argparse
import statistics
from typing import Any

import yaml

from charrnn.config import TrainConfig, build, plain, semantic
from charrnn.errors import UserError, sentence
from charrnn.studies.epoch_times import EPOCH_TIME_FILE, read_epoch_times, timing_key, write_epoch_times
from charrnn.studies.runs import select_runs

TURNS = 5
MIN_CPU_SHARE = 0.95  # below, something else used the core


def main() -> None:
    """Parse the arguments of this process and time the settings; a user's error ends with exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m charrnn.cli.epoch_time", description=__doc__.split("\n\n")[1])
    parser.add_argument(
        "runs", metavar="RUNS", help="a folder of runs, a pattern or a sweep's name, as runs= of analyze"
    )
    parser.add_argument("--again", action="store_true", help="time settings that were timed before")
    arguments = parser.parse_args()
    try:
        time_settings(arguments.runs, arguments.again)
    except (UserError, OSError) as error:
        parser.exit(2, f"error: {sentence(error)}\n")


def time_settings(runs: str, again: bool = False) -> None:
    """Time every setting of `runs`, print the medians and write them beside the runs."""
    folders = select_runs(runs).folders
    if not folders:
        raise UserError(f"runs: expected runs to time, but none of {runs!r} has started; train them first")
    configs: dict[str, TrainConfig] = {}
    for folder in folders:
        config = build(TrainConfig, yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
        configs.setdefault(timing_key(semantic(plain(config))), config)
    above = folders[0].parent
    # Times of different calls are not comparable, so all settings are timed or none.
    if not again and configs.keys() <= set(read_epoch_times(above)["setting"]):
        print(f"timed     all settings, in {above / EPOCH_TIME_FILE}; --again times them again")
        return
    from charrnn.learning.timed_epochs import time_epoch

    rows: list[dict[str, Any]] = []
    for turn in range(TURNS):
        for key, config in configs.items():
            epoch = time_epoch(config)
            seconds, cpu_share = round(epoch.seconds, 4), round(epoch.cpu_share, 3)
            rows.append({"setting": key, "turn": turn, "seconds": seconds, "cpu_share": cpu_share})
    file = write_epoch_times(above, rows)
    for key, config in configs.items():
        print(_line(config, [row["seconds"] for row in rows if row["setting"] == key]))
    disturbed = sum(row["cpu_share"] < MIN_CPU_SHARE for row in rows)
    if disturbed:
        shared = f"{disturbed} of {len(rows)} epochs had less than {MIN_CPU_SHARE:.0%} of a core"
        print(f"disturbed {shared}; stop other programs and time again with --again")
    print(f"wrote     {file}")


def _line(config: TrainConfig, seconds: list[float]) -> str:
    model = config.model
    return (
        f"{statistics.median(seconds):7.3f} s  ({min(seconds):.3f} to {max(seconds):.3f})  "
        f"{model.cell} {model.hidden} x {model.layers}, {config.optim.name}, "
        f"dropout {config.regularization.dropout:g}"
    )


if __name__ == "__main__":
    main()
