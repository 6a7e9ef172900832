"""The bundled collections: most are well-formed, and less so the more of their characters are wrong."""

import random
from functools import cache

import pytest

from benchmarks.notation import corrupted
from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import Reading, read


@cache
def collection(name: str) -> list[str]:
    return parse(find_sources(name)).tunes


@pytest.mark.parametrize(("name", "share"), [("ryan", 0.94), ("oneill", 0.94), ("aird", 0.96)])
def test_human_tunes_are_well_formed(name: str, share: float):
    readings = [read(tune) for tune in collection(name)]
    assert sum(r.well_formed for r in readings) >= share * len(readings)
    assert sum(len(r.notes) for r in readings) > 80 * len(readings)


@pytest.mark.parametrize("name", ["ryan", "oneill", "aird"])
def test_the_more_is_wrong_the_more_junk_is_found(name: str):
    tunes = collection(name)[::7]
    alphabet = sorted(set("".join(collection(name))))
    chance = random.Random(0)

    def measured(rate: float) -> tuple[float, float]:
        readings: list[Reading] = [read(corrupted(tune, rate, chance, alphabet)) for tune in tunes]
        junk = 100 * sum(r.junk for r in readings) / sum(len(r.notes) for r in readings)
        return junk, sum(r.well_formed for r in readings) / len(readings)

    junk, well_formed = zip(*map(measured, (0, 0.02, 0.1, 0.3)), strict=True)
    assert list(junk) == sorted(set(junk))
    assert well_formed[1] < 0.25
    assert well_formed[2] < 0.02
