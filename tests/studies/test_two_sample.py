"""Whether a small model can tell two sets of tunes apart."""

import random
from functools import cache

from charrnn.music.canonical import LeftOut, canonical
from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import Reading, read
from charrnn.studies.two_sample import ENOUGH, tell_apart

HEAD = "X:1\nT:x\nM:4/4\nL:1/8\nK:C\n"


@cache
def human(count: int = 160) -> list[Reading]:
    readings = []
    for tune in parse(find_sources("ryan")).tunes[: 2 * count]:
        try:
            readings.append(read(canonical(tune), strict=True))
        except LeftOut:
            continue
    random.Random(0).shuffle(readings)
    return readings[:count]


def random_tunes(count: int) -> list[Reading]:
    chance = random.Random(0)
    bar = lambda: "".join(chance.choice("CDEFGABcdefg") for _ in range(8))  # noqa: E731
    return [read(HEAD + "|".join(bar() for _ in range(16)) + "|]", strict=True) for _ in range(count)]


def test_two_halves_of_human_tunes_are_not_told_apart():
    share = tell_apart(human()[::2], human()[1::2])
    assert share is not None
    assert share.low < 0.5 < share.high


def test_random_notes_are_told_from_tunes():
    share = tell_apart(random_tunes(60), human())
    assert share is not None
    assert share.low > 0.95
    assert share.n == 60 + len(human())


def test_tunes_without_form_count():
    broken = [read("X:1\nT:x\nABC", strict=True)] * 40
    share = tell_apart(broken, human())
    assert share is not None
    assert share.mean == 1


def test_few_tunes_say_nothing():
    assert tell_apart(human()[: ENOUGH - 1], human()) is None
