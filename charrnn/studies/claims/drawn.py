"""Tunes that runs draw, none picked, as rates over the tunes of one run, so that seeds are counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from charrnn import run
from charrnn.learning import checkpoint
from charrnn.learning.likelihood import score_tunes
from charrnn.learning.sampling import sample
from charrnn.music import quality
from charrnn.music.notation import read
from charrnn.studies.table import records
from charrnn.studies.tunes import Human

HEADER = ("X", "T", "M or L")  # what else a header may lack


def rates(texts: Sequence[str], human: Human | None) -> dict[str, Any]:
    """Of a set of tunes: what `quality.summarize` says, and what the statements ask for besides.

    `malformed`, `wrong_bars` and the shares of tunes that lack K:, `no_key`, or most often something else: a part of
    the header, or anything at all. `distance` is the mean of the three Jensen-Shannon distances to human tunes,
    `copied` the share of 20-character runs that stand in training tunes.
    """
    found = quality.summarize([*map(read, texts)], [*map(read, human.tunes)] if human else ())
    faults = {name: count / len(texts) for name, count in found["faults"].items()}
    kept = ("junk_per_100_notes", "length_entropy", "same_length", "interval", "stepwise")
    row = {name: found[name] for name in kept} | {
        "malformed": 1 - found["well_formed"],
        "wrong_bars": None if found["bar_fit"] is None else 1 - found["bar_fit"],
        "no_key": faults.get("K", 0.0),
        "no_other_header": max(faults.get(name, 0.0) for name in HEADER),
        "other_fault": max((share for name, share in faults.items() if name != "K"), default=0.0),
    }
    if human:
        distances = [value for value in found["distance"].values() if value is not None]
        copies = [human.training.originality(text)["copied_share"] for text in texts]
        known = [share for share in copies if share is not None]
        row["distance"] = sum(distances) / len(distances) if distances else None
        row["copied"] = sum(known) / len(known) if known else None
    return row


def draw(
    file: Path, folders: Sequence[tuple[Path, Sequence[float]]], num_tunes: int, human: Human | None
) -> pd.DataFrame:
    """A row of rates for every run folder and temperature, kept in `file`, so that nothing is drawn twice."""
    table = pd.read_csv(file) if file.exists() else pd.DataFrame(columns=["run", "temperature", "tunes"])
    rows = records(table[table["tunes"] == num_tunes])
    done = {(row["run"], row["temperature"]) for row in rows}
    for folder, temperatures in folders:
        for temperature in temperatures:
            if (folder.name, temperature) not in done:
                rows.append(_drawn(folder, temperature, num_tunes, human))
                run.write_text(file, pd.DataFrame(rows).to_csv(index=False))
                print(f"drew      {num_tunes} tunes at temperature {temperature:g} of {folder.name}", flush=True)
    return pd.DataFrame(rows)


def _drawn(folder: Path, temperature: float, num_tunes: int, human: Human | None) -> dict[str, Any]:
    model, vocab = checkpoint.load(str(folder))
    tunes = list(sample(model, vocab, temperature=temperature, num_tunes=num_tunes, seed=0))
    texts = [tune.text for tune in tunes]
    scores = [s for s in score_tunes(model, vocab, texts, [tune.ended for tune in tunes]) if len(s.ids)]
    entropy = sum(float(s.entropy(temperature).mean()) for s in scores) / max(len(scores), 1)
    named = {"run": folder.name, "temperature": temperature, "tunes": num_tunes, "entropy": entropy}
    return named | rates(texts, human)
