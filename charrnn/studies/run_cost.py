"""What a run will cost: its parameters, and its seconds as estimated from the speed of runs on disk."""

import csv
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from charrnn import run
from charrnn.config import WINDOWS_PER_BLOCK, Model, TrainConfig, build, plain
from charrnn.errors import UserError
from charrnn.learning.inputs import sizes

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
# ms of a training step on one core of a 2.5 GHz server: per layer and time step, per computed unit, per multiplication.
# Fitted to 9 shapes a cell (50 to 512 units, 1 and 3 layers, batch 32 and 64), with errors of at most 25 %. Only their
# proportions matter once there are runs to compare with. A user's cell counts as a gru.
STEP_TIME = {
    "rnn": (4.3e-2, 6.1e-6, 4.6e-8),
    "gru": (1.29e-1, 2.5e-5, 6.4e-8),
    "lstm": (3.9e-2, 3.1e-5, 5.0e-8),
}
INPUTS_TIME = 1.3  # by which inputs beside the characters lengthen a step: 1.14 for LSTM 192, 1.46 for RNN 100
RUNS_TO_COMPARE = 20


def parameter_count(model: Model, alphabet: int, inputs: Sequence[str] = ()) -> int:
    """The exact number of weights for an alphabet of this size: input, recurrent, output, and two biases a gate.

    With `inputs`, their tables, too.
    """
    if model.cell not in GATES:
        from charrnn.learning.model import CharRNN  # torch is not imported for the cells whose size is known

        return sum(p.numel() for p in CharRNN(alphabet, **plain(model), inputs=inputs).parameters())
    h, gates = model.hidden, GATES[model.cell] * model.hidden
    first, others = gates * (alphabet + h + 2), gates * (h + h + 2)
    values = sum(sizes(inputs, alphabet))
    tables = alphabet * (2 * values + alphabet) if inputs else 0
    return first + (model.layers - 1) * others + alphabet * (h + 1) + tables


def estimate_epoch_seconds(config: TrainConfig, alphabet: int, characters: int) -> float:
    """Seconds on the machine of STEP_TIME; `characters` are those of the training part."""
    model, data = config.model, config.data
    windows = max(1, characters // (data.batch_size * data.seq_len))
    if config.trainer.limit_blocks is not None:
        windows = min(windows, config.trainer.limit_blocks * WINDOWS_PER_BLOCK)
    h, layers = model.hidden, model.layers
    cell = model.cell if model.cell in STEP_TIME else "gru"
    products = GATES[cell] * h * h * (2 * layers - 1) + h * alphabet
    step, unit, product = STEP_TIME[cell]
    area = data.batch_size * data.seq_len
    longer = INPUTS_TIME if any(plain(config.inputs).values()) else 1
    return longer * windows * (step * layers * data.seq_len + area * (unit * layers * h + product * products)) / 1000


def measure_slowdown(folders: Iterable[Path]) -> tuple[float, int]:
    """By what factor epochs took longer here than `estimate_epoch_seconds` says, and how many runs tell.

    The median over runs; (1, 0) where no run has a timed epoch.
    """
    ratios = []
    for folder in folders:
        try:
            seconds = [float(row["seconds"]) for row in read_epoch_rows(folder) if row["seconds"]]
            config = build(TrainConfig, yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
            report = run.read_json(folder / "data.json")
            estimate = estimate_epoch_seconds(config, report["alphabet"], report["split"]["train"]["characters"])
        except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError, UserError):
            continue  # no run of ours, or not written yet
        if seconds:
            ratios.append(statistics.median(seconds) / estimate)
    return (statistics.median(ratios), len(ratios)) if ratios else (1.0, 0)


def read_epoch_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv so far; none if it cannot be read."""
    try:
        with open(folder / "metrics.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return []
