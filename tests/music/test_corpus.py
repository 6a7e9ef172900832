import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.errors import UserError
from charrnn.music.corpus import Source, body, find_sources, fingerprint, parse

REEL = "X:1\nT:The Test Reel\nM:C|\nL:1/8\nK:G\nGABc dedB|GABc d2:|"
JIG = "X:2\nT:The Test Jig\nM:6/8\nL:1/8\nK:D\ndfa afd|ege d3:|"


def read(*contents: str | bytes):
    """The corpus of files that hold `contents`."""
    return parse([Source(f"{i}.abc", c if isinstance(c, bytes) else c.encode()) for i, c in enumerate(contents)])


def test_a_tune_book_ends_a_tune_at_a_blank_line():
    assert read(f"{REEL}\n\n{JIG}\n").tunes == [REEL, JIG]


def test_a_line_of_blanks_ends_a_tune_as_an_empty_one_does():
    assert read(f"{REEL}\n \t \n{JIG}\n").tunes == [REEL, JIG]


def test_a_tune_begins_at_its_number_even_without_a_blank_line_before():
    assert read(f"{REEL}\n{JIG}").tunes == [REEL, JIG]


def test_text_outside_of_the_tunes_of_a_book_is_dropped_and_counted():
    corpus = read(f"A book\n\n{REEL}\n\nfree text\n\nmore\n\n{JIG}\n\nend\n")
    assert corpus.tunes == [REEL, JIG]
    assert corpus.report["dropped"]["characters_outside_tunes"] == len("A bookfree textmoreend")


def test_a_field_within_a_line_begins_no_tune():
    tune = REEL.replace("GABc d2", "GABc [X:7] d2")
    assert read(tune).tunes == [tune]


def test_the_report_counts_files_bytes_tunes_characters_and_missing_fields():
    short = "X:3\nK:C\nCDE"
    report = read(REEL + "\n", JIG + "\n\n" + short).report
    assert report["files"] == 2
    assert report["bytes"] == len(REEL) + 1 + len(JIG) + 2 + len(short)
    assert report["tunes"] == 3
    assert report["characters"] == len(REEL) + len(JIG) + len(short)
    assert report["missing_fields"] == {"X": 0, "T": 1, "M": 1, "L": 1, "K": 0}


def test_the_course_format_gives_what_stands_between_its_marks():
    corpus = read(f"<start>\n{REEL}\n<end>\n<start>\n{JIG}\n<end>\n")
    assert corpus.tunes == [REEL, JIG]
    assert corpus.report["dropped"]["characters_outside_tunes"] == 0


def test_the_course_format_keeps_a_blank_line_within_a_tune():
    tune = REEL.replace("\nGABc", "\n\nGABc")
    assert read(f"<start>\n{tune}\n<end>\n").tunes == [tune]


def test_the_course_format_with_carriage_returns_gives_the_same_tunes():
    text = f"<start>\r\n{REEL}\r\n<end>\r\n<start>\r\n{JIG}\r\n<end>\r\n".replace("\r\n", "\n").replace("\n", "\r\n")
    corpus = read(text)
    assert corpus.tunes == [REEL, JIG]
    assert corpus.report["repaired"] == {"line_ends": text.count("\r")}


def test_the_course_format_keeps_and_counts_a_tune_without_a_key():
    keyless = "X:9\nT:No key\nM:4/4\nL:1/8\nGABc|"
    corpus = read(f"<start>\n{REEL}\n<end>\n<start>\n{keyless}\n<end>\n")
    assert corpus.tunes == [REEL, keyless]
    assert corpus.report["missing_fields"] == {"X": 0, "T": 0, "M": 0, "L": 0, "K": 1}


def test_text_between_the_tunes_of_the_course_format_is_dropped_and_counted():
    corpus = read(f"head\n<start>\n{REEL}\n<end>\nbetween\n<start>\n{JIG}\n<end>\ntail")
    assert corpus.tunes == [REEL, JIG]
    assert corpus.report["dropped"]["characters_outside_tunes"] == len("head" + "between" + "tail")


def test_an_empty_tune_of_the_course_format_is_dropped_and_counted():
    corpus = read(f"<start>\n\n<end>\n<start>\n{REEL}\n<end>\n<start>\n<end>\n")
    assert corpus.tunes == [REEL]
    assert corpus.report["dropped"]["empty_tunes"] == 2


def test_a_course_file_and_a_tune_book_are_told_apart_one_by_one():
    assert read(f"<start>\n{REEL}\n<end>\n", JIG).tunes == [REEL, JIG]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("% a whole line", None),
        ("%%MIDI program 1", None),
        ("   % indented", None),
        ("GABc % behind music", "GABc"),
        ("GABc%behind music", "GABc"),
    ],
)
def test_a_comment_is_dropped_and_counted(line, left):
    corpus = read(f"{REEL}\n{line}\nAGFE|\n")
    assert corpus.tunes == ["\n".join([REEL, *([left] if left else []), "AGFE|"])]
    assert corpus.report["dropped"]["comments"] == 1


def test_a_comment_line_does_not_end_a_tune():
    assert read("X:1\n%\n%%abc\nK:G\nGAB").tunes == ["X:1\nK:G\nGAB"]


def test_an_escaped_percent_sign_is_kept():
    tune = "X:1\nT:Ten \\% of it\nK:G\nGAB"
    corpus = read(tune)
    assert corpus.tunes == [tune]
    assert corpus.report["dropped"]["comments"] == 0


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_ends_of_lines_are_repaired_and_counted(end):
    text = f"{REEL}\n\n{JIG}\n"
    corpus = read(text.replace("\n", end))
    assert corpus.tunes == [REEL, JIG]
    assert corpus.report["repaired"] == {"line_ends": text.count("\n")}


