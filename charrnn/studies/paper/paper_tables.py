"""The tables of the page: numbers as text."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from charrnn.studies.claims.claim import NOT_RUN, UNDECIDED, VERDICTS
from charrnn.studies.inference import t_interval
from charrnn.studies.pages import PagePart, Paragraph, Table
from charrnn.studies.paper.paper_evidence import PaperEvidence
from charrnn.studies.runs import records

# The label and the number format of a rate.
RATE_ROWS = {
    "malformed": ("malformed", ".0%"),
    "no_key": ("without a key", ".0%"),
    "junk_per_100_notes": ("junk per 100 notes", ".1f"),
    "wrong_bars": ("bars not as long as the meter", ".0%"),
    "length_entropy": ("entropy of note lengths, bits", ".2f"),
    "same_length": ("notes as long as the one before", ".0%"),
    "interval": ("mean interval, semitones", ".2f"),
    "stepwise": ("steps of one or two semitones", ".0%"),
    "copied_share": ("20-character runs copied", ".1%"),
    "entropy": ("next-character entropy, nats", ".2f"),
}


def statement_table(claims: pd.DataFrame) -> pd.DataFrame:
    """As text, a row a statement: its section, the quotation, and the verdicts on its readings."""
    rows = []
    for _, readings in claims.groupby(["section", "quotation"], sort=False):
        section, quotation = readings[["section", "quotation"]].iloc[0]
        verdicts = count_verdicts(readings["verdict"])
        rows.append({"section": section, "the paper": f"“{quotation}”", "verdicts on its readings": verdicts})
    return pd.DataFrame(rows)


def count_verdicts(verdicts: Iterable[str]) -> str:
    """ "2 supported, 1 refuted", in the order of VERDICTS; of a single verdict just its name."""
    counts = Counter(verdicts)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    return ", ".join(parts) if counts.total() > 1 else parts[0].removeprefix("1 ")


def markdown_table(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


def verdict_table(claims: pd.DataFrame) -> pd.DataFrame:
    """As text, a row a claim: verdict, statement, reading, what supports it, estimate, n, and what would decide it."""
    return pd.DataFrame(
        {
            "verdict": row["verdict"],
            "section": row["section"],
            "the paper": f"“{row['quotation']}”",
            "reading": row["reading"],
            "supported when": row["supported_when"],
            "estimate": _estimate(row),
            "n": count_noun(row["n"], row["replicates"]) if row["n"] else "–",
            "to decide it": _to_decide(row),
        }
        for row in records(claims)
    )


def _estimate(row: Mapping[str, Any]) -> str:
    if not row["n"]:
        return "–"
    interval = "" if math.isnan(row["low"]) else f" [{row['low']:+.3g}, {row['high']:+.3g}]"
    return f"{row['estimate']:+.3g}{interval} {row['unit']}"


def _to_decide(row: Mapping[str, Any]) -> str:
    if row["verdict"] == NOT_RUN:
        return str(row["command"])
    if row["verdict"] != UNDECIDED:
        return ""
    if row["n"] < 2:
        return "more than one seed"
    if pd.isna(row["n_needed"]):
        return "more than 1,000: it is too close to a cut"
    return count_noun(int(row["n_needed"]), row["replicates"])


def count_noun(number: int, noun: str) -> str:
    """ "5 seeds", "1 seed"."""
    return f"{number} {noun if number != 1 else noun.removesuffix('s')}"


def rate_table(paper: PaperEvidence) -> list[PagePart]:
    """The rates of the default network's tunes at every temperature, beside those of human tunes."""
    tunes = paper.evidence.tunes
    base = paper.evidence.runs_of({})
    if tunes.empty or base.empty:
        return []
    tunes = tunes[tunes["run"].isin(base["run"])]
    columns: dict[str, list[str]] = {"": [label for label, _ in RATE_ROWS.values()]}
    for temperature, rows in tunes.groupby("temperature"):
        columns[f"T = {temperature:g}"] = [
            _mean_over_seeds(rows.get(name), digits) for name, (_, digits) in RATE_ROWS.items()
        ]
    human = paper.evidence.human
    columns["human"] = [
        f"{human[name]:{digits}}" if human.get(name) is not None else "–" for name, (_, digits) in RATE_ROWS.items()
    ]
    num_tunes, seeds = f"{tunes['tunes'].iloc[0]:.0f}", count_noun(len(base), "seeds")
    caption = (
        f"{num_tunes} tunes a seed and temperature, none picked, {seeds}: mean over seeds, with 95 % t interval; human "
        "tunes are held out."
    )
    return [Table(pd.DataFrame(columns), caption)]


def _mean_over_seeds(values: pd.Series | None, digits: str) -> str:
    if values is None or values.isna().all():
        return "–"
    interval = t_interval(values.astype(float))
    spread = "" if interval.n < 2 else f" ±{interval.high - interval.mean:{digits}}"
    return f"{interval.mean:{digits}}{spread}"


def data_paragraphs(report: Mapping[str, Any]) -> list[PagePart]:
    """Tunes, split, n-gram baseline and human rates, from data.json."""
    if not report:
        return []
    split, baseline, human = report["split"], report["baseline"], report.get("human", {})
    parts = ", ".join(f"{part} {split[part]['tunes']:,}" for part in ("train", "val", "test") if part in split)
    lines = [
        f"{report['source']}: {report['tunes']:,} tunes, {report['characters']:,} characters, an alphabet of "
        f"{report['alphabet']} with the marks of beginning and end.",
        f"Split {split['kind']}: {parts} tunes.",
        f"n-gram model on the same split, {baseline['context']} preceding characters: {baseline['val_loss']:.4f} nats.",
    ]
    if human.get("well_formed") is not None:
        lines.append(f"{human['well_formed']:.0%} of held-out human tunes are well-formed.")
    return [Paragraph(line) for line in lines]
