"""Measures of form, on tunes whose form one can see."""

from functools import cache

import numpy as np
import pytest

from charrnn.music.corpus import find_sources, parse
from charrnn.music.form import MEASURES, form, self_similarity, summarize
from charrnn.music.notation import Reading, read

HEAD = "X:1\nT:x\nM:4/4\nL:1/8\nK:D\n"
A = "D2FA d2AF|G2BG d2BG|D2FA d2AF|E2CE A,4|D2FA d2AF|G2BG d2BG|A2Bc d2ec|d4 D4"
B = "a2gf e2dc|d2cB A2GF|a2gf e2dc|d4 e4|a2gf e2dc|d2cB A2GF|ABAG FGFE|D4 D4"


def of(music: str, head: str = HEAD):
    found = form(read(head + music))
    assert found is not None
    return found


def test_parts_are_counted_without_later_endings():
    assert of(f"|:{A}:|\n|:{B}:|").parts == (8, 8)
    assert of(f"|:{A[:-6]}|1 d4 D4:|2 d8||{B}|]").parts == (8, 8)
    assert of(f"FE|{A[:-6]}|d6:|ef|{B[:-6]}|d6|]").parts == (8, 8)
    assert of(f"{A}||{B}|C8|]").parts == (8, 9)


@pytest.mark.parametrize(
    ("music", "square"), [(f"{A}||{B}|]", 1), (f"{A}|{B}|]", 0), (f"{A}||{A[:31]}|]", 0), (f"{A}|{B}||{A}|]", 1)]
)
def test_square_tunes_have_parts_of_8_or_16_bars(music: str, square: float):
    assert of(music).measures["square"] == square


def test_bars_that_return():
    measures = of(f"{A}|]").measures
    assert measures["returns"] == pytest.approx(3 / 8)  # bars 3, 5 and 6
    assert of(f"{A}||{A}|]").measures["returns"] == pytest.approx(11 / 16)
    assert of("DEFG ABcd|DEFG ABcA|defg abc'd'|]").measures["variants"] == pytest.approx(1 / 3)


def test_similarity_is_the_time_that_two_bars_share():
    reading = read(HEAD + "D4 F4|D4 G4|D2D2 F4|z4 F4|d4 e4|]")
    bars = [[note for note in reading.notes if note.bar == number] for number in range(5)]
    np.testing.assert_allclose(self_similarity(bars)[0], [1, 0.5, 0.5, 0, 0])


def test_cadences():
    assert of(f"{A}|]").measures["tonic"] == 1
    assert of(f"{A}|A8|]").measures["tonic"] == 0
    assert of(f"{A}||{B}|]").measures["half"] == 1  # both fourth bars end on A and E
    assert of(f"{B}|]".replace("d4 e4", "e4 d4")).measures["half"] == 0


def test_pick_ups_add_up_with_the_last_bar():
    assert of(f"FE|{A[:-6]}|d6:|").measures["adds_up"] == 1
    assert of(f"FE|{A}:|").measures["adds_up"] == 0
    assert np.isnan(of(f"{A}:|").measures["adds_up"])


def test_melody():
    measures = of("DEFG Aa^ad|D4 d4|]").measures
    assert measures["in_key"] == pytest.approx(9 / 10)
    assert measures["range"] == 20
    assert measures["leaps"] == pytest.approx(4 / 9)
    assert of(f"{A}:|").measures["repeats"] == 1


@pytest.mark.parametrize(
    "text", ["", HEAD, HEAD + "D", "X:1\nT:x\nM:none\nL:1/8\nK:D\nDEFG|", HEAD[:-4] + "K:none\nDEFG|"]
)
def test_there_is_not_always_a_form(text: str):
    assert form(read(text)) is None


@cache
def human(name: str) -> list[Reading]:
    return [r for tune in parse(find_sources(name)).tunes[::5] if (r := read(tune)).well_formed]


def test_human_tunes_have_form():
    summary = summarize(human("ryan"))
    assert summary["with_form"] == len(human("ryan"))
    assert set(MEASURES) < set(summary)
    assert summary["square"] > 0.6 and summary["tonic"] > 0.6 and summary["in_key"] > 0.95
    assert 0.2 < summary["returns"] < 0.5 and summary["repeats"] > 0.7
    assert 0.02 < summary["square_high"] - summary["square_low"] < 0.2


def test_no_tune_is_a_tune_without_form():
    summary = summarize([read(""), read(HEAD + f"{A}||{B}|]")])
    assert summary["square"] == 0.5 and summary["returns"] > 0.3
    assert summarize([])["square"] is None


@pytest.mark.parametrize(
    ("music", "scheme"),
    [
        (f"|:{A}:|\n|:{B}:|", "|: A A' :| |: B B' :|"),
        (f"{A}||{B}|]", "A A' | B B' |"),
        (f"|:{A}:|{A}||", "|: A A' :| A A' |"),
        (f"FE|{A[:-6]}|d6:|", "|: A A' :|"),  # a pick-up is no bar of a phrase
        (f"{A}|{B[:18]}|]", "A A' B |"),  # two bars more are a short phrase
        ("|:DEFG A4:|", "|: A :|"),
    ],
)
def test_the_scheme_has_a_letter_for_each_phrase(music: str, scheme: str):
    assert of(music).scheme == scheme


def test_borders_are_the_first_bars_of_parts():
    assert of(f"|:{A}:|\n|:FE|{B}:|\n|:{A}:|").borders == (8, 17)


def test_phrases_that_return():
    assert of(f"|:{A}:|\n|:{B}:|").measures["phrases"] == pytest.approx(2 / 3)
    assert np.isnan(of("|:D8|E8|F8:|").measures["phrases"])
