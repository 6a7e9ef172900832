"""From files to ids: corpus, split, alphabet and n-gram baseline of one data configuration, and their report."""

import contextlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from charrnn import run
from charrnn.config import Data
from charrnn.errors import UserError
from charrnn.learning.inputs import InputEncoder
from charrnn.learning.vocab import Vocabulary
from charrnn.music import corpus, form, ngram, notation, quality, splits
from charrnn.music.canonical import Spelling

PARTS = ("train", "val", "test")
# Raised whenever the same files give other ids or another report.
CACHE_VERSION = 5
# Held-out tunes that are measured: three seconds' worth.
HUMAN_TUNES = 1000
# Kinds of problem that are shown; data.json has all.
MOST_KINDS = 6
EXPLAINED_BELOW = 95  # per cent well-formed; of ryan, oneill and aird more are


@dataclass(frozen=True)
class Prepared:
    """Each part as ids (N,), marks included, and what is read beside them; `report` is data.json.

    `test` is empty where the split has none.
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    vocab: Vocabulary
    report: dict[str, Any]
    inputs: Mapping[str, np.ndarray] = field(default_factory=dict)  # (N, I) by part, if more is read than characters


def prepare(config: Data, names: Sequence[str] = ()) -> Prepared:
    """Read, split and encode, with the inputs of these `names`; or take from the cache what these files gave before."""
    sources = corpus.find_sources(config.source, config.path)
    fingerprint = corpus.fingerprint(sources)
    spelled = "" if config.notation == "raw" else f"-canonical-{config.key}-{'T' if config.titles else ''}"
    split_name = f"{config.split}-{config.split_seed}{'-clean' if config.clean else ''}"
    cached = _cache() / f"{fingerprint[:32]}-{split_name}{spelled}-{'-'.join(names)}-{CACHE_VERSION}.npz"
    origin = {"source": config.source, "path": config.path, "fingerprint": fingerprint}
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return _load(cached, origin)
    parsed = corpus.parse(sources)
    del sources
    tunes = [tune for tune in parsed.tunes if notation.read(tune).well_formed] if config.clean else parsed.tunes
    if not tunes:
        raise UserError("data.clean: expected some well-formed tunes, but none of them is; use data.clean=false")
    split = splits.split(tunes, config.split, config.split_seed)
    # The tunes that a canonical network and one on raw text are held to are the same, but for what is left out.
    spelling = Spelling(config.notation, config.key, config.titles)
    parts = {part: spelling.all(getattr(split, part)) for part in PARTS}
    if not (parts["train"] and parts["val"]):
        raise UserError(f"data.notation: expected tunes that can be written so, found none ({spelling.reasons()})")
    vocab = Vocabulary(set().union(*(set(tune) for part in parts.values() for tune in part)))
    ids = {part: vocab.encode_tunes(parts[part]) for part in PARTS}
    inputs = InputEncoder(names, vocab)
    in_train = set(np.unique(ids["train"]).tolist())
    report = {
        **parsed.report,
        "diagnosis": corpus.diagnose(parsed.tunes),
        "not_well_formed": len(parsed.tunes) - len(tunes) if config.clean else None,
        **spelling.report(),
        "alphabet": len(vocab),
        "not_in_train": "".join(c for i, c in enumerate(vocab.characters) if i not in in_train),
        "split": {
            "kind": config.split,
            "seed": config.split_seed,
            "near_duplicates": None if split.groups is None else len(tunes) - split.groups,
            **{part: {"tunes": len(parts[part]), "characters": len(ids[part])} for part in PARTS},
        },
        "human": _human([*parts["val"], *parts["test"]]),
        "baseline": ngram.baseline(ids["train"], ids["val"], ids["test"], len(vocab)),
    }
    beside = {part: inputs.read(ids[part]) for part in PARTS} if names else {}
    prepared = Prepared(**ids, vocab=vocab, report=origin | report, inputs=beside)
    with contextlib.suppress(OSError):  # a cache that cannot be written is no reason to stop
        _save(cached, prepared)
    return prepared


def _human(tunes: Sequence[str]) -> dict[str, Any]:
    """Quality and form of tunes that are not trained on, judged as composed ones are: the ceiling for a network."""
    readings = [notation.read(tune, strict=True) for tune in tunes[:: 1 + len(tunes) // HUMAN_TUNES]]
    measured = quality.summarize(readings) | form.summarize(readings)
    return {key: value for key, value in measured.items() if not isinstance(value, dict)}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "charrnn"


def _save(file: Path, prepared: Prepared) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    small = np.min_scalar_type(len(prepared.vocab))
    arrays = {"vocabulary": np.array(prepared.vocab.characters), "report": np.array(json.dumps(prepared.report))}
    arrays |= {name: getattr(prepared, name).astype(small) for name in PARTS}
    arrays |= {f"inputs_{name}": values.astype(np.uint16) for name, values in prepared.inputs.items()}
    with run.replacing(file) as part:
        np.savez(part, **arrays)  # type: ignore[arg-type]  # numpy's own stub takes the first for its only option


def _load(file: Path, origin: dict[str, Any]) -> Prepared:
    with open(file, "rb") as opened, np.load(opened, allow_pickle=False) as content:
        ids = {part: content[part].astype(np.int32) for part in PARTS}
        report = json.loads(str(content["report"])) | origin
        inputs = {part: content[f"inputs_{part}"].astype(np.int32) for part in PARTS if f"inputs_{part}" in content}
        return Prepared(**ids, vocab=Vocabulary(content["vocabulary"].tolist()), report=report, inputs=inputs)


def describe(report: dict[str, Any]) -> str:
    """What was read, dropped, repaired, ignored, is not well-formed and how it was split, with examples, for people."""
    split, diagnosis = report["split"], report["diagnosis"]
    counts = {
        "dropped": report["dropped"],
        "repaired": report["repaired"],
        "ignored": report["ignored"],
        "without": {f"{k}:": v for k, v in report["missing_fields"].items()},
    }
    left_out = {} if report["not_well_formed"] is None else {"not well-formed": report["not_well_formed"]}
    counts["left out"] = left_out | (report["left_out"] or {})
    lines = [
        f"data      {report['source']}: {report['tunes']:,} tunes, {report['characters']:,} characters, "
        f"an alphabet of {report['alphabet']} with the two marks"
    ]
    for title, numbers in counts.items():
        if any(numbers.values()):
            shown = (f"{name.replace('_', ' ')} {number:,}" for name, number in numbers.items() if number)
            lines.append(f"{title:<10}" + ", ".join(shown))
            lines += _examples(numbers, report["examples"])
    share = 100 * diagnosis["well_formed"] / diagnosis["read"]
    lines.append(
        f"as tunes  {share:.1f} % of {diagnosis['read']:,} are well-formed"
        + "".join(f", {name} {number:,}" for name, number in diagnosis["faults"].items())
    )
    if share < EXPLAINED_BELOW:
        lines += _examples(dict(list(diagnosis["problems"].items())[:MOST_KINDS]), diagnosis["examples"])
    parts = [f"{part} {split[part]['tunes']:,} tunes ({split[part]['characters']:,})" for part in PARTS]
    near = f"; {split['near_duplicates']} near-duplicates kept on one side" if split["near_duplicates"] else ""
    lines.append(f"split     {split['kind']}: {', '.join(parts)}{near}")
    if report["not_in_train"]:
        lines.append(f"unseen    {report['not_in_train']!r} occurs outside the training part only")
    return "\n".join(lines)


def _examples(counts: dict[str, int], examples: dict[str, list[str]]) -> list[str]:
    """A line an example, under the kind it is of."""
    return [
        f"          {kind.replace('_', ' ')}: {example}"
        for kind, number in counts.items()
        if number
        for example in examples.get(kind, [])
    ]
