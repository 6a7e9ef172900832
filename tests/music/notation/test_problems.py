import random
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tunes import tune

from charrnn.music.notation import lyrics, played, read

TUNES = (Path(__file__).parents[2] / "tunes.abc").read_text(encoding="utf-8").split("\n\n")[1:]


def problems(body: str, **header: str) -> list[str]:
    """Kind@position in the body, and what was found."""
    reading = tune(body, **header)
    start = reading.text.index("\nK:C\n") + 5
    return [f"{p.kind}@{p.position - start} {p.found}" for p in reading.problems]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C8|#D8|", "junk@3 #"),
        ("2C8|", "junk@0 2"),
        ("^ C8|", "junk@0 ^"),
        ("C8|l|D8|", "junk@3 l"),
        ("C8|lmD8|", "junk@3 l"),
        ("lC8|", "unknown decoration@0 l"),
        ("C4\\D4|", "junk@2 \\"),
        ("C4: D4|", "junk@2 :"),
        ("[CE|D8|", "unclosed chord@0 ["),
        ("D8|[CE\nD8|", "unclosed chord@3 ["),
        ("D8]|", "unopened chord@2 ]"),
        ("[]8D8|", "empty chord@0 ["),
        ("{CE|D8|", "unclosed grace@0 {"),
        ("D8}|", "unopened grace@2 }"),
        ('"AmC7|', 'unclosed quote@0 "'),
        ("!fC8|", "unclosed decoration@0 !"),
        ("+f C8|", "unclosed decoration@0 +"),
        ("!!C8|", "unclosed decoration@0 !!"),
        ("[M:3/4\nC8|", "unclosed field@0 ["),
        ("(C8|", "unclosed slur@0 ("),
        ("C8)|", "unopened slur@2 )"),
        ("C>|D|", "broken rhythm@1 a bar line"),
        ("C4>", "broken rhythm@2 one note"),
        (">C8|", "broken rhythm@0 >"),
        ("C2>D4|", "broken rhythm@2 unequal lengths"),
        ("C>>>>D7|", "broken rhythm@1 >>>>"),
        ("(3C|D8|", "tuplet@0 a bar line"),
        ("(3C(3DEF", "tuplet@3 ("),
        ("(3|CDE", "tuplet@0 a bar line"),
        ("(3CD", "tuplet@0 1 notes too few"),
        ("(1C8|", "malformed tuplet@0 (1"),
        ("(10C8|", "malformed tuplet@0 (10"),
        ("(0C8|", "malformed tuplet@0 (0"),
        ("(3:0:2C8|", "malformed tuplet@0 (3:0:2"),
        ("(3:2:100C8|", "malformed tuplet@0 (3:2:100"),
        ("C/0|", "length@1 /0"),
        ("C0|", "length@1 0"),
        ("C1000|", "length@1 1000"),
        ("C/257|", "length@1 /257"),
        ("C//2|", "length@1 //2"),
        ("C99999999999999999999/7|", "length@1 99999999999999999999"),
        ("C,,,,,,,|", "pitch@0 C,,,,,,,"),
        ("-C8|", "tie@0 -"),
        ("C8-|D8|", "tie@0 -"),
        ("z8-|D8|", "tie@2 -"),
        ("C8|1, D8|", "ending@3 1,"),
        ("C8|10 D8|", "ending@3 10"),
        ("C8|0 D8|", "ending@3 0"),
        ("C8|2-1 D8|", "ending@3 2-1"),
        ("C>&D|", "broken rhythm@1 one note"),
        ("C8|2 D8|", "ending@5 2"),
        ("C8|1 D8|2 E8|", "ending@10 |"),
        ("C8|1 D8:|3 E8|", "ending@11 3"),
        ("C8|2 D8:|3 E8|", "ending@5 2"),
        ("C8|1 D8:|E8|", "ending@5 1"),
        ("C8|1 D8|E8||F8|", "ending@5 1"),
        ("C8|1 D8:|1 E8|", "ending@5 1"),
        ("v(CD)C6|", "decoration order@0 v"),
        ("u(((CD)))C6|", "decoration order@0 u"),
        ("~(3CDE C6|", "decoration order@0 ~"),
        ("T{c}C8|", "decoration order@0 T"),
        ('u"Am"C8|', "decoration order@0 u"),
        ("C8u|D8|", "decoration order@2 u"),
        ("C8v-|C8|", "decoration order@2 v"),
        ("Hy C8|", "decoration order@0 H"),
        ("|:C8|D8|", "repeat@2 |:"),
        ("|:C8|D8|:E8:|", "repeat@2 |:"),
        ("C8|D7|E8|", "bar length@3 7/8"),
        ("K:Xx\nC8|", "key@0 Xx"),
        ("M:4/0\nC8|", "meter@0 4/0"),
        ("[L:1/3]C8|", "unit length@1 1/3"),
        ("C8|\nA:here\nD8|", "misplaced field@4 A:"),
        ("[T:x]C8|", "misplaced field@1 T:"),
        ("e:x\nC8|", "junk@0 e:"),
        ("h:x\nC8|", "unknown field@0 h:"),
        ("C8|\n\nD8|", "blank line@4 a blank line"),
    ],
)
def test_every_problem_is_named_where_it_stands(body: str, expected: str):
    assert problems(body)[:1] == [expected]


