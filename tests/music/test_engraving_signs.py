"""Words, labels, clefs, tuplets and signs of the score, as MusicXML has them and as music21 and verovio read it."""

import re
import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
import verovio
from music21 import converter, expressions, repeat

from benchmarks.scores import is_exact
from charrnn.music.engraving.musicxml import musicxml
from charrnn.music.engraving.sounding import TICKS, midi
from charrnn.music.notation import Reading, read


def tune(body: str, key: str = "C", meter: str = "4/4", more: str = "") -> Reading:
    return read(f"X:1\nT:Test\nM:{meter}\nL:1/8\n{more}K:{key}\n{body}")


def document(*args, **kwargs) -> ET.Element:
    return ET.fromstring(musicxml(tune(*args, **kwargs)))


def texts(root: ET.Element, tag: str) -> list[str]:
    return [element.text or "" for element in root.iter(tag)]


def parsed(*args, **kwargs):
    """The score as music21 reads it."""
    return converter.parse(musicxml(tune(*args, **kwargs)), format="musicxml").flatten()


def encoded(*args, **kwargs) -> str:
    """The score as verovio reads it, in MEI."""
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": "xml"})
    toolkit.loadData(musicxml(tune(*args, **kwargs)))
    return toolkit.getMEI()


def sounding(*args, **kwargs) -> list[tuple[Fraction, int]]:
    """(onset in quarters, pitch) of every note in the MIDI file."""
    notes = midi(tune(*args, **kwargs)).tracks[0].notes
    return sorted((Fraction(note.time, TICKS), note.pitch) for note in notes)


WORDS = "CD E2 F2 G2|A8|\nw: Hap-py birth-day to_\nw: *  zwei <b>\n"


def test_syllables_stand_under_their_notes():
    notes = list(document(WORDS).iter("note"))
    verses = [[(e.get("number"), e.findtext("syllabic"), e.findtext("text")) for e in n.iter("lyric")] for n in notes]
    assert verses == [
        [("1", "begin", "Hap")],
        [("1", "end", "py"), ("2", "single", "zwei")],
        [("1", "begin", "birth"), ("2", "single", "<b>")],
        [("1", "end", "day")],
        [("1", "single", "to")],
        [],
    ]
    assert [[e.get("number") for e in n.iter("lyric") if e.find("extend") is not None] for n in notes][4] == ["1"]


def test_other_programs_read_the_syllables():
    notes = list(parsed(WORDS).notes)
    assert [note.lyric for note in notes] == ["Hap", "py\nzwei", "birth\n<b>", "day", "to", None]
    assert re.findall("<syl[^>]*>([^<]*)", encoded(WORDS)) == ["Hap", "py", "zwei", "birth", "&lt;b&gt;", "day", "to"]


def test_a_chord_has_its_syllables_once():
    assert texts(document("[CEG]4 C4|\nw: one two\n"), "text") == ["one", "two"]


def test_parts_are_labelled_where_they_begin():
    body = "P:A\nC8|D8:|\nP:B <x>\nE8|]\n"
    measures = list(document(body, more="P:AAB\n").iter("measure"))
    assert [texts(measure, "rehearsal") for measure in measures] == [["A"], [], ["B <x>"]]
    marks = parsed(body).getElementsByClass(expressions.RehearsalMark)
    assert [(mark.content, mark.offset) for mark in marks] == [("A", 0.0), ("B <x>", 8.0)]


def test_segno_coda_and_what_leads_back():
    body = "!segno!C8|!coda!D8|!fine!E8|F8 !D.S.!|!dacoda!G8|A8 !D.C.!|]\n"
    measures = list(document(body).iter("measure"))
    signs = [[e.tag for e in m.iter() if e.tag in ("segno", "coda")] + texts(m, "words") for m in measures]
    assert signs == [["segno"], ["coda"], ["Fine"], ["D.S."], ["To Coda"], ["D.C."]]
    assert [sound.attrib for sound in document(body).iter("sound")] == [
        {"fine": "yes"},
        {"dalsegno": "segno"},
        {"tocoda": "coda"},
        {"dacapo": "yes"},
    ]
    kinds = {type(mark) for mark in parsed(body).getElementsByClass(repeat.RepeatMark)}
    assert kinds >= {repeat.Segno, repeat.Coda, repeat.Fine, repeat.DaCapo, repeat.DalSegno}
    assert 'func="daCapo"' in encoded(body) or "D.C." in encoded(body)


def test_what_leads_back_stands_at_the_end_of_its_bar():
    (measure,) = document("C4 D4 !D.C.!|").iter("measure")
    assert [element.tag for element in measure][-2:] == ["note", "direction"]


def test_dynamics_stand_below():
    (first, second) = document("!p!C4 !crescendo(!D4|!crescendo)!!ff!E8|").iter("measure")
    assert [e.get("placement") for e in first.iter("direction")] == ["below", "below"]
    assert first.find(".//dynamics/p") is not None
    assert [w.get("type") for w in (*first.iter("wedge"), *second.iter("wedge"))] == ["crescendo", "stop"]