def test_a_clean_file_is_not_repaired():
    assert read(REEL).report["repaired"] == {}


@pytest.mark.parametrize("text", ["just some words\n", "", "\n \n", "<start>\n<end>\n", "<start>\n% nothing\n<end>"])
def test_files_without_a_tune_are_refused(text):
    with pytest.raises(UserError, match=r"expected tunes .* found none in 2 file"):
        read(text, "")


def test_the_body_is_the_music_alone():
    tune = "X:1\nT:Tune\nM:4/4\nL:1/8\nK:G\nGABc|\nK:D\nw:la la\ndefg|\n[M:3/4] d2|\n|: A |\nA:|"
    assert body(tune) == "GABc|\ndefg|\n[M:3/4] d2|\n|: A |\nA:|"


def test_the_body_of_a_tune_without_a_key_is_all_but_its_fields():
    assert body("X:1\nT:Tune\nGABc|\nQ:100\nd4|") == "GABc|\nd4|"


def test_the_body_of_a_header_alone_is_empty():
    assert body("X:1\nT:Tune\nK:G") == ""


def test_a_folder_is_read_at_any_depth_for_abc_and_txt_and_nothing_else(tmp_path):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("a.abc", "b/b.txt", "b/deep/c.ABC", "b/notes.md", "d.abc.bak", "abc"):
        (tmp_path / name).write_text(name)
    sources = find_sources("file", str(tmp_path))
    assert [(s.name, s.data.decode()) for s in sources] == [(n, n) for n in ("a.abc", "b/b.txt", "b/deep/c.ABC")]


def test_a_single_file_is_read_whatever_its_suffix(tmp_path):
    (tmp_path / "tunes.dat").write_bytes(b"X:1")
    assert find_sources("file", str(tmp_path / "tunes.dat")) == [Source("tunes.dat", b"X:1")]


def test_a_folder_with_the_suffix_of_a_file_is_still_a_folder(tmp_path):
    (tmp_path / "reels.abc").mkdir()
    (tmp_path / "reels.abc" / "one.abc").write_text(REEL)
    assert [s.name for s in find_sources("file", str(tmp_path))] == ["reels.abc/one.abc"]


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(UserError, match=r"there is nothing at .*nowhere\.abc"):
        find_sources("file", str(tmp_path / "nowhere.abc"))


@pytest.mark.parametrize("path", [None, ""])
def test_no_path_asks_for_one(path):
    with pytest.raises(UserError, match=r"data=file needs data\.path="):
        find_sources("file", path)


def test_a_folder_without_tunes_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.md").write_text("no music")
    with pytest.raises(UserError, match=r"the folder .*empty' holds none"):
        find_sources("file", str(tmp_path / "empty"))


def test_a_binary_file_is_named(tmp_path):
    (tmp_path / "good.abc").write_text(REEL)
    (tmp_path / "song.abc").write_bytes(b"X:1\nK:G\n\0\1\2")
    with pytest.raises(UserError, match=r"song\.abc' is binary \(it holds a NUL byte\)"):
        find_sources("file", str(tmp_path))


def test_an_unknown_home_folder_is_named():
    with pytest.raises(UserError, match="~nobody-of-this-name"):
        find_sources("file", "~nobody-of-this-name/tunes.abc")


def test_the_fingerprint_depends_on_content_and_order_and_not_on_names():
    a, b = Source("a.abc", b"one"), Source("b.abc", b"two")
    assert fingerprint([a, b]) == fingerprint([Source("x/other.txt", b"one"), Source("y.abc", b"two")])
    others = {
        fingerprint(s)
        for s in (
            [a, b],
            [b, a],
            [a],
            [Source("a.abc", b"onE"), b],
            [Source("a.abc", b"onet"), Source("b.abc", b"wo")],
            [Source("a.abc", b"onetwo")],
            [],
        )
    }
    assert len(others) == 7


@pytest.mark.parametrize(("source", "number"), [("ryan", 1059), ("oneill", 2009), ("aird", 1180), ("all", 4248)])
def test_a_bundled_collection_has_all_its_tunes(source, number):
    corpus = parse(find_sources(source))
    assert len(corpus.tunes) == corpus.report["tunes"] == number
    assert all(tune.strip("\n") == tune and "%" not in tune.replace("\\%", "") for tune in corpus.tunes)
    assert not set("".join(corpus.tunes)) & set(map(chr, [*range(9), *range(11, 32), 127]))


def test_every_tune_of_ryans_has_number_title_meter_and_key():
    missing = parse(find_sources("ryan")).report["missing_fields"]
    assert {f: missing[f] for f in "XTMK"} == {"X": 0, "T": 0, "M": 0, "K": 0}


def test_all_is_the_three_collections_behind_each_other():
    parts = [tune for source in ("ryan", "oneill", "aird") for tune in parse(find_sources(source)).tunes]
    assert parse(find_sources("all")).tunes == parts


def test_the_bundled_collections_are_read_without_importing_music21():
    code = (
        "import sys; from charrnn.music.corpus import *; n = len(parse(find_sources('ryan')).tunes); "
        "print(n, 'music21' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1059", "False"]


def test_an_unclosed_course_tune_ends_where_the_next_begins():
    corpus = read("<start>\nX:1\nK:G\nGAB\n<start>\nX:2\nK:G\nBAG\n<end>\n<start>\nX:3\nK:G\nG\n")
    assert corpus.tunes == ["X:1\nK:G\nGAB", "X:2\nK:G\nBAG", "X:3\nK:G\nG"]


def test_music_that_begins_like_a_field_stays_music():
    assert body("X:1\nK:G\nG:|\nA::B|\nw:words\nB|") == "G:|\nA::B|\nB|"
