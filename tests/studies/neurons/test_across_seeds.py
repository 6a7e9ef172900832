"""Units matched between runs, and the statement about the 52nd unit where it is known to be true, and where not."""

import copy
import json
from pathlib import Path

import numpy as np
import planted
import pytest
import torch

from charrnn.learning.activations import trace
from charrnn.learning.vocab import Vocabulary
from charrnn.studies.neurons.across_seeds import SeedRun, evaluate_unit_claim, match_units
from charrnn.studies.neurons.probe_tunes import ProbeTunes

TUNES = planted.tunes(40)
VOCAB = Vocabulary("".join(TUNES))
PROBE = ProbeTunes(TUNES, TUNES[:20])


def seed(name: str, model) -> SeedRun:
    return SeedRun(Path(name), model, VOCAB, trace(model, VOCAB, TUNES).activations)


def with_line_end(unit: int, sign: float = 1.0):
    model = planted.network(VOCAB)
    planted.plant_line_end(model, VOCAB, unit)
    with torch.no_grad():
        for weights in (model.layers[0].weight_ih_l0[unit], model.output.weight[:, unit]):
            weights.mul_(sign)
    return model


def test_partners_of_a_network_with_its_units_in_another_order_are_those_units():
    model = planted.network(VOCAB)
    order = torch.from_numpy(np.random.default_rng(0).permutation(12))
    shuffled = copy.deepcopy(model)
    with torch.no_grad():
        layer = shuffled.layers[0]
        for weights in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0):
            weights.copy_(weights[order])
        layer.weight_hh_l0.copy_(layer.weight_hh_l0[:, order])
    matched = match_units([seed("one", model), seed("two", shuffled)], PROBE)
    rows = matched[matched["run"] == "two"]
    assert [int(order[partner]) for partner in rows["partner"]] == list(rows["unit"]) == list(range(12))
    assert rows["correlation"].to_numpy() == pytest.approx(1, abs=1e-4)
    assert matched.loc[matched["run"] == "untrained", "correlation"].abs().median() < 0.9


def test_the_statement_holds_where_the_unit_was_planted_and_names_it():
    runs = [seed(str(n), with_line_end(unit)) for n, unit in enumerate((2, 5, 7, 9))]
    claim = evaluate_unit_claim([*runs, seed("4", planted.network(VOCAB))], PROBE)
    assert [row["unit"] for row in claim["seeds"][:4]] == [2, 5, 7, 9]
    assert [row["holds"] for row in claim["seeds"]] == [True] * 4 + [False]
    assert (claim["num_holding"], claim["num_seeds"], claim["supported"]) == (4, 5, True)
    assert not evaluate_unit_claim([*runs[:3], seed("4", planted.network(VOCAB))], PROBE)["supported"]  # three of four
    first = claim["seeds"][0]
    assert first["long_word_auc"] < 0.4 and first["field_colon_auc"] < 0.4
    assert first["line_end_change"] > max(first["line_end_others_95"], 0.1)
    assert json.loads(json.dumps(claim)) == claim


def test_a_unit_of_the_opposite_sign_is_told_apart():
    claim = evaluate_unit_claim([seed("0", with_line_end(4, sign=-1))], PROBE)
    (row,) = claim["seeds"]
    assert not row["holds"] and row["opposite_sign"]["holds"] and row["opposite_sign"]["unit"] == 4
    assert (claim["num_holding"], claim["num_holding_either_sign"]) == (0, 1)
