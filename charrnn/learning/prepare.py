"""From files to ids: corpus, split, alphabet and baseline of one data configuration, and what to say of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from charrnn.config import Data
from charrnn.learning.vocab import Vocabulary
from charrnn.music import corpus, ngram, splits

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Prepared:
    """Each part as ids (N,) int64, marks included; `test` is empty where the split has none. `report` is data.json."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    vocab: Vocabulary
    report: dict[str, Any]


def prepare(config: Data) -> Prepared:
    sources = corpus.find_sources(config.source, config.path)
    read = corpus.parse(sources)
    split = splits.split(read.tunes, config.split, config.split_seed)
    tunes = {part: getattr(split, part) for part in PARTS}
    vocab = Vocabulary("".join(read.tunes))
    ids = {part: vocab.encode_tunes(tunes[part]) for part in PARTS}
    trained_on = set("".join(split.train))
    report = {
        "source": config.source,
        "path": config.path,
        "fingerprint": corpus.fingerprint(sources),
        **read.report,
        "alphabet": len(vocab),
        "not_in_train": "".join(sorted(set("".join(split.val + split.test)) - trained_on)),
        "split": {
            "kind": config.split,
            "seed": config.split_seed,
            "near_duplicates": None if split.groups is None else len(read.tunes) - split.groups,
            **{part: {"tunes": len(tunes[part]), "characters": len(ids[part])} for part in PARTS},
        },
        "baseline": ngram.baseline(ids["train"], ids["val"], ids["test"], len(vocab)),
    }
    return Prepared(**ids, vocab=vocab, report=report)


def describe(report: dict[str, Any]) -> str:
    """What was read, dropped, repaired and split, in a few lines for people."""
    split = report["split"]
    counts = {
        "dropped": {k: v for k, v in report["dropped"].items() if v},
        "repaired": {k: v for k, v in report["repaired"].items() if v},
        "without": {f"{k}:": v for k, v in report["missing_fields"].items() if v},
    }
    lines = [
        f"data      {report['source']}: {report['tunes']:,} tunes, {report['characters']:,} characters, "
        f"an alphabet of {report['alphabet']} with the two marks"
    ]
    for what, found in counts.items():
        if found:
            lines.append(f"{what:<10}" + ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in found.items()))
    parts = [f"{part} {split[part]['tunes']:,} tunes ({split[part]['characters']:,})" for part in PARTS]
    near = f"; {split['near_duplicates']} near-duplicates kept on one side" if split["near_duplicates"] else ""
    lines.append(f"split     {split['kind']}: {', '.join(parts)}{near}")
    if report["not_in_train"]:
        lines.append(f"unseen    {report['not_in_train']!r} occurs outside the training part only")
    return "\n".join(lines)
