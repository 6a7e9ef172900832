"""A sweep for TensorBoard's HPARAMS tab: a small folder of its own, a session a run.

A run itself cannot know what varies, and a run may belong to several sweeps.
"""

import re
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.metadata import (
    SESSION_END_INFO_TAG,
    SESSION_START_INFO_TAG,
    create_summary_metadata,
)
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from charrnn import run
from charrnn.studies.runs import load_runs, records, select_runs
from charrnn.studies.settings import format_value, varied_keys


def write_hparams(manifest: Path) -> Path:
    """Write the finished runs of this sweep into the folder beside its manifest, and return the folder.

    Each trial has the keys that vary, the seed, and as metrics the best validation loss until each step, the test loss
    and the seconds that the epochs took. No EXPERIMENT summary: of several in one log folder TensorBoard takes one.
    """
    selection = select_runs(str(manifest))
    runs, epochs = load_runs(selection)
    keys = varied_keys(runs, {key for settings in selection.missing.values() for key in settings})
    names = {key: run.short(key) for key in keys}
    folder = manifest.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    finished = runs[runs["state"] == "finished"]
    numeric = {key for key in keys if all(isinstance(value, int | float) for value in finished[key])}
    for row in records(finished):
        hparams = {names[key]: row[key] if key in numeric else format_value(row[key]) for key in keys}
        hparams["seed"] = int(row["seed"])
        trial = folder / _trial_name(hparams)
        if trial.exists():  # two values that a name spells alike
            trial = trial.with_name(f"{trial.name}_{row['identity']}")
        _write_session(trial, hparams, epochs[epochs["run"] == row["run"]], row["test_loss"])
    return folder


def _trial_name(hparams: dict[str, Any]) -> str:
    """`hidden-50_seed-0`, in the characters of a run folder's name."""
    return "_".join(re.sub(r"[^A-Za-z0-9.-]+", "-", f"{k}-{format_value(v)}") for k, v in hparams.items())


def _write_session(folder: Path, hparams: dict[str, Any], epochs: pd.DataFrame, test_loss: float) -> None:
    steps = epochs["step"].astype(int).to_list()
    scalars = [("best/val_loss", value, step) for step, value in zip(steps, epochs["val/loss"].cummin(), strict=True)]
    if np.isfinite(test_loss):
        scalars.append(("test/loss", test_loss, steps[-1]))
    if epochs["seconds"].notna().all():  # unknown for an epoch that was resumed in the middle
        seconds = epochs["seconds"].cumsum()
        scalars += [("total_seconds", value, step) for step, value in zip(steps, seconds, strict=True)]
    # A group is what the tab calls a trial: of one name in two sweeps it would be one, the mean of both.
    name = f"{folder.name} in {folder.parent.name}"
    start = SessionStartInfo(group_name=name, start_time_secs=time.time())
    for name, value in hparams.items():
        kind = "bool_value" if isinstance(value, bool) else "string_value" if isinstance(value, str) else "number_value"
        setattr(start.hparams[name], kind, value)
    end = SessionEndInfo(status=Status.STATUS_SUCCESS, end_time_secs=time.time())
    writer = EventFileWriter(str(folder))
    _write(writer, 0, tag=SESSION_START_INFO_TAG, metadata=_metadata(session_start_info=start))
    for tag, value, step in scalars:
        _write(writer, step, tag=tag, simple_value=value)
    _write(writer, 0, tag=SESSION_END_INFO_TAG, metadata=_metadata(session_end_info=end))
    writer.close()


def _metadata(**content: Any) -> SummaryMetadata:
    return create_summary_metadata(HParamsPluginData(**content))


def _write(writer: EventFileWriter, step: int, **value: Any) -> None:
    summary = Summary(value=[Summary.Value(**value)])
    writer.add_event(Event(summary=summary, step=step, wall_time=time.time()))
