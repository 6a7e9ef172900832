"""Where a tune stands: what is known after each character agrees with what our reader finds in the whole tune."""

import random
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import pytest

from charrnn.music.canonical import LeftOut, canonical
from charrnn.music.context import WHOLE, Context, Repeat
from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import read
from charrnn.music.notation.bars import divides
from charrnn.music.notation.lexer import State, tokens

HEAD = "X:1\nT:A tune\nR:reel\nM:4/4\nL:1/8\nK:D\n"


def after(text: str) -> Context:
    context = Context()
    for character in text:
        context.read(character)
    return context


def left(music: str) -> Fraction:
    """What the bar lacks after `music`, in units of 1/8."""
    found = after(HEAD + music).left
    assert found is not None
    return Fraction(found, WHOLE // 8)


@pytest.mark.parametrize(
    ("music", "units"),
    [
        ("", 8), ("A", 7), ("A3", 5), ("A3/", Fraction(13, 2)), ("A3/4", Fraction(29, 4)), ("A/", Fraction(15, 2)),
        ("A>", Fraction(13, 2)), ("A>B", 6), ("A<", Fraction(15, 2)), ("A<B", 6), ("A>>B", 6), ("z4", 4),
        ("(3A", Fraction(22, 3)), ("(3ABc", 6), ("(3:2:4ABcd", Fraction(16, 3)), ("(5:4:5A/B/c/d/e/", 6),
        ("ABcd efga", 0), ("ABcd efga|", 8), ("A8-|A", 7), ("A8B", -1), ("^A,2", 6), ("A8|[M:3/4]", 6), ("A8|\n", 8),
        ("A8|[K:G]A", 7), ("A8|1 B4", 4), ("A8|1 B4:|2 c", 7),
    ],
)  # fmt: skip
def test_what_the_bar_lacks(music: str, units: int):
    assert left(music) == units


@pytest.mark.parametrize(
    ("music", "bar", "part"),
    [
        ("A8|", 1, 0), ("A2|", 0, 0), ("A2|B8|", 1, 0), ("|:A8|B8|", 2, 0), ("A8|B8:|", 0, 1), ("A8|B8:|\n|:", 0, 1),
        ("A8|B8||\nc2", 0, 1), ("A8|B8||\nc2|d8|e8|", 2, 1), ("A8|B8|1 c8:|", 0, 1), ("A8|B8|1 c8:|2", 2, 0),
        ("A8|B8|1 c8:|2 d8||", 0, 1), ("A8|B8|1 c8|d8:|2 e8|", 3, 0), ("A8|]", 0, 1),
    ],
)  # fmt: skip
def test_bars_and_parts_are_counted(music: str, bar: int, part: int):
    context = after(HEAD + music)
    assert (context.bar, context.part) == (bar, part)


@pytest.mark.parametrize(
    ("music", "repeat"),
    [
        ("A8|B8|", Repeat.NONE), ("|:A8|", Repeat.BEGUN), ("|:A8|B8:", Repeat.BEGUN), ("|:A8:|", Repeat.NONE),
        ("A8:|\n|:", Repeat.BEGUN), ("A8::B8|", Repeat.BEGUN), ("|:A8|1 B8|", Repeat.FIRST_ENDING),
        ("|:A8|1 B8:|", Repeat.SECOND_DUE), ("|:A8|1 B8:|2", Repeat.SECOND_ENDING),
        ("A8|1 B8:|2 C8|", Repeat.SECOND_ENDING),
        ("A8|1 B8:|2 C8||", Repeat.NONE), ("A8|1 B8:|2 C8|]", Repeat.NONE), ("A8|1 B8:|2 C8|\n|:", Repeat.BEGUN),
        ("|:A8||", Repeat.BEGUN), ("A8|1 B8:|\nC8|", Repeat.NONE),
    ],
)  # fmt: skip
def test_what_is_to_be_closed(music: str, repeat: Repeat):
    assert after(HEAD + music).repeat is repeat


@pytest.mark.parametrize(
    ("music", "units"),
    [("A2|B8|", 2), ("A2|B8|c6:|", 0), ("|:A8|B8|", 0), ("A2|B8|c6:|\n|:d|e8|", 1), ("A2|B8|1 c6:|2 ", 2)],
)
def test_the_pick_up_of_the_part(music: str, units: int):
    assert after(HEAD + music).pick_up == units * WHOLE // 8


def test_the_header_says_key_meter_and_rhythm():
    context = after(HEAD[:-1])
    assert not context.in_music
    context.read("\n")
    assert (context.in_music, context.tonic, context.mode) == (True, "D", "maj")
    assert (context.meter, context.rhythm, context.degree) == ("4/4", "reel", None)
    assert [after(HEAD + note).degree for note in ("D", "d,", "^c", "A2", "A2|z")] == [0, 0, 6, 4, 4]
    assert after(HEAD + "A[K:Gm]").tonic == "G"


def test_what_stood_some_bars_ago_is_what_came_next():
    music = "ABcd efga|DEFG ABcd|ABcd "
    context = after(HEAD + music)
    assert [context.stood(bars) for bars in (1, 2, 3)] == ["A", "e", ""]
    assert after(HEAD + "A2Bc d4|D2").stood(1) == "B"
    assert after(HEAD + "A2Bc d4|DE").stood(1) == ""  # behind a digit, not behind a note
    assert after(HEAD + "A2Bc d4|D4").stood(1) == ""  # at another place


def test_bars_ago_count_whole_bars_over_pick_ups_and_endings():
    first = "AB|" + "|".join(f"{c}4 {c}4" for c in "CDEFGAB") + "|c6:|\n"
    assert after(HEAD + first + "|:de|").stood(8) == "C"
    endings = "|".join(f"{c}4 {c}4" for c in "CDEFGAB") + "|1 c4 c4:|2 "
    assert after(HEAD + endings + "e4").stood(4) == after(HEAD + "C4 C4|D4 D4|E4 E4|F4 F4|1 G4").stood(1) == " "
    assert after(HEAD + endings + "e4 e4||\n").stood(8) == "C"


def state(context: Context) -> tuple:
    stood = tuple(context.stood(bars) for bars in range(1, 9))
    return context.in_music, context.left, context.bar, context.part, context.degree, stood


@pytest.mark.parametrize(
    "text", ["", "]", "|||||", "K:\nA", HEAD + "(0A(9:0:0B", HEAD + "A999999999/0B", HEAD + "[[1:|2"]
)
def test_nothing_that_a_network_may_write_stops_it(text: str):
    assert state(after(text)) is not None


@pytest.mark.parametrize("seed", range(20))
def test_no_noise_stops_it(seed: int):
    chance = random.Random(seed)
    after(HEAD + "".join(chance.choices("ABcd|:[]()12/<>-,'^_=zZ\n KM&{}\"!.+%", k=400)))


@cache
def tunes(name: str) -> list[str]:
    return parse(find_sources(name)).tunes


def some(name: str, step: int) -> Iterator[str]:
    for tune in tunes(name)[::step]:
        try:
            yield canonical(tune)
        except LeftOut:
            continue


def check(text: str) -> None:
    context, lefts, bars = Context(), [], []
    for character in text:
        context.read(character)
        lefts.append(context.left)
        bars.append(context.bar)
    reading = read(text)
    is_open = any(problem.expected == "a :| after it" for problem in reading.problems)
    assert (context.repeat is Repeat.BEGUN) == is_open, text
    ends = {}
    found = tokens(text)
    for i, (_, start, end) in enumerate(found):
        if i + 1 < len(found) and State.NUMERATOR <= found[i + 1][0] <= State.DENOMINATOR:
            end = found[i + 1][2]
        ends[start] = end + (text[end : end + 1] in ("<", ">"))
    complete = 0
    for number, bar in enumerate(reading.bars):
        if bar.ending and not bar.opening:  # an ending within a bar goes on with what the bar has
            return
        if divides(bar.opening) and not bar.ending:
            complete = 0
        if bar.ending and bar.ending[0] == 1:
            first_ending = complete
        elif bar.ending:
            complete = first_ending
        for note in reading.notes:
            if note.bar == number and bar.expected is not None:
                lacks = bar.expected - (note.onset + note.duration - bar.onset)
                assert lefts[ends[note.position] - 1] == lacks * WHOLE, text[: ends[note.position]]
                assert bars[note.position] == complete, text[: ends[note.position]]
        complete += complete > 0 or bar.length == bar.expected


@pytest.mark.parametrize("name", ["ryan", "oneill", "aird"])
def test_it_agrees_with_the_reader(name: str):
    for text in some(name, 40):
        check(text)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ryan", "oneill", "aird", "essen"])
def test_it_agrees_with_the_reader_on_every_tune(name: str):
    for text in some(name, 1):
        check(text)
