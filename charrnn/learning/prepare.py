"""From files to ids: corpus, split, alphabet and baseline of one data configuration, and what to say of them."""

import contextlib
import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from charrnn import run
from charrnn.config import Data
from charrnn.errors import UserError
from charrnn.learning.vocab import Vocabulary
from charrnn.music import corpus, ngram, notation, quality, splits

PARTS = ("train", "val", "test")
# Raised whenever the same files give other ids or another report.
CACHE_VERSION = 2
# Held-out tunes that are measured: three seconds' worth.
HUMAN_TUNES = 1000


@dataclass(frozen=True)
class Prepared:
    """Each part as ids (N,), marks included; `test` is empty where the split has none. `report` is data.json."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    vocab: Vocabulary
    report: dict[str, Any]


def prepare(config: Data) -> Prepared:
    """Read, split and encode, or take from the cache what these very files gave before."""
    sources = corpus.find_sources(config.source, config.path)
    fingerprint = corpus.fingerprint(sources)
    how = f"{config.split}-{config.split_seed}{'-clean' if config.clean else ''}"
    cached = _cache() / f"{fingerprint[:32]}-{how}-{CACHE_VERSION}.npz"
    named = {"source": config.source, "path": config.path, "fingerprint": fingerprint}
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return _load(cached, named)
    read = corpus.parse(sources)
    del sources
    tunes = [tune for tune in read.tunes if notation.read(tune).well_formed] if config.clean else read.tunes
    if not tunes:
        raise UserError("data.clean: expected some well-formed tunes, but none of them is; use data.clean=false")
    split = splits.split(tunes, config.split, config.split_seed)
    vocab = Vocabulary(set().union(*map(set, tunes)))
    ids = {part: vocab.encode_tunes(getattr(split, part)) for part in PARTS}
    in_train = set(np.unique(ids["train"]).tolist())
    report = {
        **read.report,
        "not_well_formed": len(read.tunes) - len(tunes) if config.clean else None,
        "alphabet": len(vocab),
        "not_in_train": "".join(c for i, c in enumerate(vocab.characters) if i not in in_train),
        "split": {
            "kind": config.split,
            "seed": config.split_seed,
            "near_duplicates": None if split.groups is None else len(tunes) - split.groups,
            **{part: {"tunes": len(getattr(split, part)), "characters": len(ids[part])} for part in PARTS},
        },
        "human": _human([*split.val, *split.test]),
        "baseline": ngram.baseline(ids["train"], ids["val"], ids["test"], len(vocab)),
    }
    prepared = Prepared(**ids, vocab=vocab, report=named | report)
    with contextlib.suppress(OSError):  # a cache that cannot be written is no reason to stop
        _save(cached, prepared)
    return prepared


def _human(tunes: Sequence[str]) -> dict[str, Any]:
    """What tunes that nobody trains on are like: the ceiling for what a network composes."""
    measured = quality.summarize(tunes[:: 1 + len(tunes) // HUMAN_TUNES])
    return {key: value for key, value in measured.items() if not isinstance(value, dict)}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "charrnn"


def _save(file: Path, prepared: Prepared) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    small = np.min_scalar_type(len(prepared.vocab))
    with run.replacing(file) as part:
        np.savez(
            part,
            vocabulary=np.array(prepared.vocab.characters),
            report=np.array(json.dumps(prepared.report)),
            **{name: getattr(prepared, name).astype(small) for name in PARTS},
        )


def _load(file: Path, named: dict[str, Any]) -> Prepared:
    with open(file, "rb") as opened, np.load(opened, allow_pickle=False) as content:
        ids = {part: content[part].astype(np.int32) for part in PARTS}
        report = json.loads(str(content["report"])) | named
        return Prepared(**ids, vocab=Vocabulary(content["vocabulary"].tolist()), report=report)


def describe(report: dict[str, Any]) -> str:
    """What was read, dropped, repaired and split, in a few lines for people."""
    split = report["split"]
    counts = {
        "dropped": report["dropped"],
        "repaired": report["repaired"],
        "without": {f"{k}:": v for k, v in report["missing_fields"].items()},
    }
    if report["not_well_formed"] is not None:
        counts["left out"] = {"not well-formed": report["not_well_formed"]}
    lines = [
        f"data      {report['source']}: {report['tunes']:,} tunes, {report['characters']:,} characters, "
        f"an alphabet of {report['alphabet']} with the two marks"
    ]
    for what, found in counts.items():
        if any(found.values()):
            lines.append(f"{what:<10}" + ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in found.items() if v))
    parts = [f"{part} {split[part]['tunes']:,} tunes ({split[part]['characters']:,})" for part in PARTS]
    near = f"; {split['near_duplicates']} near-duplicates kept on one side" if split["near_duplicates"] else ""
    lines.append(f"split     {split['kind']}: {', '.join(parts)}{near}")
    if report["not_in_train"]:
        lines.append(f"unseen    {report['not_in_train']!r} occurs outside the training part only")
    return "\n".join(lines)
