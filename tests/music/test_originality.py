import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.music.originality import COPY, Training, suffix_array, summarize

HEAD = "X:1\nT:Test\nM:C\nK:C\n"
ONE = "CDEF GABc|dcBA GFED|"
OTHER = "E2GE cEGE|F2AF d4|G2BG fBGB|"


@given(st.one_of(st.text("ab", max_size=60), st.text(max_size=30)))
def test_suffixes_stand_in_their_order(text: str):
    assert suffix_array(text) == sorted(range(len(text)), key=lambda at: text[at:])


@given(st.text("abc|", max_size=80), st.lists(st.text("abc|", min_size=1, max_size=60), min_size=1, max_size=4))
def test_what_is_copied_is_what_a_naive_search_finds(music: str, bodies: list[str]):
    found = Training([HEAD + body for body in bodies]).originality(HEAD + music)

    def has(run: str) -> bool:
        return any(run in body for body in bodies)

    runs = [music[a:b] for a in range(len(music)) for b in range(a + 1, len(music) + 1)]
    assert found["copied"] == max((len(run) for run in runs if has(run)), default=0)
    windows = [music[a : a + COPY] for a in range(len(music) - COPY + 1)]
    assert found["copied_share"] == (sum(map(has, windows)) / len(windows) if windows else None)


def test_a_training_tune_is_wholly_copied():
    found = Training([HEAD + OTHER, HEAD + ONE]).originality(HEAD.replace("Test", "Mine") + ONE)
    assert found == {"copied": len(ONE), "copied_share": 1, "nearest": 1, "similarity": 1}


def test_a_collection_is_summed_up():
    training = Training([HEAD + ONE, HEAD + OTHER])
    assert summarize([training.originality(HEAD + body) for body in (ONE, "a2a2a2", "z")]) == {
        "copied": 1,
        "copied_most": len(ONE),
        "copied_share": 1,
        "similarity": 1 / 3,
        "near_duplicates": 1 / 3,
    }
    assert summarize([])["copied"] is None


def test_headers_are_no_music():
    found = Training([HEAD + ONE]).originality(HEAD + "a2b2c'2d'2|")
    assert found["copied"] < 3
    assert (found["nearest"], found["similarity"]) == (None, 0)


def test_a_run_does_not_reach_from_one_tune_into_the_next():
    training = Training([HEAD + ONE, HEAD + OTHER])
    assert training.originality(HEAD + ONE + OTHER)["copied"] == max(len(ONE), len(OTHER))
    assert training.originality(HEAD + ONE + "\x03" + OTHER)["copied"] == max(len(ONE), len(OTHER))


@pytest.mark.parametrize("text", ["", "X:1", "\0", "é" * 50, "\ud800"])
def test_any_text_has_its_originality(text: str):
    assert Training([HEAD + ONE]).originality(text)["similarity"] == 0


def test_three_hundred_tunes_against_as_much_as_a_collection():
    chance = random.Random(0)
    tunes = [HEAD + "".join(chance.choice("CDEFGABcdefg2|") for _ in range(400)) for _ in range(1100)]
    start = time.process_time()
    training = Training(tunes)
    for tune in tunes[:300]:
        assert training.originality(tune)["copied"] == 400
    assert time.process_time() - start < 10
