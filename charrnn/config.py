"""The schema: every key with its meaning, type and range. Defaults and their reasons stand in conf/, not here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from charrnn import run
from charrnn.config_dir import config_dir
from charrnn.errors import UserError
from charrnn.schema import build, key, known_keys, plain, unknown_key

__all__ = ["build", "known_keys", "plain", "unknown_key"]

# The Trainer's own cost is paid once a block; trainer.limit_blocks counts them.
WINDOWS_PER_BLOCK = 10


@dataclass(frozen=True)
class Data:
    source: str = key("where the tunes are from", choices=("ryan", "oneill", "aird", "all", "essen", "file"))
    # The content decides, by its fingerprint; where it lies does not.
    path: str | None = key("a tune book, the course's file or a folder of either", free_text=True, identity=False)
    clean: bool = key("whether to leave out what is not well-formed")
    notation: str = key("the text as it is in the file, or every tune written in one way", choices=("raw", "canonical"))
    titles: bool = key("whether canonical tunes keep their titles")
    split: str = key(
        "whole tunes, or the last or first fifth of the characters, as validation",
        choices=("tunes", "contiguous", "contiguous_first"),
    )
    split_seed: int = key("which tunes validate and test", least=0)
    seq_len: int = key("characters in a window of truncated back-propagation", least=1)
    batch_size: int = key("parallel streams", least=1)
    # The last one, since it takes the name of what describes the others.
    key: str = key("the key of canonical tunes", choices=("as_written", "white"))

    def __post_init__(self) -> None:
        for name, value, usual in (("key", self.key, "as_written"), ("titles", self.titles, True)):
            if self.notation == "raw" and value != usual:
                raise UserError(
                    f"data.{name}: expected {usual} with data.notation=raw, got {value}; give data.notation=canonical"
                )
        if self.path is not None and self.source != "file":
            raise UserError(
                f"data.path: expected only with data=file, got {self.path!r} with data={self.source}; add data=file"
            )


@dataclass(frozen=True)
class Model:
    cell: str = key("the recurrent cell", choices=("rnn", "gru", "lstm"), or_class=True)
    hidden: int = key("units in a layer", least=1)
    layers: int = key("recurrent layers", least=1)


@dataclass(frozen=True)
class Inputs:
    meter: bool = key("what the bar still lacks, and how many bars of the part are complete")
    phrase: bool = key("what stood at this place one, two, four and eight bars ago")
    cond: bool = key("key, meter, rhythm, number of the part, step of the last note")


@dataclass(frozen=True)
class Regularization:
    dropout: float = key("share of the recurrent output that is dropped", least=0, below=1)
    weight_drop: float = key("share of the recurrent weights that is dropped for a window", least=0, below=1)


@dataclass(frozen=True)
class Optim:
    name: str = key("the optimizer", choices=("adam", "adamw", "rmsprop", "adagrad", "sgd"))
    lr: float = key("learning rate", above=0)
    schedule: str = key("how the learning rate falls", choices=("constant", "cosine", "plateau"))
    gradient_clip: float = key("longest gradient", above=0)
    weight_decay: float = key("decay of the weights", least=0)
    momentum: float = key("of sgd and rmsprop", least=0, below=1)


@dataclass(frozen=True)
class Trainer:
    max_epochs: int = key("passes over the tunes", least=1)
    patience: int | None = key("epochs without a better validation loss until the end", least=1)
    limit_blocks: int | None = key("blocks of ten windows in an epoch", least=1)
    scores: bool = key("whether to draw and play two tunes of the best epoch", identity=False)
    accelerator: str = key("where to train", choices=("auto", "cpu", "gpu", "cuda", "mps"), identity=False)
    threads: int = key("of one process", least=1, identity=False)
    devices: int = key("GPUs, or processes, that share a run", least=1)
    strategy: str = key("ddp is what several devices do in any case", choices=("auto", "ddp"), identity=False)
    precision: str = key("of products", choices=("32", "tf32", "bf16-mixed"))


@dataclass(frozen=True)
class TrainConfig:
    data: Data
    inputs: Inputs
    model: Model
    regularization: Regularization
    optim: Optim
    trainer: Trainer
    logger: Mapping[str, Any] = key("where losses go beside metrics.csv", identity=False)
    callbacks: Mapping[str, Any] = key("a user's own, beside those that every run has")
    seed: int = key("of weights and dropout", least=0, below=2**32)
    runs_dir: str = key("where run folders go", free_text=True, identity=False)
    zip: tuple[Any, ...] | None = key("keys of a sweep that move together: zip=[optim,optim.lr]", identity=False)
    dry_run: bool = key("list the runs and the time they will take, train nothing", identity=False)

    def __post_init__(self) -> None:
        on = [name for name, is_on in plain(self.inputs).items() if is_on]
        if on and self.data.notation == "raw":
            raise UserError(
                f"inputs: expected chars with data.notation=raw, got {', '.join(on)}, which are read from tunes in "
                "canonical notation; give data.notation=canonical"
            )
        if self.data.batch_size % self.trainer.devices:
            raise UserError(
                f"trainer.devices: expected a number that divides data.batch_size ({self.data.batch_size} streams), "
                f"got {self.trainer.devices}; change one of them"
            )
        if self.trainer.devices > 1 and (acting := acting_callbacks(self.callbacks)):
            raise UserError(
                f"callbacks: expected one device with {acting}, which stands in the first process of several alone; "
                "give trainer.devices=1"
            )


@dataclass(frozen=True)
class Sampling:
    """How tunes are sampled: the keys that sample.py and the Python interface share."""

    temperature: float = key("divides the logits; lower is safer", least=0)
    num_tunes: int = key("how many tunes", least=1)
    seed: int = key("of the sampled characters", least=0, below=2**63)
    prompt: str = key("how every tune begins; \\n is a new line", free_text=True)
    top_k: int | None = key("sample among so many likeliest characters", least=1)
    top_p: float | None = key("sample among the likeliest that have this probability together", above=0, most=1)
    min_p: float | None = key("leave out what is less likely than this share of the likeliest", above=0, most=1)
    max_chars: int = key("longest tune", least=1)
    constraint: str = key(
        "what the grammar allows, or whole tunes until one is well-formed",
        choices=("none", "header", "syntax", "bars", "reject"),
    )
    max_tries: int = key("tunes until one is well-formed, with constraint=reject", least=1)
    title: str | None = key("what T: says, with a constraint", free_text=True)
    rhythm: str | None = key("what R: says, with a constraint", free_text=True)
    meter: str | None = key("what M: says, with a constraint", free_text=True)
    key: str | None = key(
        "what K: says, with a constraint", free_text=True
    )  # the last one, since it takes the name of what describes the others


@dataclass(frozen=True)
class SampleConfig(Sampling):
    ckpt: str = key("a checkpoint file or a run folder", free_text=True)
    prompt_file: str | None = key("a file with the prompt", free_text=True)
    formats: tuple[str, ...] = key("the files of every tune", choices=("abc", "musicxml", "svg", "png", "mid", "ogg"))
    page: bool = key("whether to write index.html, which shows the tunes and goes on composing")
    accelerator: str = key("where to sample", choices=("auto", "cpu", "gpu"))
    threads: int = key("of this process", least=1)
    samples_dir: str = key("where samples folders go", free_text=True)


@dataclass(frozen=True)
class Analysis:
    name: str = key("the analysis")  # charrnn/cli/analyses.py knows which there are


@dataclass(frozen=True)
class AnalyzeConfig:
    analysis: Analysis
    runs: str = key("a folder of runs, a pattern or a sweep's name", free_text=True)
    diff: str | None = key("two runs whose difference to print", free_text=True)
    base: str | None = key("the setting others are held against, such as hidden=50", free_text=True)
    val_loss: float | None = key("the loss whose epoch and time are given", above=0)
    mixed: bool = key("whether to compare runs on other tunes, splits or arithmetic")
    tunes: str | None = key("a samples folder, its tunes.jsonl, or a file or folder of ABC", free_text=True)
    ckpt: str | None = key("the run to look into", free_text=True)
    num_tunes: int = key("tunes at each temperature", least=2)
    text: str | None = key("the tunes in pictures of units", free_text=True)
    unit: int | None = key("the unit to draw alone", least=0)
    seed: int = key("of the tunes composed for analysis=neurons", least=0, below=2**63)
    name: str | None = key("of the report", free_text=True)
    report_dir: str = key("where reports go", free_text=True)


@lru_cache
def defaults(program: str) -> dict[str, Any]:
    """The values that stand in conf/<program>.yaml itself, where alone a default is written down."""
    content = yaml.safe_load((config_dir() / f"{program}.yaml").read_text(encoding="utf-8"))
    return {name: value for name, value in content.items() if name not in ("defaults", "hydra")}


SCHEMAS: dict[str, type] = {"train": TrainConfig, "sample": SampleConfig, "analyze": AnalyzeConfig}


# Callbacks of Lightning's that only watch.
WATCHING = tuple(
    f"pytorch_lightning.callbacks.{name}"
    for name in (
        *("DeviceStatsMonitor", "LearningRateMonitor", "ModelCheckpoint", "ModelSummary", "RichModelSummary"),
        *("RichProgressBar", "TQDMProgressBar"),
    )
)


def acting_callbacks(callbacks: Mapping[str, Any]) -> str | None:
    """Those that can change a result, in words: `noise=my_callbacks.Noise std=0.1`."""
    acting = {name: part for name, part in callbacks.items() if part["_target_"] not in WATCHING}
    return (
        " ".join(
            f"{name}={part['_target_']}" + "".join(f" {k}={v}" for k, v in run.flat(part).items() if k != "_target_")
            for name, part in acting.items()
        )
        or None
    )


def semantic(settings: dict[str, Any]) -> dict[str, Any]:
    """The dotted keys of a run's settings that can change its result: no devices, threads, folders, loggers."""
    described = run.flat(settings | {"callbacks": {"name": acting_callbacks(settings["callbacks"])}})
    without = {name for name, known in known_keys(TrainConfig).items() if known.rule and not known.rule.identity}
    return {k: v for k, v in described.items() if not any(f"{k}.".startswith(f"{name}.") for name in without)}
