"""What is said of every character: held against the tune with marks below it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.music.features import GRADED, NAMES, WORDS, features

HEADER = "X:1\nT:The Broken Pledge\nM:C|\nL:1/8\nK:Gm\n"
MUSIC = '|: "Am"A2 [ce]g (3abc (de)|{d}f2 [K:D] (3[ac]^f,g2 a4 || d8 :|'
TUNE = HEADER + MUSIC


def shown(name: str, text: str = TUNE) -> str:
    """A letter for every character: 1 or 0, a blank where nothing is said."""
    return "".join(" " if np.isnan(v) else f"{v:.0f}" for v in features(text)[name])


def music(name: str) -> str:
    return shown(name)[len(HEADER) :].replace("0", ".")


MARKED = {
    "tune":       MUSIC,
    "chord_name": "...111........................................................",
    "chord":      "..........111............................111..................",
    "tuplet":     "................11111..................1111111111.............",
    "slur":       "......................111.....................................",
    "bar_line":   ".........................1..........................11....11..",
    "part_end":   "...........................111111111111111111111111111..1111..",
    "octave":     "       4   55 5   555  55   5 5           55 4445  5     5    ",
}  # fmt: skip


@pytest.mark.parametrize("name", list(MARKED)[1:])
def test_a_feature_of_the_music_holds_between_its_signs(name: str):
    assert music(name) == MARKED[name]


def test_a_feature_of_the_header_says_nothing_of_the_music():
    # the line feed behind K: already belongs to the music
    assert shown("header") == "1" * (len(HEADER) - 1) + "0" * (len(MUSIC) + 1)
    assert shown("colon").count("1") == TUNE.count(":") == 5 + 3
    for name in ("field_colon", "long_word", "title", "key"):
        assert shown(name)[len(HEADER) - 1 :].strip() in ("", "0")
    assert shown("field_colon")[: len(HEADER) - 1] == "".join("01"[c == ":"] for c in HEADER[:-1])
    assert [c for c, on in zip(HEADER, shown("long_word"), strict=False) if on == "1"] == [*"BrokenPledge"]
    assert [c for c, on in zip(HEADER, shown("title"), strict=False) if on == "1"] == [*":The Broken Pledge"]
    assert [c for c, on in zip(HEADER, shown("key"), strict=False) if on == "1"] == [*":Gm"]


def test_what_is_ahead_and_what_is_behind():
    assert shown("line_end", "X:1\nK:C\nabcd") == "1110" + "1110" + "0111"
    assert list(features("ab  c\nd")["since_blank"]) == [1, 2, 0, 0, 1, 0, 1]
    position = features("M:4/4\nL:1/4\nK:C\nABcd|ef")["bar_position"]
    assert list(position[-7:]) == [0, 0.25, 0.5, 0.75, 0, 0, 0.25]


def test_every_feature_has_a_name_and_two_values_unless_it_is_graded():
    found = features(TUNE)
    assert tuple(found) == NAMES == tuple(WORDS)
    for name, values in found.items():
        assert values.shape == (len(TUNE),) and values.dtype == np.float32
        assert name in GRADED or set(values[~np.isnan(values)]) == {0, 1}, name


@given(st.text(alphabet='X:1TKM4/L8GABcd2[]{}()|"^_,\n ([K:]3!+', max_size=80))
def test_no_text_makes_it_raise(text: str):
    assert all(len(values) == len(text) for values in features(text).values())


@pytest.mark.parametrize("text", ["", "\n", "K:C", '"', "(3", "[", ":|"])
def test_fragments(text: str):
    assert all(len(values) == len(text) for values in features(text).values())
