"""Fabricated runs of a known truth become the right rows; what was not run says so."""

import json

import numpy as np
import pandas as pd

from charrnn import run
from charrnn.config import plain, semantic
from charrnn.studies.claims.evidence import Evidence, with_curve_measures, with_epochs_to_target
from charrnn.studies.claims.verdicts import ALL_CLAIMS, CLAIM_COLUMNS, evaluate_claims, json_rows
from charrnn.studies.runs import load_runs, select_runs


def curve(level: float, random: np.random.Generator) -> list[float]:
    return list(level + 1.5 / np.arange(1, 31) + random.normal(0, 0.002, 30))


def judged(home, default) -> pd.DataFrame:
    runs, epochs = load_runs(select_runs(str(home / "runs")))
    finished = runs[runs["state"] == "finished"]
    evidence = Evidence(with_curve_measures(finished, epochs), epochs, semantic(plain(default)))
    return evaluate_claims(with_epochs_to_target(evidence, 0.05)).set_index("key")


def test_known_differences_are_found(tmp_path, default_config, fabricate):
    random = np.random.default_rng(0)
    for seed in range(5):
        for hidden, level in ((50, 1.5), (75, 1.45), (100, 1.4), (150, 1.35)):
            fabricate(curve(level, random), hidden=hidden, seed=seed)
        for dropout, level in ((0.1, 1.41), (0.2, 1.42), (0.3, 1.43)):
            fabricate(curve(level, random), dropout=dropout, seed=seed)
    table = judged(tmp_path, default_config)
    assert list(table.columns) == list(CLAIM_COLUMNS[1:]) and len(table) == len(ALL_CLAIMS)
    verdicts = table["verdict"]
    assert verdicts[["units-best", "units-steps", "units-val", "fast-then-slow"]].eq("supported").all()
    assert abs(table.loc["units-best", "estimate"] + 0.15) < 0.005 and table.loc["units-best", "n"] == 5
    assert verdicts["dropout-rise-best"] == "supported" and verdicts["dropout-alike-none"] == "refuted"
    assert verdicts["dropout-alike-wide"] == "supported" and verdicts["best-13"] == "refuted"
    assert verdicts["units-end-long"] == "not run" and table.loc["units-end-long", "command"] == "make reproduce-long"
    rows = json_rows(table.reset_index())
    run.write_json(tmp_path / "claims.json", rows)
    assert json.loads((tmp_path / "claims.json").read_text())[0]["key"] == "malformed-many"


def test_one_seed_gives_no_verdict_and_no_crash(tmp_path, default_config, fabricate):
    random = np.random.default_rng(0)
    fabricate(curve(1.5, random), hidden=50)
    fabricate(curve(1.3, random), hidden=150)
    table = judged(tmp_path, default_config)
    assert table.loc["units-best", "verdict"] == "undecided" and table.loc["units-best", "n"] == 1
    assert set(table["verdict"]) == {"undecided", "not run"}


def test_every_claim_stands_alone():
    assert len({claim.key for claim in ALL_CLAIMS}) == len(ALL_CLAIMS)
    assert all(claim.smallest_effect > 0 and claim.reading and claim.quotation for claim in ALL_CLAIMS)