def test_what_is_expected_is_said():
    problem = tune("C8|D7|E8|").problems[0]
    assert (problem.found, problem.expected) == ("7/8", "1")


MUSIC = "C2D2E2F2|" * 4


@pytest.mark.parametrize(
    ("text", "kinds", "faults"),
    [
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}", [], []),
        (f"X:1\nT:a\nM:none\nK:none\n{MUSIC}", [], []),
        (f"X:1\nT:a\nL:1/8\nM:C\nK:C\n{MUSIC}", [], []),
        (f"X:1\nT:a\nL:1/8\nK:C\n{MUSIC}", ["no meter"], []),
        (f"X:1\nT:a\nK:C\n{MUSIC}", ["no meter"], []),
        (f"X:1\nT:a\nK:C\nM:C\n{MUSIC}", [], []),
        (f"X:1\nT:a\nK:C\nV:1\nM:C\n{MUSIC}", [], []),
        (f"X:1\nT:a\nK:C\nV:1\nM:C\n{MUSIC}\nV:2\n{MUSIC}", ["no meter"], []),
        (f"X:1\nT:a\nK:C\n[M:C]{MUSIC}", [], []),
        (f"X:1\nT:a\nL:1/8\nK:C\nC|[M:C]{MUSIC}", ["no meter"], []),
        (f"T:a\nM:C\nK:C\n{MUSIC}", ["no X:"], ["X"]),
        (f"X:one\nT:a\nM:C\nK:C\n{MUSIC}", ["number"], ["X"]),
        (f"X:1\nX:2\nT:a\nM:C\nK:C\n{MUSIC}", ["second number"], ["X"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}\nX:2\n{MUSIC}", ["second number"], ["X"]),
        (f"T:a\nX:1\nM:C\nK:C\n{MUSIC}", ["field order"], []),
        (f"X:1\nM:C\nK:C\n{MUSIC}", ["no T:"], ["T"]),
        (f"X:1\nT: \nM:C\nK:C\n{MUSIC}", ["title"], ["T"]),
        (f"X:1\nT:a\nM:C\n{MUSIC}", ["no K:"], ["K"]),
        (f"X:1\nT:a\nM:C\n{MUSIC}\nK:C", ["no K:"], ["K"]),
        (f"X:1\nT:a\nM:C\nK:Cx\n{MUSIC}", ["key"], ["K"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}[K:H]", ["key"], ["K"]),
        (f"X:1\nT:a\nM:4/0\nK:C\n{MUSIC}", ["meter"], ["M"]),
        (f"X:1\nT:a\nM:C/l\nL:1/8\nK:C\n{MUSIC}", ["meter"], ["M"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}[M:C/l]CDE|", ["meter"], ["M"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}\nM:3/\nCDE|", ["meter"], ["M"]),
        (f"X:1\nT:a\nM:C\nL:1/7\nK:C\n{MUSIC}", ["unit length"], ["L"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}[L:1/7]", ["unit length"], ["L"]),
        (f"X:1\nT:a\nM:C\nQ:zz\nK:C\n{MUSIC}", ["tempo"], ["Q"]),
        (f"X:1\nT:a\nM:C\nK:C\n[Q:1/4=]{MUSIC}", ["tempo"], ["Q"]),
        (f"X:1\nT:a\nM:C\nP:A(B\nK:C\n{MUSIC}", ["part order"], ["P"]),
        (f"X:1\nT:a\nM:C\nV:\nK:C\n{MUSIC}", ["voice"], ["V"]),
        (f"X:1\nT:a\nM:C\nU:trill\nK:C\n{MUSIC}", ["user symbol"], ["U"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}[U:1]", ["user symbol"], ["U"]),
        (f"X:1\nT:a\nM:C\nm:x\nK:C\n{MUSIC}", ["macro"], ["m"]),
        (f"X:1\nT:a\nM:C\nw:la\nK:C\n{MUSIC}", ["misplaced field"], []),
        (f"X:1\nT:a\nM:C\nY:AB\nK:C\n{MUSIC}", ["unknown field"], []),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}\nJ:AB\n{MUSIC}", ["unknown field"], []),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}[Y:AB]", ["unknown field"], []),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}\ne:AB\n{MUSIC}", ["junk"], ["junk"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}#", ["junk"], ["junk"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}c''''''|", ["pitch"], ["pitch"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}|2 {MUSIC}", ["ending"], ["endings"]),
        (f"X:1\nT:a\nM:C\nK:C\n|1 {MUSIC}{MUSIC}", ["ending"], ["endings"]),
        (f"X:1\nT:a\nM:C\nK:C\n|:{MUSIC}", ["repeat"], []),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC[9:]}", [], []),
        ("X:1\nT:a\nM:C\nK:C\nz8|Z|", [], ["few notes"]),
        (f"X:1\nT:a\nM:C\nK:C\n{'CDE||' * 9}", [], ["bar fit"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC * 2}C|{MUSIC}", ["bar length"], []),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}C|{MUSIC}", ["bar length"], ["bar fit"]),
    ],
)  # fmt: skip
def test_a_tune_is_well_formed_or_it_is_said_why(text: str, kinds: list[str], faults: list[str]):
    reading = read(text)
    assert list(dict.fromkeys(p.kind for p in reading.problems)) == kinds
    assert reading.faults == faults
    assert reading.well_formed == (not faults)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC}", []),
        (f"X:1\nT:a\nM:none\nL:1/8\nK:C\n{MUSIC}", []),
        (f"X:1\nT:a\nK:C\nM:C\n{MUSIC}", []),
        (f"X:1\nT:a\nL:1/8\nK:C\n{MUSIC}", ["M"]),
        (f"X:1\nT:a\nL:1/8\nK:C\nC|[M:C]{MUSIC}", ["M"]),
        (f"X:1\nT:a\nM:\nL:1/8\nK:C\n{MUSIC}", ["M"]),
        (f"X:1\nT:a\nM:C\nL:1/8\nK:C\n{MUSIC}[M:]CDE|", ["M"]),
        (f"X:1\nT:a\nM:C\nhttp://a.b\nK:C\n{MUSIC}", ["header"]),
        (f"X:1\nT:a\nM:C\nK:C\n|:{MUSIC}", ["repeats"]),
        (f"X:1\nT:a\nM:C\nK:C\n{MUSIC[9:]}", ["few notes"]),
    ],
)
def test_of_a_composed_tune_more_is_asked(text: str, faults: list[str]):
    reading = read(text, strict=True)
    assert reading.strict
    assert reading.faults == faults
    assert read(text).well_formed