@pytest.mark.parametrize(
    ("key", "clef", "octave", "pitch"),
    [
        ("C", ("G", "2", None), "4", 60),
        ("C treble-8", ("G", "2", "-1"), "3", 48),
        ("C clef=treble+8", ("G", "2", "1"), "5", 72),
        ("C bass", ("F", "4", None), "4", 60),
        ("C bass3", ("F", "3", None), "4", 60),
        ("C alto octave=-1", ("C", "3", None), "3", 48),
        ("C transpose=-2", ("G", "2", None), "4", 58),
        ("C tenor transpose=7", ("C", "4", None), "4", 67),
    ],
)
def test_clefs_and_transposition(key: str, clef: tuple, octave: str, pitch: int):
    root = document("C8|", key=key)
    written = root.find(".//clef")
    assert tuple(written.findtext(tag) for tag in ("sign", "line", "clef-octave-change")) == clef
    assert texts(root, "octave") == [octave]
    assert sounding("C8|", key=key) == [(0, pitch)]
    (note,) = parsed("C8|", key=key).notes
    transposition = next(iter(texts(root, "chromatic")), "0")
    assert note.pitch.midi + int(transposition) == pitch


def test_a_voice_transposes_alone():
    body = "V:1\nC8|\nV:2 clef=bass transpose=-12\nC8|\n"
    first, second = document(body).findall("part")
    assert texts(first, "chromatic") == []
    assert texts(second, "chromatic") == ["-12"]
    assert sounding(body) == [(0, 48), (0, 60)]


def test_the_pipes_have_sharps_that_are_not_drawn():
    root = document("F4 c4|=F8|", key="HP")
    assert texts(root, "fifths") == ["0"]
    assert texts(root, "alter") == ["1", "1"]
    assert texts(root, "accidental") == ["natural"]
    assert sounding("F4 c4|=F8|", key="HP") == [(0, 66), (2, 73), (4, 65)]
    assert texts(document("F4 c4|", key="Hp"), "key-step") or texts(document("F4 c4|", key="Hp"), "fifths") == ["2"]


def test_a_dotted_bar_line_divides_a_bar():
    root = document("CDEF .| GABc|c8|")
    first = root.find(".//measure")
    assert [(e.get("location"), e.findtext("bar-style")) for e in first.iter("barline")] == [("middle", "dotted")]
    assert len(list(root.iter("measure"))) == 2
    assert encoded("CDEF .| GABc|c8|").count('form="dotted"') == 1


@pytest.mark.parametrize(
    ("body", "numbers", "types", "dots"),
    [
        ("(10:6:4c3/2c3/2c3c3|", ("10", "6"), ["eighth", "eighth", "quarter", "quarter"], 4),
        ("(12:8:12CDEFGABcdefg|", ("12", "8"), ["eighth"] * 12, 0),
        ("(5CDEFG|", ("5", "2"), ["eighth"] * 5, 0),
        ("(3:2:4 CDE2F2|", ("3", "2"), ["eighth", "eighth", "quarter", "quarter"], 0),
        ("(2CD|", ("2", "3"), ["eighth", "eighth"], 0),
    ],
)
def test_a_tuplet_is_written_as_its_sign_says(body: str, numbers: tuple[str, str], types: list[str], dots: int):
    reading = tune(body, meter="6/8" if body == "(2CD|" else "4/4")
    root = ET.fromstring(musicxml(reading))
    assert {(r.findtext("actual-notes"), r.findtext("normal-notes")) for r in root.iter("time-modification")} == {
        numbers
    }
    assert texts(root, "type") == types
    assert len(list(root.iter("dot"))) == dots
    assert [t.get("type") for t in root.iter("tuplet")] == ["start", "stop"]
    assert is_exact(reading)


def test_a_tuplet_of_one_lasts_as_long_as_it_says():
    assert texts(document("(1:2:2CC|"), "type") == ["quarter", "quarter"]
    assert sounding("(1:2:2CCD|") == [(0, 60), (1, 60), (2, 62)]


def test_a_bar_line_divides_the_bracket_of_a_tuplet():
    root = document("z6 (3AB|c z6|")
    assert [t.get("type") for t in root.iter("tuplet")] == ["start", "stop", "start", "stop"]
    assert sounding("z6 (3A2B2|c2 d4|")[:3] == [(3, 69), (Fraction(11, 3), 71), (Fraction(13, 3), 72)]


def test_a_slur_over_many_bars_is_not_drawn():
    assert len(list(document("(C8|D8|E8|F8)|").iter("slur"))) == 2
    assert len(list(document("(C8|" + "D8|" * 8 + "E8)|").iter("slur"))) == 0


def test_parts_sound_in_their_order():
    body = "P:A\nCDEF|\nP:B\nG4|\n"
    pitches = [pitch for _, pitch in sounding(body, meter="2/4", more="P:ABA\n")]
    assert pitches == [60, 62, 64, 65, 67, 60, 62, 64, 65]


def test_a_label_stands_above_the_first_voice_whichever_it_is_written_in():
    body = "P:A\nV:1\nC8|\nV:2\nE8|\nP:B\nV:1\nG8|\nV:2\nA8|\n"
    first, second = document(body, more="P:AB\n").findall("part")
    assert [texts(measure, "rehearsal") for measure in first.iter("measure")] == [["A"], ["B"]]
    assert texts(second, "rehearsal") == []


def test_a_letter_that_the_tune_defines_is_what_it_stands_for():
    assert document("nC8|", more="U:n = !fermata!\n").find(".//fermata") is not None
    assert document("nC8|").find(".//fermata") is None


def test_fields_before_the_first_voice_are_of_all():
    first, second = document("K:D\nM:3/4\nV:1\nC6|\nV:2\nF6|\n").findall("part")
    assert texts(first, "fifths") == texts(second, "fifths") == ["2"]
    assert texts(first, "beats") == texts(second, "beats") == ["3"]
