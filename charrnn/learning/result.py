"""What a run came to: the content of result.json, and the last lines that a person reads."""

import math
from pathlib import Path
from typing import Any

from charrnn import run
from charrnn.config import TrainConfig
from charrnn.learning import checkpoint
from charrnn.learning.callbacks import Checkpoints, Metrics
from charrnn.learning.data import AbcDataModule
from charrnn.learning.module import evaluate
from charrnn.learning.prepare import Prepared


def outcome(
    config: TrainConfig,
    folder: Path,
    prepared: Prepared,
    data: AbcDataModule,
    metrics: Metrics,
    checkpoints: Checkpoints,
    parameters: int,
) -> dict[str, Any]:
    """The content of result.json for a run that has just ended in `folder`."""
    model, _ = checkpoint.load(str(folder))
    test_loss = evaluate(model, data.test_dataloader()) if len(prepared.test) else None
    times = [row["seconds"] for row in metrics.rows]
    epochs = len(metrics.rows)
    return {
        "best_epoch": checkpoints.best_epoch,
        "last_epoch": epochs - 1,
        "stop_reason": "max_epochs" if epochs == config.trainer.max_epochs else "patience",
        "best_val_loss": checkpoints.best_loss,
        "best_val_bpc": checkpoints.best_loss / math.log(2),
        "test_loss": test_loss,
        "test_bpc": None if test_loss is None else test_loss / math.log(2),
        "parameters": parameters,
        "seconds": None if None in times else sum(times),
        "seed": config.seed,
        "identity": folder.name.rsplit("_", 1)[-1],
        "fingerprint": prepared.report["fingerprint"],
        "numerics": run.NUMERICS,
        **run.origin(),
    }


def summary(result: dict[str, Any], folder: Path) -> str:
    """The outcome in a few lines, beside the n-gram model of the same split."""
    report = run.read_json(folder / "data.json")
    baseline = report["baseline"]
    lines = [
        f"best      epoch {result['best_epoch'] + 1} of {result['last_epoch'] + 1} ({result['stop_reason']}): "
        f"validation {result['best_val_loss']:.4f} nats, {result['best_val_bpc']:.4f} bits per character",
        f"n-gram    {baseline['context']} preceding characters: {baseline['val_loss']:.4f} nats, "
        f"{baseline['val_bpc']:.4f} bits per character on the same split",
        f"run       {folder}",
    ]
    if result["test_loss"] is not None:
        lines.insert(1, f"test      {result['test_loss']:.4f} nats, {result['test_bpc']:.4f} bits per character "
                        f"(n-gram {baseline['test_loss']:.4f} nats)")  # fmt: skip
    return "\n".join(lines)
