"""Tables of numbers as tables of words, for people."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from charrnn.studies.claims.statement import NOT_RUN, UNDECIDED, VERDICTS
from charrnn.studies.page import Part, Table, Text
from charrnn.studies.paper.gather import Gathered
from charrnn.studies.settings import t_interval
from charrnn.studies.table import records

RATES = {
    "malformed": ("malformed", ".0%"),
    "no_key": ("without a key", ".0%"),
    "junk_per_100_notes": ("junk per 100 notes", ".1f"),
    "wrong_bars": ("bars not as long as the meter", ".0%"),
    "length_entropy": ("entropy of note lengths, bits", ".2f"),
    "same_length": ("notes as long as the one before", ".0%"),
    "interval": ("mean interval, semitones", ".2f"),
    "stepwise": ("steps of one or two semitones", ".0%"),
    "copied": ("20-character runs copied", ".1%"),
    "entropy": ("next-character entropy, nats", ".2f"),
}


def statement_table(claims: pd.DataFrame) -> pd.DataFrame:
    """A row a statement, as texts: where it stands, its words, and what became of its readings."""
    rows = []
    for _, readings in claims.groupby(["where", "quotation"], sort=False):
        where, quotation = readings[["where", "quotation"]].iloc[0]
        rows.append({"where": where, "the paper": f"“{quotation}”", "its readings": in_words(readings["verdict"])})
    return pd.DataFrame(rows)


def in_words(verdicts: Iterable[str]) -> str:
    """How many there are of each, in the order of VERDICTS; one alone is not counted."""
    times = Counter(verdicts)
    words = [f"{times[verdict]} {verdict}" for verdict in VERDICTS if times[verdict]]
    return ", ".join(words) if times.total() > 1 else words[0].removeprefix("1 ")


def markdown(table: pd.DataFrame) -> str:
    """The table for a page that shows Markdown."""
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


def verdict_table(claims: pd.DataFrame) -> pd.DataFrame:
    """A row a claim, as texts: where, statement, reading, what supports it, estimate, n, verdict, and what would."""
    return pd.DataFrame(
        {
            "verdict": row["verdict"],
            "where": row["where"],
            "the paper": f"“{row['quotation']}”",
            "reading": row["reading"],
            "supported when": row["supported_when"],
            "estimate": _estimate(row),
            "n": counted(row["n"], row["over"]) if row["n"] else "–",
            "to decide it": _remedy(row),
        }
        for row in records(claims)
    )


def _estimate(row: Mapping[str, Any]) -> str:
    if not row["n"]:
        return "–"
    spread = "" if math.isnan(row["low"]) else f" [{row['low']:+.3g}, {row['high']:+.3g}]"
    return f"{row['estimate']:+.3g}{spread} {row['unit']}"


def _remedy(row: Mapping[str, Any]) -> str:
    if row["verdict"] == NOT_RUN:
        return str(row["needs"])
    if row["verdict"] != UNDECIDED:
        return ""
    if row["n"] < 2:
        return "more than one seed"
    if pd.isna(row["would_decide"]):
        return "more than 1,000: it stands at the border"
    return counted(int(row["would_decide"]), row["over"])


def counted(number: int, what: str) -> str:
    """ "5 seeds", "1 seed"."""
    return f"{number} {what if number != 1 else what.removesuffix('s')}"


def rates_table(found: Gathered) -> list[Part]:
    """Rates of the default network's tunes at every temperature, beside human tunes."""
    tunes = found.evidence.tunes
    base = found.evidence.runs_of({})
    if tunes.empty or base.empty:
        return []
    tunes = tunes[tunes["run"].isin(base["run"])]
    columns: dict[str, list[str]] = {"": [words for words, _ in RATES.values()]}
    for temperature, rows in tunes.groupby("temperature"):
        columns[f"T = {temperature:g}"] = [_over_seeds(rows.get(name), digits) for name, (_, digits) in RATES.items()]
    human = found.evidence.human
    columns["human"] = [f"{human[n]:{digits}}" if human.get(n) is not None else "–" for n, (_, digits) in RATES.items()]
    count = f"{tunes['tunes'].iloc[0]:.0f} tunes a seed and temperature, none picked, {counted(len(base), 'seeds')}"
    return [Table(pd.DataFrame(columns), f"{count}: mean over seeds; human tunes are those held out.")]


def _over_seeds(values: pd.Series | None, digits: str) -> str:
    if values is None or values.isna().all():
        return "–"
    found = t_interval(values.astype(float))
    return f"{found.mean:{digits}}" + ("" if found.n < 2 else f" ±{found.high - found.mean:{digits}}")


def data_facts(report: Mapping[str, Any]) -> list[Part]:
    """Tunes, split, n-gram baseline and human rates as data.json has them."""
    if not report:
        return []
    split, baseline, human = report["split"], report["baseline"], report.get("human", {})
    parts = ", ".join(f"{part} {split[part]['tunes']:,}" for part in ("train", "val", "test") if part in split)
    lines = [
        f"{report['source']}: {report['tunes']:,} tunes, {report['characters']:,} characters, an alphabet of "
        f"{report['alphabet']} with the two marks.",
        f"Split {split['kind']}: {parts} tunes.",
        f"n-gram model of the same split, {baseline['context']} preceding characters: {baseline['val_loss']:.4f} nats.",
    ]
    if human.get("well_formed") is not None:
        lines.append(f"Of held-out human tunes {human['well_formed']:.0%} are well-formed.")
    return [Text(line) for line in lines]
