"""What the score holds: every note of the reading, where the reading has it, as verovio draws it."""

import io
import xml.etree.ElementTree as ET
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.scores import engraved_notes, is_exact, read_notes, written_notes
from charrnn.music.corpus import find_sources, parse
from charrnn.music.engraving import score
from charrnn.music.engraving.musicxml import musicxml
from charrnn.music.engraving.note_values import dotted, pieces
from charrnn.music.notation import Reading, read


def tune(body: str, key: str = "C", meter: str = "4/4") -> Reading:
    return read(f"X:1\nT:Test\nM:{meter}\nL:1/8\nK:{key}\n{body}")


def document(*args, **kwargs) -> ET.Element:
    return ET.fromstring(musicxml(tune(*args, **kwargs)))


def texts(root: ET.Element, tag: str) -> list[str]:
    return [element.text or "" for element in root.iter(tag)]


@pytest.mark.parametrize(
    "body",
    [
        "CDEF GABc|c8|",
        "|:CDEF GABc|1 c8:|2 C8|]",
        "|:C8::D8:|]",
        "C4-C4-|C4 c-c c2|",
        "[CEG]2[FA]4 [C2E]z|[CEG]-[CEG] z6|",
        "(3CDE (3c>de (5CDEFG z|(6cdefga (7cdefgab C|",
        "(4CDEF (2GA (9cdefgabcd|",
        "(3CD|(3C z2 D|",
        "{c}d2 {ab}c2 {[ce]}d4|c8{d}|",
        "C5 D7/4 E5/4|c13|C9/8 D15/16 E/ F//|",
        "C/3 D2/3 E/5 F/7|",
        "C4 D4&E8|&G8|",
        "C>D E<F G>>A B<<c|",
        "Z2|z8|X|c4 z4|",
        "^C C =C _B,, c'' ^^F __G|C ^c C|",
        "C8[K:D]F8[M:3/4]C6[K:Gm clef=bass]B,,6|",
        "V:1\nC8|D8|\nV:2\nE4 F4|",
        "C4 D4 |][2 E8 :|",
        "(C(DE)F) G)A (B|",
        "(10:6:4c3/2c3/2c3c3|(1:2:2CC|z6 (3A2B2|c2|",
        "(2[V:1][CEG]e/|",
        "(2&CD|",
    ],
)
def test_every_note_stands_where_it_is_read(body: str):
    assert is_exact(tune(body))


def test_a_score_that_lacks_a_note_is_not_exact():
    whole, less = (musicxml(tune(body)) for body in ("CDEF|", "CDE|"))
    assert written_notes(whole)[0] != written_notes(less)[0]
    assert engraved_notes(whole) != engraved_notes(less)
    assert written_notes(whole)[0] == read_notes(tune("CDEF|"))


def test_real_tunes():
    tunes = [tune for name in ("ryan", "oneill", "aird") for tune in parse(find_sources(name)).tunes[::150]]
    assert len(tunes) > 20
    assert all(is_exact(read(tune)) for tune in tunes)


@pytest.mark.parametrize(
    ("eighths", "expected"),
    [
        ("1", ["eighth"]),
        ("3", ["quarter."]),
        ("7", ["half.."]),
        ("5", ["half", "eighth"]),
        ("9/8", ["eighth", "64th"]),
        ("1/1000", ["256th"]),
        ("1/3", ["32nd", "128th"]),
    ],
)
def test_durations_are_split_into_values(eighths: str, expected: list[str]):
    duration = Fraction(eighths) / 8
    found = pieces(duration)
    assert [name + "." * dots for name, dots in found] == expected
    if duration.denominator in (1, 2, 4, 8, 16, 32, 64):
        assert sum(dotted(*piece) for piece in found) == duration


@settings(max_examples=200, deadline=None)
@given(st.fractions(min_value=0, max_value=1000))
def test_no_duration_takes_many_values_or_none(duration: Fraction):
    assert 1 <= len(pieces(duration)) <= 8


def test_what_is_split_is_tied():
    root = document("C5 z3|")
    assert texts(root, "type") == ["half", "eighth", "quarter"]
    assert [tie.get("type") for tie in root.iter("tie")] == ["start", "stop"]


def test_beams_follow_the_blanks():
    assert texts(document("CD EFG A B2|"), "beam") == ["begin", "end", "begin", "continue", "end"]


def test_tuplets_have_brackets_and_ratios():
    root = document("(3CDE (3c>de (5CDEFG|")
    assert [t.get("type") for t in root.iter("tuplet")] == ["start", "stop"] * 3
    assert texts(root, "actual-notes") == ["3"] * 6 + ["5"] * 5
    assert texts(root, "normal-notes") == ["2"] * 11


