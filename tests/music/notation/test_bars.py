from fractions import Fraction

import pytest
from tunes import names, tune

from charrnn.music.notation.bars import divides, repeats
from charrnn.music.notation.playing import order, played


def bars(body: str, **header: str) -> str:
    """Of every bar its length in eighths and its kind."""
    return " ".join(f"{bar.length * 8}{bar.kind}" for bar in tune(body, **header).bars)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C8|D8|", "8full 8full"),
        ("C2|C8|D6|]", "2pick-up 8full 6last"),
        ("C2|C8|D4|D8|E8|", "2pick-up 8full 4wrong 8full 8full"),
        ("C8|D9|E8", "8full 9wrong 8full"),
        ("C9|D8|E9|", "9wrong 8full 9wrong"),
        ("|:C2|C8|D6:|\n|:E2|D8|C6:|", "2pick-up 8full 6repeat 2repeat 8full 6last"),
        ("C2|C8|D6::E2|D8|C6:|", "2pick-up 8full 6repeat 2repeat 8full 6last"),
        ("C2|C8|D6||E2|D8|C6|]", "2pick-up 8full 6repeat 2repeat 8full 6last"),
        ("C8|1 C6:|2 D8|]", "8full 6ending 8full"),
        ("C8|C4|1 D4:|2 D4|E8|", "8full 4ending 4ending 4ending 8full"),
        ("C8|\n|D8||\n||E8|]", "8full 8full 8full"),
        ("C8|D4[1D4:|[2D4|E8|", "8full 4ending 4ending 4ending 8full"),
        ("C4 .| D4 | E4 .| F4 | G8.|A8", "8full 8full 8full 8full"),
        ("C4.|D8.|E4|", "16wrong"),
        ("[M:none]C4.|D4|E4|", "8free 4free"),
        ("C4.||D4.:|", "4pick-up 4last"),
        ("C8\nD8|E8\n|F8", "8full 8full 8full 8full"),
        ("C8\\\nD8|", "16wrong"),
        ("C6\nC2|D8|", "8full 8full"),
        ("C8|D8|E6|\nF2|G8|", "8full 8full 6split 2split 8full"),
        ("C8|D8|E6|\nF4|G8|", "8full 8full 6wrong 4wrong 8full"),
        ("C8|D8|E6|F2|G8|", "8full 8full 6wrong 2wrong 8full"),
        ("C8|D6|\n|:E2|F8:|", "8full 6repeat 2repeat 8full"),
        ("Z2|C8|X|", "16full 8full 8full"),
        ("C8 & E8 | C8 & E2 |", "8full 8full"),
        ("C8|[M:3/4]C6|\nM:C|\nC8|", "8full 6full 8full"),
        ("C8|\nM:none\nC5|C3|", "8full 5free 3free"),
        ("(3CDE C2 C4|", "8full"),
        ("{CDE}C8|C8{DE}|", "8full 8full"),
        ("", ""),
        ("|||:|]", ""),
    ],
)
def test_bars_are_held_against_the_meter(body: str, expected: str):
    assert bars(body) == expected


def test_a_bar_knows_where_it_stands():
    reading = tune("|:C8|1 D8:|2 [M:3/4]E6|]")
    at = reading.text.index("|:")
    first, second, third = reading.bars
    assert [bar.position - at for bar in (first, second, third)] == [2, 7, 20]
    assert [bar.onset for bar in (first, second, third)] == [0, 1, 2]
    assert [bar.expected for bar in (first, second, third)] == [1, 1, Fraction(3, 4)]
    assert [(bar.opening, bar.ending, bar.closing) for bar in (first, second, third)] == [
        ("|:", (), "|"), ("|", (1,), ":|"), (":|", (2,), "|]")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "fit"),
    [("C8|D8|", 1), ("C8|D7|E8|F8|", 0.75), ("C2|D8|E6|", 1), ("C2|", None), ("", None), ("[M:none]C2|D8|E6|", None)],
)
def test_bar_fit_is_the_share_of_full_bars(body: str, fit: float | None):
    assert tune(body).bar_fit == fit


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("|", (0, 0)), ("||", (0, 0)), ("|]", (0, 0)), ("|:", (0, 1)), (":|", (1, 0)), ("::", (1, 1)), (":|:", (1, 1)),
        (":||:", (1, 1)), (":| |:", (1, 1)), ("| :|", (1, 0)), ("::|", (2, 0)), ("|::", (0, 2)), (":|]", (1, 0)),
        ("[|:", (0, 1)), ("[|]:|", (1, 0)), ("||:", (0, 1)), ("|:|", (0, 1)), (":[|]", (1, 0)), ("", (0, 0)),
    ],
)  # fmt: skip
def test_bar_lines_repeat_what_is_before_and_behind_them(lines: str, expected: tuple[int, int]):
    assert repeats(lines) == expected


def test_every_line_but_the_plain_one_divides():
    assert [divides(line) for line in ("", "|", "| |", ".| [|]", "||", "|]", ":|", "| |:")] == [False] * 4 + [True] * 4


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A|B|", "AB"),
        ("|:A|B:|C|", "ABABC"),
        ("A|B:|C|", "ABABC"),
        ("A|:B:|C|", "ABBC"),
        ("A:|B:|C|", "AABBC"),
        ("A:|\nB:|C|", "AABBC"),
        ("bA:[|]B:[|]C|", "bbBBC"),
        ("A::B:|", "AABB"),
        ("|:A:||:B:|", "AABB"),
        ("A||B:|C", "ABBC"),
        ("|:A||B:|C", "ABABC"),
        ("|:A|]B:|C|D:|", "ABABCDCD"),
        ("|:A|1 B:|2 C|]D", "ABACD"),
        ("A|1 B:|2 C:|D|1 E:|2 F|]", "ABACDEDF"),
        ("A|[1 B:|[2 C||D:|", "ABACDD"),
        ("A [1 B:| [2 C||", "ABAC"),
        ("A|1,3 B:|2 C:|", "ABACAB"),
        ("A|1-2 B:|3 C|]", "ABABAC"),
        ("A|1 B:|C|]", "ABAC"),
        ("A:|2 B|]", "AAB"),
        ("A|1 B|2 C|]D", "ABACD"),
        ("A|1 B:|3 C|]D", "ABACD"),
        ("A|2 B|]C", "ABC"),
        ("|::A::|B", "AAAB"),
        ("|:A|B", "AB"),
        ("|:A|1 B|c:|2 C|d||e:|", "ABcACdee"),
    ],
)
def test_repeats_and_endings_are_played_out(body: str, expected: str):
    reading = tune(body)
    letters = [reading.text[bar.position] for bar in reading.bars]
    assert "".join(letters[i] for i in order(reading.bars)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("|:C2-|C2:|", "C4@0:4 C4@4:4"),
        ("C2-C2-|C2 D", "C4@0:6 D4@6:1"),
        ("[CE]-[CE]2", "C4@0:3 E4@0:3"),
        ("C-D", "C4@0:1 D4@1:1"),
        ("{D}C z E", "C4@0:1 E4@2:1"),
        ("[V:1]E2[V:2]C2", "C4@0:2 E4@0:2"),
        ("|:C:|z D", "C4@0:1 C4@1:1 D4@3:1"),
    ],
)
def test_ties_are_joined_and_grace_notes_left_out(body: str, expected: str):
    sounding = played(tune(body))
    assert " ".join(f"{names([n])}@{n.onset * 8}:{n.duration * 8}" for n in sounding) == expected