def test_the_header_is_read_with_its_places():
    header = read("X:7\r\nT:One\r\nT:Two\r\nM:6/8\r\nQ:1/4=100 % fast\r\nK:Dmix\r\nd3|").header
    assert (header.number, header.title, header.unit) == (7, "One", None)
    assert (header.key.tonic, header.key.mode, header.meter.bar * 8) == ("D", "mix", 6)
    assert [(f.letter, f.value, f.position) for f in header.fields] == [
        ("X", "7", 0), ("T", "One", 5), ("T", "Two", 12), ("M", "6/8", 19), ("Q", "1/4=100", 26), ("K", "Dmix", 44)
    ]  # fmt: skip


def test_music_before_the_key_is_read_all_the_same():
    reading = read("X:1\nT:a\nM:C\nCDEF|\nK:G\nF")
    assert [n.pitch for n in reading.notes] == [60, 62, 64, 65, 66]
    assert reading.header.key is None


@pytest.mark.parametrize(
    "line",
    ["http://a.b/c", "more of its history", "#", "T;b", "(after a manuscript)", " M:3/4", "M :3/4", "3 parts"],
)
def test_a_line_of_the_header_that_is_no_field_does_not_end_it(line: str):
    reading = read(f"X:1\nT:a\nH:its history\n{line}\nL:1/4\nK:D\nFCD|")
    assert [p.kind for p in reading.problems if p.kind != "no meter"] == ["header line"]
    assert (reading.header.unit, reading.header.key.tonic) == (Fraction(1, 4), "D")
    assert [n.pitch for n in reading.notes] == [66, 61, 62]
    assert (reading.header.meter is not None) == ("M" in line)


@pytest.mark.parametrize("text", ["X:1\nT:a\nCDE\n\nX:2\nK:D\nF", "X:1\nT:a\nCDE\nFGA"])
def test_without_a_key_to_come_a_line_without_a_letter_is_music(text: str):
    reading = read(text)
    assert [n.step for n in reading.notes][:3] == ["C", "D", "E"]
    assert reading.header.key is None


def test_what_is_too_long_is_said_to_be():
    reading = read("X:1\nT:a\nM:C\nK:C\n" + "C" * 200_000)
    assert [p.position for p in reading.problems if p.kind == "too long"] == [50_000]
    assert reading.notes[-1].position == 49_999


