"""Tunes from text and files; a tune book keeps every tune one tune, whatever a network wrote."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.errors import UserError
from charrnn.music.tune import Tune
from charrnn.music.tune_book import read_abc, read_tune_book, tune_book

HEADER = "X:5\nT:One\nM:4/4\nL:1/8\nK:D\n"
ONE = HEADER + "DEFG ABcd|dcBA GFED|"
ODD = [
    ONE,
    HEADER + "DEFG ABcd|\n\ndcBA GFED|",  # a blank line inside
    HEADER + "DEFG\n \t\nX:9\nABcd|",  # a blank one with blanks, and a second X:
    "T:No number\nK:G\nGABc|",
    "GABc",
    "",
    "\n\nX:\nT:Blank\nK:C\nCDE|\n\n",
    "X:1\r\nT:Windows\r\nK:C\r\nCDE|\r\n\r\nEDC|",
    "X:12X:3\nT:Odd number\nK:C\nCDE|",
]


def pitches(tune: Tune) -> list[int]:
    return [note.pitch for note in tune.notes]


def test_a_book_has_its_tunes_numbered_from_one():
    book = tune_book(map(Tune, ODD))
    assert [line for line in book.split("\n") if line.startswith("X:")] == [f"X:{n}" for n in range(1, len(ODD) + 1)]
    assert book.startswith("%abc-2.1\n\nX:1\nT:One\n") and "\n\n\n" not in book
    assert [pitches(tune) for tune in read_tune_book(book)] == [pitches(Tune(text.replace("\r", ""))) for text in ODD]


@given(st.lists(st.text(st.sampled_from("X:1TK\n \tABc|%"), max_size=40), min_size=1, max_size=6))
def test_whatever_the_tunes_are_a_book_holds_as_many(texts: list[str]):
    tunes = read_tune_book(tune_book(map(Tune, texts)))
    assert [tune.index for tune in tunes] == list(range(len(texts)))
    assert [tune.reading.header.number for tune in tunes] == list(range(1, len(texts) + 1))


def test_abc2midi_finds_every_tune_of_a_book(tmp_path: Path):
    if shutil.which("abc2midi") is None:
        assert not os.environ.get("REQUIRE_ENGINES"), "no abc2midi is on PATH, and REQUIRE_ENGINES is set"
        pytest.skip("needs abc2midi")
    texts = [ODD[0], ODD[1], ODD[2], ODD[3], ODD[6], ODD[7], ODD[8]]
    (tmp_path / "book.abc").write_text(tune_book(map(Tune, texts)))
    subprocess.run(["abc2midi", "book.abc"], cwd=tmp_path, capture_output=True, check=False)
    assert {file.name for file in tmp_path.glob("*.mid")} == {f"book{n}.mid" for n in range(1, len(texts) + 1)}


def test_text_and_files_are_read_alike(tmp_path: Path):
    file = tmp_path / "one.abc"
    file.write_bytes(b"\xef\xbb\xbf" + ONE.replace("\n", "\r\n").encode() + b"  % a comment\r\n\r\nfree text\r\n")
    assert read_abc(ONE + "\n") == read_abc(file) == read_abc(str(file)) == Tune(ONE)
    file.write_bytes("X:1\nT:Café\nK:C\nC|".encode("latin-1"))
    assert read_abc(file).title == "Café"


@pytest.mark.parametrize("text", ["GABc|\n", "T:No number\nK:G\nGABc|\n", "K:G\n\nGABc|"])
def test_a_fragment_is_a_tune(text: str, tmp_path: Path):
    (tmp_path / "a.abc").write_text(text)
    assert read_abc(tmp_path / "a.abc") == Tune(text.strip("\n"))
    assert pitches(read_abc(text + "\n")) == [67, 69, 71, 72] if "K:" not in text else 67


def test_several_tunes_are_a_book():
    with pytest.raises(UserError, match=r"expected one tune, got 2; .*read_tune_book"):
        read_abc(f"{ONE}\n\n{ONE}")
    assert read_tune_book(f"{ONE}\n\n{ONE}") == [Tune(ONE), Tune(ONE, index=1)]


def test_what_is_no_text_is_a_user_error(tmp_path: Path):
    (tmp_path / "binary.abc").write_bytes(b"X:1\0")
    (tmp_path / "empty.abc").write_bytes(b"\n\n")
    for source, words in (
        (tmp_path / "none.abc", "none.abc.*No such file"),
        ("X:1 K:C", "text has at least one line feed"),
        (tmp_path, "Is a directory"),
        (tmp_path / "binary.abc", "binary"),
        (tmp_path / "empty.abc", "is empty"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(UserError, match=words):
            read_abc(source)
