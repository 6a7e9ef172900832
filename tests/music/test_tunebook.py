"""Tune books as the world writes them: file headers, tunes without a number, text blocks, blank lines within tunes."""

from fractions import Fraction

import pytest

from charrnn.errors import UserError
from charrnn.music.corpus import Source, diagnose, parse
from charrnn.music.notation import read

JIG = "X:1\nT:A Jig\nK:D\nd2f|"
REEL = "X:2\nT:A Reel\nM:4/4\nL:1/8\nK:G\nGABc|"


def book(text: str):
    return parse([Source("book.abc", text.encode())])


@pytest.mark.parametrize(
    ("head", "added"),
    [
        ("M:6/8\nL:1/16\n", "M:6/8\nL:1/16\n"),
        ("M:6/8\nL:1/16\n\n", "M:6/8\nL:1/16\n"),
        ("%abc-2.1\nL:1/16\n\n", "L:1/16\n"),
        ("L:1/16\nwords\n\n", "L:1/16\n"),
        ("U:t=!trill!\nU:k=!accent!\n\n", "U:t=!trill!\nU:k=!accent!\n"),
        ("m:~n=(3n/m/n/\n\n", "m:~n=(3n/m/n/\n"),
        ("R:jig\nO:Ireland\n\n", ""),
        ("A book of tunes\n\nM:6/8\n\n", ""),
    ],
)
def test_fields_before_the_first_tune_are_for_all_that_lack_them(head: str, added: str):
    tunes = book(f"{head}{JIG}\n\n{REEL}").tunes
    assert tunes[0] == JIG.replace("K:", f"{added}K:")
    own = "".join(line for line in added.splitlines(True) if line[0] not in "ML")
    assert tunes[1] == REEL.replace("K:", f"{own}K:")


def test_what_a_file_says_of_its_tunes_is_told():
    report = book(f"M:6/8\nL:1/16\nR:jig\n\n{JIG}\n\n{REEL}").report
    assert report["repaired"] == {"fields_of_the_file": 2}
    assert report["ignored"] == {"file_header_fields": 1}
    assert report["examples"]["fields_of_the_file"] == ["M:6/8", "L:1/16"]


def test_the_length_of_the_file_is_that_of_its_notes():
    (tune,) = book(f"L:1/16\n\n{JIG}").tunes
    assert [note.duration for note in read(tune).notes] == [Fraction(1, 8), Fraction(1, 16)]


def test_fields_behind_the_first_tune_are_for_none():
    assert book(f"{JIG}\n\nL:1/16\n\n{REEL}").tunes == [JIG, REEL]


@pytest.mark.parametrize("blank", ["\n\n", "\n \t\n", "\n\n\n\n"])
def test_tunes_without_numbers_are_given_them(blank: str):
    read_book = book(f"M:4/4\nK:Cmaj\nCDEF|{blank}M:6/8\nK:Cmin\nEFG|{blank}T:Third\nK:D\nF|\n")
    assert read_book.tunes == [
        "X:1\nM:4/4\nK:Cmaj\nCDEF|", "X:2\nM:6/8\nK:Cmin\nEFG|", "X:3\nT:Third\nK:D\nF|"
    ]  # fmt: skip
    assert read_book.report["repaired"] == {"numbers_given": 3}
    assert read_book.report["missing_fields"]["X"] == 0


def test_a_header_of_the_file_goes_before_tunes_without_numbers_too():
    assert book("L:1/16\n\nM:4/4\nK:C\nC|\n").tunes == ["X:1\nM:4/4\nL:1/16\nK:C\nC|"]


def test_a_tune_without_a_number_among_others_is_read():
    assert book(f"{JIG}\n\nT:Unnumbered\nM:3/4\nK:C\nCDE|\n\n{REEL}").tunes == [
        JIG, "X:3\nT:Unnumbered\nM:3/4\nK:C\nCDE|", REEL
    ]  # fmt: skip
    assert book(f"T:First\nK:C\nC|\n\n{JIG}").tunes == ["X:1\nT:First\nK:C\nC|", JIG]


@pytest.mark.parametrize("text", ["K:C\n", "T:a\nM:4/4\n\nmusic", "K: is the key field\n\nT: the title"])
def test_a_header_without_music_is_no_tune(text: str):
    with pytest.raises(UserError, match="expected tunes"):
        book(text)


@pytest.mark.parametrize("kind", ["text", "ps", "svg", "ml", "text justify"])
def test_a_block_is_left_out_whatever_stands_in_it(kind: str):
    block = f"%%begin{kind}\nX:9\nprose AB cd\n\nK:D | abc\n<start>\n%%end{kind.split()[0]}\n"
    expected = [JIG, REEL]
    assert book(f"{JIG.replace('d2f', block + 'd2f')}\n\n{block}\n{REEL}").tunes == expected
    assert book(f"{JIG.replace('K:', block + 'K:')}\n\n{REEL}").tunes == expected
    assert book(f"{block}{JIG}\n\n{REEL}\n").report["dropped"]["text_blocks"] == 1


def test_a_block_without_an_end_goes_to_the_next_tune():
    assert book(f"{JIG}\n%%begintext\nprose\n\nmore\n{REEL}").tunes == [JIG, REEL]


@pytest.mark.parametrize(
    ("tune", "whole"),
    [
        ("X:1\nT:a\nM:4/4\n\nL:1/8\nK:G\nGABc|", "X:1\nT:a\nM:4/4\nL:1/8\nK:G\nGABc|"),
        ("X:1\nT:a\nK:G\n\nGABc|", "X:1\nT:a\nK:G\nGABc|"),
        ("X:1\nT:a\nK:G\nGABc|\n\ndefg|", "X:1\nT:a\nK:G\nGABc|"),
        ("X:1\nT:a\nK:G\nGABc|\n\nK:D\ndefg|", "X:1\nT:a\nK:G\nGABc|"),
    ],
)
def test_a_blank_line_ends_a_tune_that_has_music(tune: str, whole: str):
    read_book = book(f"{tune}\n\n{REEL}")
    assert read_book.tunes == [whole, REEL]
    assert (read_book.report["repaired"] == {"blank_lines": 1}) == (whole == tune.replace("\n\n", "\n"))


def test_examples_name_the_file_where_there_are_several():
    corpus = parse([Source(f"{name}.abc", f"{JIG}\n% {name}".encode()) for name in "abcd"])
    assert corpus.report["dropped"]["comments"] == 4
    assert corpus.report["examples"]["comments"] == ["a.abc: % a", "b.abc: % b", "c.abc: % c"]


def test_a_diagnosis_counts_tunes_by_fault_and_problem():
    good, bad = REEL.replace("GABc", "GABc GABc"), REEL.replace("GABc", "GABc GA")
    diagnosis = diagnose(
        [good, f"{bad}\nGAB|#\nGABc GABc|", good.replace("K:G", "K:H"), good.replace("T:", "Y:AB\nT:")]
    )
    assert (diagnosis["read"], diagnosis["well_formed"]) == (4, 2)
    assert diagnosis["faults"] == {"junk": 1, "bar fit": 1, "K": 1}
    assert diagnosis["problems"] == {"bar length": 1, "junk": 1, "key": 1, "unknown field": 1}
    assert diagnosis["examples"]["key"] == ["X:2, line 5: 'H', expected a key, such as Gm, in 'K:H'"]
    assert diagnosis["examples"]["bar fit"] == ["X:2: 0.50 of the bars are full"]
