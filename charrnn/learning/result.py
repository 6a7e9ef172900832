"""What a run came to: the content of result.json, the run as an object, and the last lines that a person reads."""

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from charrnn import run
from charrnn.config import TrainConfig, build
from charrnn.errors import UserError

if TYPE_CHECKING:  # a run that is finished is read without torch and Lightning
    import pandas as pd

    from charrnn.learning.callbacks import Checkpoints
    from charrnn.learning.data import AbcDataModule
    from charrnn.learning.metrics import Metrics
    from charrnn.learning.network import Network
    from charrnn.learning.prepare import Prepared


@dataclass(frozen=True)
class Result:
    """Losses are in nats per character, `bpc` in bits; `seconds` is None for a run that was resumed.

    Epochs count from 0, as in metrics.csv. `stop_reason` is "patience", "max_epochs", or "callback" where one of
    the user's ended the run; the test figures are None where the split has no test part.
    """

    best_epoch: int
    last_epoch: int
    stop_reason: str
    best_val_loss: float
    best_val_bpc: float
    test_loss: float | None
    test_bpc: float | None
    parameters: int
    seconds: float | None
    seed: int
    identity: str
    fingerprint: str
    numerics: int
    versions: dict[str, str]
    commit: str | None


class Run:
    """A finished run by its folder: what charrnn.train returns, or one from before.

    >>> run = charrnn.Run("runs/demo")
    >>> run.result.best_epoch, len(run.epochs)
    (0, 1)
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder).expanduser()
        content = run.read_result(self.folder)
        if content is None:
            raise UserError(f"expected the folder of a finished run, but {str(folder)!r} has no result; train it first")
        try:
            self.result = Result(**content)
        except TypeError as error:
            raise UserError(f"expected a result of this version in {str(folder)!r}: {error}; train it again") from error

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def config(self) -> TrainConfig:
        """The whole configuration; with `dataclasses.replace`, that of another run."""
        try:
            return build(TrainConfig, yaml.safe_load((self.folder / "config.yaml").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
            raise UserError(f"expected the configuration of a run in {str(self.folder)!r}: {error}") from error

    @property
    def epochs(self) -> "pd.DataFrame":
        """metrics.csv, a row an epoch: losses in nats per character, the learning rate, the speed."""
        import pandas as pd

        return pd.read_csv(self.folder / "metrics.csv")

    def network(self) -> "Network":
        """The network of the best epoch."""
        from charrnn.learning.network import load

        return load(self.folder)


def make_result(
    config: TrainConfig,
    folder: Path,
    prepared: "Prepared",
    data: "AbcDataModule",
    metrics: "Metrics",
    checkpoints: "Checkpoints",
    parameters: int,
) -> dict[str, Any]:
    """The content of result.json for a run that has just ended in `folder`."""
    from charrnn.learning import checkpoint
    from charrnn.learning.evaluation import evaluate

    model, _ = checkpoint.load_model(str(folder))
    test_loss = evaluate(model, data.test_dataloader()) if len(prepared.test) else None
    result = Result(
        best_epoch=checkpoints.best_epoch,
        last_epoch=metrics.epochs - 1,
        stop_reason=str(checkpoints.stop_reason),
        best_val_loss=checkpoints.best_loss,
        best_val_bpc=checkpoints.best_loss / math.log(2),
        test_loss=test_loss,
        test_bpc=None if test_loss is None else test_loss / math.log(2),
        parameters=parameters,
        seconds=metrics.seconds(),
        seed=config.seed,
        identity=folder.name.rsplit("_", 1)[-1],
        fingerprint=prepared.report["fingerprint"],
        numerics=run.NUMERICS,
        **run.origin(),
    )
    return asdict(result)


def summary(finished: Run) -> str:
    """The outcome in a few lines, beside the n-gram model of the same split."""
    result = finished.result
    baseline = run.read_json(finished.folder / "data.json")["baseline"]
    lines = [
        f"best      epoch {result.best_epoch + 1} of {result.last_epoch + 1} ({result.stop_reason}): "
        f"validation {result.best_val_loss:.4f} nats, {result.best_val_bpc:.4f} bits per character",
        f"n-gram    {baseline['context']} preceding characters: {baseline['val_loss']:.4f} nats, "
        f"{baseline['val_bpc']:.4f} bits per character on the same split",
        f"run       {finished.folder}",
    ]
    if result.test_loss is not None:
        lines.insert(1, f"test      {result.test_loss:.4f} nats, {result.test_bpc:.4f} bits per character "
                        f"(n-gram {baseline['test_loss']:.4f} nats)")  # fmt: skip
    return "\n".join(lines)