SIGNS = "ABCdefgzxZ0123456789/|:[](){}<>^_=',-\"!+.~&$`\\%\nKMLVTX uvh\r"
LINE = "X:1\nT:a\nM:4/4\nL:1/8\nK:C\n"
NASTY = [
    "", "\0", "\0" * 1000, "\n", "\r", "\r\n" * 5000, " ", "X", "X:", "K:", "M:4/0\nL:1/0\nK:\nC", "🎻" * 1000,
    "\ud800\udfff", LINE + "\ud83d", LINE + "\x85\u2028\x0b\x0c", LINE + "é" * 1000, LINE + "C" * 1_000_000,
    "C" * 1_000_000, " " * 1_000_000, LINE + "[" * 5000, LINE + "(" * 50_000, LINE + "{" * 5000, LINE + ")" * 5000,
    LINE + "]" * 5000, LINE + '"' * 5001, LINE + "!+" * 5000, LINE + "!" * 5001, LINE + "(3" * 5000,
    LINE + "(9:99:99" * 5000, LINE + "C>" * 5000, LINE + ">" * 50_000, LINE + "C-" * 5000, LINE + "C/0" * 5000,
    LINE + "C99999999999999999999/7", LINE + "C" + "9" * 45_000, LINE + "C" + "/" * 45_000, LINE + "C" + "," * 45_000,
    LINE + "".join(f"C/{n}" for n in range(1, 257)) * 60, LINE + "".join(f"[C/{n}]/{n}" for n in range(1, 257)) * 30,
    LINE + "".join(f"[V:{n}]C" for n in range(10_000)), LINE + "|" * 45_000, LINE + "|1-9 C:" * 10_000,
    LINE + "C|1 D:|2 " * 10_000, LINE + "|:C:" * 20_000, LINE + "|:C|D" * 5000 + ":" * 20_000 + "|",
    LINE + "[K:" * 20_000, LINE + "M:" + "9" * 50_000 + "/4",
    "M:" + "1+" * 40_000 + "1/8\nK:C\nC", "K:C" + " ^c" * 30_000, "X:" + "1" * 45_000, LINE + "& C " * 20_000,
    LINE + "!segno!" * 6000, LINE + "O" * 45_000, LINE + "u" * 45_000, LINE + "%%begintext\n" * 4000,
    "V:a\n" * 5000 + LINE + "".join(f"[V:{n}]C" for n in range(3000)), LINE + "K:C\n" * 6000 + "[V:1]C[V:2]C" * 2000,
    "P:(A99B99)\nX:1\nK:C\n" + "P:A\n" * 4000 + "".join(f"[V:{n}]C" for n in range(3000)),
    "P:A200\nX:1\nK:C\nP:A\n" + "C|" * 20_000, "X:1\n" + "a b\n" * 10_000 + "K:C\nC", "\n" * 40_000 + "K:C\nC",
    "Q:" + '"a" ' * 10_000 + "\nK:C\nC", "P:" + "(" * 20_000 + "A" + ")" * 20_000, LINE + "w:a-b_|*\n" * 4000,
    LINE + "C\nw:" + "|" * 40_000, LINE + " M :3/4\n" * 5000, "Q:" + " " * 40_000 + "x\nK:C\nC",
    LINE + "\\" * 5000, LINE + "A:\n" * 20_000, "%" * 45_000, "\n\n" * 40_000 + "C", LINE + "-" * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nothing_makes_the_reader_raise_or_wait(text: str):
    moments = [time.process_time()]
    reading = read(text)
    for stage in (played, lyrics):
        moments.append(time.process_time())
        stage(reading)
    moments.append(time.process_time())
    assert reading.faults and reading.well_formed is False
    assert max(end - start for start, end in pairwise(moments)) < 1


def test_two_thousand_mutated_tunes_are_read():
    chance = random.Random(0)
    longest = 0.0
    for _ in range(2000):
        text = list(chance.choice(TUNES))
        for _ in range(chance.randrange(1, 60)):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(3)] = chance.choice(
                (chance.choice(SIGNS), "", chr(chance.randrange(0x3000)))
            )
        start = time.process_time()
        read("".join(text))
        longest = max(longest, time.process_time() - start)
    assert longest < 1


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(SIGNS), st.text(SIGNS).map(LINE.__add__)))
def test_any_text_is_read(text: str):
    reading = read(text)
    assert all(n.onset >= 0 for n in played(reading))
    assert all(0 <= n.position < len(text) and n.duration > 0 and n.onset >= 0 for n in reading.notes)
    assert all(0 <= p.position <= len(text) and p.kind for p in reading.problems)
    assert all(bar.length >= 0 for bar in reading.bars)
    assert [p.position for p in reading.problems] == sorted(p.position for p in reading.problems)
