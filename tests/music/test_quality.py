from collections import Counter
from math import log2, sqrt

import pytest

from charrnn.music.notation import read
from charrnn.music.quality import jensen_shannon, measure, summarize

HEAD = "X:1\nT:Test\nM:C\nL:1/8\nK:C\n"
SCALE = HEAD + "CDEF GABc|" * 3
BROKEN = "X:1\nT:Test\nM:C\nL:1/8\nC2#C2 G,4|C2|C8|"


def test_a_tune_is_measured():
    measures = measure(read(HEAD + "C2 D2 ^F C3|{d}[CE]8|" + "C8|" * 12))
    assert measures == {
        "well_formed": True,
        "faults": [],
        "first_problem": None,
        "key_missing": False,
        "notes": 19,
        "junk_per_100_notes": 0,
        "bar_fit": 1,
        # 2 2 1 3 8 8 …: thirteen of seventeen are 8, two are 2.
        "length_entropy": pytest.approx(13 / 17 * log2(17 / 13) + 2 / 17 * log2(17 / 2) + 2 / 17 * log2(17)),
        "same_length": 13 / 16,
        # C D F# C E C …
        "interval": (2 + 4 + 6 + 4 + 4) / 16,
        "stepwise": 1 / 16,
    }


def test_a_broken_tune_is_measured_too():
    measures = measure(read(BROKEN, strict=True))
    assert measures["faults"] == ["K", "junk", "few notes", "bar fit"]
    assert measures["first_problem"] == "no K:"
    assert measures["key_missing"] is True
    assert measures["junk_per_100_notes"] == 20
    assert measures["bar_fit"] == 2 / 3
    assert measures["interval"] == (0 + 5 + 5 + 0) / 4


@pytest.mark.parametrize("text", ["", "K:C", "X:1\nT:words\nM:C\nK:C\nz8|"])
def test_what_has_no_notes_has_no_rates(text: str):
    measures = measure(read(text))
    rates = ("junk_per_100_notes", "length_entropy", "same_length", "interval", "stepwise")
    assert [measures[name] for name in rates] == [None] * 5
    assert measures["notes"] == 0


def test_one_note_is_as_even_as_can_be():
    measures = measure(read(HEAD + "C8|"))
    assert (measures["length_entropy"], measures["same_length"]) == (0, None)


def test_a_collection_is_summed_up_over_all_its_notes():
    summary = summarize([read(SCALE), read(SCALE), read(BROKEN, strict=True)])
    assert summary["tunes"] == 3
    assert summary["well_formed"] == 2 / 3
    assert summary["faults"] == {"K": 1, "junk": 1, "few notes": 1, "bar fit": 1}
    assert summary["first_problem"] == {"no K:": 1}
    assert summary["key_missing"] == 1 / 3
    assert summary["notes"] == 53 / 3
    assert summary["junk_per_100_notes"] == 100 / 53
    assert summary["bar_fit"] == 8 / 9
    assert summary["without_bar_fit"] == 0
    histograms = summary["histograms"]
    assert histograms["pitch_class"] == {"0": 16, "2": 6, "4": 6, "5": 6, "7": 7, "9": 6, "11": 6}
    assert histograms["length"] == {"1/8": 48, "1/4": 3, "1/2": 1, "1": 1}
    assert histograms["interval"] == {"-12": 4, "-5": 1, "0": 2, "1": 12, "2": 30, "5": 1}
    assert "distance" not in summary


def test_a_collection_is_held_against_another():
    distance = summarize([read(SCALE)], reference=[read(SCALE), read(SCALE)])["distance"]
    assert distance == {"pitch_class": 0, "length": 0, "interval": 0}
    distance = summarize([read(HEAD + "C8|")], reference=[read(HEAD + "^C4 ^C4|")])["distance"]
    assert distance == {"pitch_class": 1, "length": 1, "interval": None}


def test_voices_are_neighbours_of_themselves_alone():
    measures = measure(read(HEAD + "[V:1]C4 D4|[V:2]c4 d4|[V:1]E8|"))
    assert measures["interval"] == 2


def test_the_distance_of_histograms():
    assert jensen_shannon(Counter("ab"), Counter("aabb")) == 0
    assert jensen_shannon(Counter("a"), Counter("b")) == 1
    assert jensen_shannon(Counter(), Counter("b")) is None
    # a: 1 against 1/2, b: 0 against 1/2.
    expected = sqrt((log2(4 / 3) + log2(2 / 3) / 2 + log2(2) / 2) / 2)
    assert jensen_shannon(Counter("a"), Counter("ab")) == pytest.approx(expected)
