"""Bytes as files have them: encodings line by line, blanks and characters of web pages and word processors."""

import pytest

from charrnn.music.corpus import Source, find_sources, parse

HEAD = "X:1\nT:{}\nM:4/4\nK:G\nGAB"


def corpus(data: bytes):
    return parse([Source("book.abc", data)])


def title(data: bytes) -> str:
    return corpus(data).tunes[0].split("\n")[1].removeprefix("T:")


def test_a_byte_order_mark_is_removed_and_counted():
    read = corpus(b"\xef\xbb\xbf" + HEAD.encode())
    assert read.tunes == [HEAD]
    assert read.report["repaired"] == {"byte_order_marks": 1}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_its_mark(encoding: str, tmp_path):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    (tmp_path / "book.abc").write_bytes(mark + HEAD.format("Café").encode(encoding))
    read = parse(find_sources("file", str(tmp_path)))
    assert read.tunes == [HEAD.format("Café")]
    assert read.report["repaired"] == {"utf_16_files": 1}


def test_one_line_that_is_not_utf_8_leaves_the_others_alone():
    read = corpus(
        "\n\n".join([HEAD.format("Café"), HEAD.format("§"), HEAD.format("Ó")]).encode().replace(b"\xc2\xa7", b"\xa7")
    )
    assert [tune.split("\n")[1] for tune in read.tunes] == ["T:Café", "T:§", "T:Ó"]
    assert read.report["repaired"] == {"lines_not_in_utf_8": 1}
    assert read.report["examples"]["lines_not_in_utf_8"] == ["T:§"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Caf\xe9", "Café"),
        (b"\x93Quoted\x94 \x96 it\x92s", "“Quoted” – it’s"),
        (b"\x84unten\x93 \x85", "„unten“ …"),
        ("“Quoted”".encode(), "“Quoted”"),
        ("eingef\x81hrt, erg\x84nzt".encode(), "eingeführt, ergänzt"),
        ("it\x92s \x93Quoted\x94".encode(), "itÆs “Quoted”"),
        (b"a\x81", "a"),
    ],
)
def test_windows_and_dos_are_told_apart(data: bytes, expected: str):
    assert title(HEAD.encode().replace(b"{}", data)) == expected


@pytest.mark.parametrize("directive", ["%%abc-charset iso-8859-2", "I:abc-charset iso-8859-2"])
def test_the_named_encoding_counts_for_lines_that_are_not_utf_8(directive: str):
    data = f"{directive}\n\n".encode() + HEAD.encode().replace(b"{}", b"\xb1") + b"\nN:\xc4\x85"
    tune = corpus(data).tunes[0]
    assert "T:ą\n" in tune and tune.endswith("N:ą")


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "us-ascii", "iso-8859-12", "klingon"])
def test_where_the_named_encoding_does_not_help_it_is_windows(charset: str):
    assert title(f"%%abc-charset {charset}\n\n".encode() + HEAD.encode().replace(b"{}", b"\xe9")) == "é"


def test_other_blanks_are_blanks():
    read = corpus("X:1\nT:a\u00a0b\nM:\u202f4/4\nK:D\u2003minor\nG\u00a0A\u3000B|".encode())
    assert read.tunes == ["X:1\nT:a b\nM: 4/4\nK:D minor\nG A B|"]
    assert read.report["repaired"] == {"blanks": 5}
    assert read.report["examples"]["blanks"] == ["T:a b", "M: 4/4", "K:D minor"]


def test_characters_without_a_width_are_dropped():
    read = corpus("X:1\nT:a\u00adb\nK:D\nG\u200bA\u2060B\ufeffc|".encode())
    assert read.tunes == ["X:1\nT:ab\nK:D\nGABc|"]
    assert read.report["dropped"]["control_characters"] == 4


def test_other_line_ends_end_lines():
    read = corpus("X:1\x0bT:a\u2028K:D\u2029GAB|\x0cX:2\nK:G\nG|".encode())
    assert read.tunes == ["X:1\nT:a\nK:D\nGAB|", "X:2\nK:G\nG|"]
    assert read.report["repaired"] == {"other_line_ends": 4}


def test_control_characters_are_dropped_but_not_the_tab():
    read = corpus(b"X:1\nK:G\nG\x02A\x03B\x1b\x7f\tc")
    assert read.tunes == ["X:1\nK:G\nGAB\tc"]
    assert read.report["dropped"]["control_characters"] == 4
