"""Pairs of notes, counted by hand."""

import pandas as pd
import pytest

from charrnn.studies.claims.data_claims import CLAIMS, note_pair_table
from charrnn.studies.claims.evidence import Evidence

TUNE = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\nCDEG A2 A2|\n"  # five pairs: three of quavers, one across, one of crotchets


def test_the_pairs_of_a_tune():
    (row,) = note_pair_table([TUNE, "X:2\nK:C\n"]).to_dict("records")
    assert row["same"] == pytest.approx(4 / 5) and row["steps"] == pytest.approx(3 / 5)
    assert row["chance"] == pytest.approx((4 / 6) ** 2 + (2 / 6) ** 2)
    assert (row["commonest_same"], row["commonest_other"]) == (pytest.approx(3 / 5), pytest.approx(1 / 5))


def test_a_chord_is_its_highest_note_and_voices_are_no_neighbours():
    chords = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\nV:1\n[Cc]2[DA]2 G4|\nV:2\nE8|\n"  # c A G, apart from E
    (row,) = note_pair_table([chords]).to_dict("records")
    assert (row["steps"], row["same"]) == (pytest.approx(1 / 2), pytest.approx(1 / 2))
    assert row["chance"] == pytest.approx((2 / 4) ** 2 + 2 * (1 / 4) ** 2)


def test_statements_on_data_without_data_have_no_values():
    empty = Evidence(pd.DataFrame(), pd.DataFrame(), {})
    assert all(claim.contrast(empty).empty for claim in CLAIMS)
