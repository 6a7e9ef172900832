"""Rates of sampled tunes: one row a run and temperature, so that seeds are the replicates."""

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
from charrnn.studies.runs import records
from charrnn.studies.tune_sets import HumanTunes

OTHER_HEADER_FAULTS = ("X", "T", "M", "L")  # what a header may lack besides K:


def tune_rates(texts: Sequence[str], human: HumanTunes | None) -> dict[str, Any]:
    """Rates of a set of tunes: those of `quality.summarize`, and some that the paper's statements need.

    `malformed`, `wrong_bars`; the shares of tunes without K:, `no_key`, and of tunes with the most frequent other
    fault, of the header, `no_other_header`, or of any kind, `other_fault`. With human tunes also `human_distance`, the
    mean of the three Jensen-Shannon distances to them, and `copied_share`, the share of 20-character runs found in
    training tunes.
    """
    sampled, reference = (
        [read(text, strict=True) for text in group] for group in (texts, human.tunes if human else ())
    )
    summary = quality.summarize(sampled, reference)
    faults = {name: count / len(texts) for name, count in summary["faults"].items()}
    kept = ("junk_per_100_notes", "length_entropy", "same_length", "interval", "stepwise")
    row = {name: summary[name] for name in kept} | {
        "malformed": 1 - summary["well_formed"],
        "wrong_bars": None if summary["bar_fit"] is None else 1 - summary["bar_fit"],
        "no_key": faults.get("K", 0.0),
        "no_other_header": max(faults.get(name, 0.0) for name in OTHER_HEADER_FAULTS),
        "other_fault": max((share for name, share in faults.items() if name != "K"), default=0.0),
    }
    if human:
        distances = summary["distance"].values()
        row["human_distance"] = _mean([distance for distance in distances if distance is not None])
        shares = [human.training.originality(text)["copied_share"] for text in texts]
        row["copied_share"] = _mean([share for share in shares if share is not None])
    return row


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def sample_rates(
    file: Path, folders: Sequence[tuple[Path, Sequence[float]]], num_tunes: int, human: HumanTunes | None
) -> pd.DataFrame:
    """A row of rates for every run folder and temperature; rows that `file` holds already are not sampled again."""
    table = pd.read_csv(file) if file.exists() else pd.DataFrame(columns=["run", "temperature", "tunes"])
    rows = records(table[table["tunes"] == num_tunes])
    done = {(row["run"], row["temperature"]) for row in rows}
    for folder, temperatures in folders:
        for temperature in temperatures:
            if (folder.name, temperature) not in done:
                rows.append(_sample_run(folder, temperature, num_tunes, human))
                run.write_text(file, pd.DataFrame(rows).to_csv(index=False))
                print(f"sampled   {num_tunes} tunes at temperature {temperature:g} from {folder.name}", flush=True)
    return pd.DataFrame(rows)


def _sample_run(folder: Path, temperature: float, num_tunes: int, human: HumanTunes | None) -> dict[str, Any]:
    model, vocab = checkpoint.load_model(str(folder))
    tunes = list(sample(model, vocab, temperature=temperature, num_tunes=num_tunes, seed=0))
    texts = [tune.text for tune in tunes]
    scores = [s for s in score_tunes(model, vocab, texts, [tune.ended for tune in tunes]) if len(s.ids)]
    entropy = sum(float(s.entropy(temperature).mean()) for s in scores) / max(len(scores), 1)
    key = {"run": folder.name, "temperature": temperature, "tunes": num_tunes, "entropy": entropy}
    return key | tune_rates(texts, human)
