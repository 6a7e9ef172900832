"""The order of parts, and the signs that stand at a place of a tune."""

import pytest

from charrnn.music.notation import played, read
from charrnn.music.notation.values import MOST_PARTS, part_order

BODY = "P:A\nA8|\nP:B\nB8|\nP:C\nc8|"


def letters(order: str, body: str) -> str:
    """The steps of the notes as they are played."""
    return "".join(note.step for note in played(read(f"X:1\nT:a\nM:4/4\nL:1/8\nP:{order}\nK:C\n{body}")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ABA", "ABA"), ("A2B", "AAB"), ("(AB)2C", "ABABC"), ("A(BC)3", "ABCBCBC"), ("((AB)2C)2", "ABABCABABC"),
        ("A.B.A", "ABA"), ("A B, C", "ABC"), ("A10", "A" * 10), ("a", "a"), ("A1B", "AB"), ("", ""),
        (f"A{MOST_PARTS}", "A" * MOST_PARTS),
    ],
)  # fmt: skip
def test_the_order_of_parts_is_spelled_out(value: str, expected: str):
    assert "".join(part_order(value)) == expected


@pytest.mark.parametrize(
    "value", ["(AB", "AB)", "2A", "A0", "A-B", "A/B", f"A{MOST_PARTS + 1}", "(A99)99", "A" * 201, "é", "A²", "()2"]
)
def test_an_order_that_is_not_legal_is_none(value: str):
    assert part_order(value) is None


@pytest.mark.parametrize(
    ("order", "body", "expected"),
    [
        ("ABA", BODY, "ABA"),
        ("ABAC", BODY, "ABAC"),
        ("A2(BA)2C", BODY, "AABABAC"),
        ("A2B", BODY, "AAB"),
        ("(AB)2C", BODY, "ABABC"),
        ("ABC", BODY, "ABC"),
        ("CA", BODY, "CA"),
        ("AXB", BODY, "AB"),
        ("ABA", f"G8|\n{BODY}", "GABA"),
        ("ABA", "[P:A]A8|[P:B]B8|", "ABA"),
        ("BA", "P:A\n|:A8:|\nP:B\nB8|1 c8:|2 d8|]", "BCBDAA"),
        ("AB", "P:B\nB8|\nP:A\nA8|", "AB"),
        ("ABA", "P:A\nA8|\nP:B\nB8|\nP:A\nc8|", "ABC"),
        ("AABA", "P:A\nA8|\nP:B\nB8|\nP:A\nc8|", "CCBC"),
        ("ABA", "P:A.\nA8|\nP:B.\nB8|", "ABA"),
        ("ABA", "A8|B8|", "AB"),
        ("AB", "P:Trio\nA8|\nP:B\nB8|", "B"),
        ("ABA", "A8|\nP:", "A"),
    ],
)
def test_parts_are_played_in_their_order(order: str, body: str, expected: str):
    assert letters(order, body) == expected


@pytest.mark.parametrize(
    "body",
    ["V:1\nP:A\nA8|\nP:B\nB8|\nV:2\nc8|d8|", "V:1\nP:A\nA8|\nV:2\nP:A\nc8|\nV:1\nP:B\nB8|\nV:2\nP:B\nd8|"],
)
def test_all_voices_follow_the_parts(body: str):
    assert letters("ABBA", body) == "ACBDBDAC"


@pytest.mark.parametrize(
    ("order", "body", "expected"),
    [
        ("ABX", BODY, ["part X"]),
        ("ABBC", "P:A\nA8|\nP:B\nB8|\nP:A\nc8|", ["part C", "part A"]),
        ("ABA", "P:A\nA8|\nP:B\nB8|\nP:A\nc8|", []),
        ("A(B", BODY, ["part order A(B"]),
        ("ABC", "A8|", []),
    ],
)
def test_parts_that_do_not_fit_their_order_are_named(order: str, body: str, expected: list[str]):
    reading = read(f"X:1\nT:a\nM:4/4\nL:1/8\nP:{order}\nK:C\n{body}")
    assert [f"{p.kind} {p.found}" for p in reading.problems] == expected


def test_parts_know_where_they_begin():
    reading = read(f"X:1\nT:a\nM:4/4\nL:1/8\nP:AB\nK:C\n{BODY}\nP:D")
    assert reading.part_order == ("A", "B")
    assert [(part.label, part.bar, part.voice) for part in reading.parts] == [
        ("A", 0, ""), ("B", 1, ""), ("C", 2, ""), ("D", 3, "")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C8|!segno!D8|E8!D.S.!|]", "segno@1 D.S.@2."),
        ("C8|!fine!|D8|!D.C.!|]", "fine@0. D.C.@1."),
        ("!segno!C8|D4!coda!D4|", "segno@0 coda@1"),
        ("+segno+C8|OD8|S|E8|", "segno@0 coda@1 segno@1."),
        ("U:s=!segno!\nsC8|", "segno@0"),
        ("C8|!D.C.alfine!", "D.C.alfine@0."),
        ("!trill!C8|", ""),
    ],
)
def test_signs_of_navigation_know_their_bar(body: str, expected: str):
    reading = read(f"X:1\nT:a\nM:4/4\nL:1/8\nK:C\n{body}")
    assert " ".join(f"{sign.sign}@{sign.bar}{'.' * sign.is_end}" for sign in reading.navigation) == expected
    assert not [problem for problem in reading.problems if problem.kind != "bar length"]