def test_accidentals_stand_where_they_are_needed():
    # In ABC an accidental holds in all octaves, on paper in its own.
    assert texts(document("^F F f|F =F", key="C"), "accidental") == ["sharp", "sharp", "natural"]
    assert texts(document("F =F F|F", key="G"), "accidental") == ["natural"]
    assert texts(document("^F-|F F|", key="C"), "accidental") == ["sharp"]


def test_repeats_and_endings():
    root = document("|:C8|1 D8:|2 E8|]")
    assert [r.get("direction") for r in root.iter("repeat")] == ["forward", "backward"]
    assert [(e.get("number"), e.get("type")) for e in root.iter("ending")] == [
        ("1", "start"),
        ("1", "stop"),
        ("2", "start"),
        ("2", "stop"),
    ]


def test_signatures():
    root = document("C8[K:Ddor]|[M:C|]D8|", key="Eb bass", meter="6/8")
    assert texts(root, "fifths") == ["-3", "0"]
    assert texts(root, "sign") == ["F"]
    assert list(zip(texts(root, "beats"), texts(root, "beat-type"), strict=True)) == [("6", "8"), ("2", "2")]
    assert texts(document("C", key="D exp _b ^f"), "key-step") == ["B", "F"]
    assert texts(document("C", meter="4/0"), "beats") == []


def test_fields_between_two_bars_change_together():
    """Verovio heeds one element of attributes at a place."""
    root = document("C8|\nK:D\nM:3/4\nF6|")
    assert [[child.tag for child in found] for found in root.iter("attributes")][1:] == [["key", "time"]]
    second = document("V:1\nC8|\nV:2\nK:G clef=bass\nC,8|").findall("part")[1]
    assert len(list(second.iter("attributes"))) == 1
    assert (texts(second, "sign"), texts(second, "fifths")) == (["F"], ["1"])


def test_decorations_at_the_beginning_of_a_line():
    root = document("uC4 vD4|\nTE8|\nP:B\nF8|\nP:\\\n[P:\\]G8|")
    assert all(root.find(f".//{tag}") is not None for tag in ("up-bow", "trill-mark"))
    assert root.find(".//inverted-mordent") is None


def test_a_bar_of_rest_is_one_sign_and_several_are_not():
    """Verovio leaves no room for a rest of two bars that says it is one."""
    assert [rest.get("measure") for rest in document("C8|z8|Z|Z2|").iter("rest")] == ["yes", "yes", None]


def test_slurs_decorations_and_names_of_chords():
    root = document('"Am"(C .D ~E) !trill!F uG {c}(A B)|(C')
    assert texts(root, "words") == ["Am"]
    assert [s.get("type") for s in root.iter("slur")] == ["start", "stop", "start", "stop"]
    assert all(root.find(f".//{tag}") is not None for tag in ("staccato", "turn", "trill-mark", "up-bow"))


def test_titles_are_escaped_and_cut():
    root = ET.fromstring(musicxml(read(f"X:1\nT:<b>&\0 {'long ' * 50}\nC:me\nR:reel\nK:C\nC")))
    title, rhythm, composer = texts(root, "credit-words")
    assert title.startswith("<b>& long")
    assert len(title) == 50
    assert (rhythm, composer) == ("reel", "me")


@settings(max_examples=300, deadline=None)
@given(st.text("CDEczPUw*[](){}<>|:-/123'^_=&\"!~.,\n KMLV%\0\ud800é", max_size=60))
def test_any_text_gives_well_formed_musicxml(body: str):
    reading = tune(body)
    _, heads = written_notes(musicxml(reading))
    assert heads.total() >= len(reading.notes)


def test_directives_reach_no_engine():
    bare = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\nc8|\n"
    told = bare.replace("K:C\n", "%%include secret\nI:abc-include secret\nK:C\n%%EPS secret\n").replace(
        "c8", "\nI:abc-include secret\n[I:abc-include secret]%%secret\nc8"
    )
    assert musicxml(read(told)) == musicxml(read(bare))


def test_a_picture_has_its_text_and_its_clef():
    """Without its fonts resvg drops all text in silence."""
    drawn = score.svg(musicxml(tune("CDEF GABc|")))
    assert 'class="clef"' in drawn
    bare = score.svg(musicxml(read("X:1\nM:4/4\nL:1/8\nK:C\nCDEF GABc|")))
    assert black(score.png(drawn)) > black(score.png(bare)) + 300


def black(png: bytes) -> int:
    """Dark pixels of a picture."""
    return int((np.asarray(Image.open(io.BytesIO(png)).convert("L")) < 128).sum())
