"""One melody in two keys, spellings or rhythms is one melody."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from charrnn.music.canonical import LeftOut, canonical, transposed
from charrnn.music.corpus import find_sources, parse
from charrnn.music.splits import near_duplicates, split
from charrnn.music.twins import LEAST, SHARE, interval_runs, twins

HEAD = "X:1\nT:x\nM:4/4\nL:1/8\nK:D\n"
MELODY = "DFAd fdAF|GBdg fdec|dcBA GFED|EFGA BAGF|Aagf edcB|A2cA GECE|D2FA d2fd|e2ce d4|"


def alike(one: str, other: str) -> bool:
    return len(twins([HEAD + one, HEAD + other])) == 1


@pytest.mark.parametrize(
    "other",
    [
        MELODY,
        "GBdg bgdB|ceg'c' bgaf|gfed cBAG|ABcd edcB|dd'c'b agfe|d2fd cAFA|G2Bd g2bg|a2fa g4|".replace("g'c'", "c'c'"),
        MELODY.replace("DFAd", "D>FA>d"),
        MELODY.replace("d", "d2").replace("A", "A/"),
        MELODY.replace("DFAd", '"D"D{ga}F[FA]!trill![Fd]'),
        MELODY.replace("Aagf edcB", "zzzz zzzz"),
    ],
)
def test_one_melody_has_twins(other: str):
    assert alike(MELODY, other)


def test_other_melodies_have_none():
    assert not alike(MELODY, "".join(reversed(MELODY)))
    assert not alike(MELODY, "D8|" * 40)
    assert not alike(MELODY[:20], MELODY[:20])  # a phrase is no melody
    assert twins([]).shape == twins([HEAD]).shape == (0, 2)


def test_scale_runs_that_everyone_has_link_nobody():
    scale = "CDEFGABcdefgab" * 3 + "CEG" * 8
    assert len(twins([HEAD + scale] * 2)) == 1
    assert len(twins([HEAD + scale] * 201)) == 0


@cache
def tunes(name: str) -> list[str]:
    return parse(find_sources(name)).tunes


def test_a_tune_moved_to_another_key_stays_on_one_side():
    some = []
    for tune in tunes("ryan")[:40]:
        try:
            some += [tune, transposed(canonical(tune), "Bb")]
        except LeftOut:
            continue
    groups = near_duplicates(some)
    assert [groups[i] == groups[i + 1] for i in range(0, len(some), 2)] == [True] * (len(some) // 2)


def test_pairs_are_those_of_a_comparison_one_by_one():
    some = tunes("ryan")[::4] + tunes("oneill")[::9]
    of_tune = [set(interval_runs(tune).tolist()) for tune in some]
    expected = {
        (i, j)
        for (i, one), (j, other) in combinations(enumerate(of_tune), 2)
        if len(one & other) >= max(LEAST, SHARE * min(len(one), len(other)))
    }
    assert {tuple(pair) for pair in twins(some).tolist()} == expected
    assert expected


def test_no_validation_tune_of_ryans_has_a_twin_in_training():
    parts = split(tunes("ryan"), "tunes", 0)
    together = [*parts.train, *parts.val, *parts.test]
    side = np.repeat(np.arange(3), [len(parts.train), len(parts.val), len(parts.test)])
    assert all(side[i] == side[j] for i, j in twins(together).tolist())
