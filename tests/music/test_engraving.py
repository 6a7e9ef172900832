"""Scores, MIDI and sound against our own reading; whatever the text, the process that asks lives on."""

import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import soundfile
import symusic
from PIL import Image

from charrnn.music import corpus
from charrnn.music.engraving import FORMATS, Engraver
from charrnn.music.engraving.marked import marked
from charrnn.music.engraving.sounding import TICKS, quarters_a_minute
from charrnn.music.notation import played, read

HEAD = "X:1\nT:A test\nM:4/4\nL:1/8\nK:G\n"
TUNE = HEAD + '|:"G"GABc d2e2|[GBd]4 (3def g2|1 {a}f4- f4:|2 ^c2=c2 z4|]\n'


@pytest.fixture(scope="module")
def engraver():
    with Engraver() as opened:
        yield opened


def notes_of(svg: str) -> int:
    return len(re.findall(r'class="note(?: [^"]*)?"', svg))


def onsets(file: Path) -> list[tuple[int, int]]:
    return sorted((note.time, note.pitch) for note in symusic.Score(str(file)).tracks[0].notes)


def test_a_tune_becomes_score_midi_and_sound(engraver: Engraver, tmp_path: Path):
    done = engraver.write(TUNE, tmp_path / "000")
    assert done.files == FORMATS and done.errors == {}
    svg = (tmp_path / "000.svg").read_text()
    reading = read(TUNE)
    assert notes_of(svg) == len(reading.notes) == 18
    assert "A test" in svg and {"clef", "keySig", "meterSig", "tuplet", "beam"} <= set(re.findall(r'class="(\w+)', svg))
    with Image.open(tmp_path / "000.png") as picture:
        pixels = np.asarray(picture.convert("L"))
    assert pixels.shape[1] > 1000 and 0.01 < (pixels < 128).mean() < 0.5 and pixels[0].min() == 255
    expected = sorted((round(note.onset * 4 * TICKS), note.pitch) for note in played(reading))
    assert onsets(tmp_path / "000.mid") == expected
    samples, rate = soundfile.read(tmp_path / "000.ogg")
    end = max(note.onset + note.duration for note in played(reading))
    assert len(samples) / rate == pytest.approx(end * 4 * 60 / quarters_a_minute(reading), rel=0.02)
    assert 0.5 < np.abs(samples).max() < 0.99 and np.sqrt((samples**2).mean()) > 0.02
    silent = np.abs(samples).reshape(-1)[: rate // 2].max()
    assert silent > 0.05  # it begins at once


@pytest.mark.parametrize(
    ("header", "quarters"),
    [("M:4/4\n", 100), ("M:6/8\n", 150), ("M:C|\n", 200), ("M:4/4\nQ:1/4=80\n", 80), ("M:6/8\nQ:3/8=60\n", 90),
     ("M:4/4\nQ:120\n", 120), ('M:4/4\nQ:"Slow" 1/8=90\n', 45), ("M:4/4\nQ:1/4=9999\n", 100), ("M:none\nQ:x\n", 100)],
)  # fmt: skip
def test_the_tempo_is_the_tunes_or_a_hundred_beats(header: str, quarters: int):
    assert quarters_a_minute(read(f"X:1\nT:x\n{header}K:C\nC|")) == quarters


@pytest.mark.parametrize(
    "body",
    ["C5|", "C7/3|", "C/9D/9|", "(5CDEFG|", "(3:2:4 CDEF|", "C16-|C3|", "[CE]>[DF]|", "{c}D{e/}E|", "_C^^D=E__F|",
     "C,,,,C''''|", "[M:9/8]CDE FGA Bcd|[K:Eb]EFG|", "V:1\nCDEF|\nV:2\nC,2D,2|", "CDEF&G2|", "z3Cx2Z2|",
     "C|:D:|:E::F:|", "|1C:|2D|", "CDEFGABcdefgab" * 9 + "|", "C0/1D|", "!trill!C.D~EHFTG\"Am7\"A|",
     "C-C-D|(CD)(E|F)|"],
)  # fmt: skip
def test_whatever_was_read_stands_in_the_score(engraver: Engraver, tmp_path: Path, body: str):
    text = HEAD + body
    done = engraver.write(text, tmp_path / "a", ["svg", "mid"])
    assert done.error is None and done.files == ("mid", "svg")
    notes = read(text).notes
    # a note whose value has no sign of its own is drawn as several, tied
    assert notes_of((tmp_path / "a.svg").read_text()) >= len(notes)
    assert onsets(tmp_path / "a.mid") == sorted((round(n.onset * 4 * TICKS), n.pitch) for n in played(read(text)))


@pytest.mark.parametrize(
    "text",
    ["", "X:1\n", "\0\0", "prose, no music: 123\n", "X:1\nT:t\nK:C\n%%include /etc/passwd\nI:abc-include x\n",
     "X:1\nT:<b>&amp;</b> ]]>\nM:4/0\nK:\n", "🎻" * 99, "\ud800", "X:1\nK:C\n" + "[" * 5000, "y" * 200_000],
    ids=["empty", "header", "nul", "prose", "include", "markup", "emoji", "surrogate", "brackets", "long"],
)  # fmt: skip
def test_what_has_no_score_gets_a_picture_of_its_text(engraver: Engraver, tmp_path: Path, text: str):
    started = time.monotonic()
    done = engraver.write(text, tmp_path / "x")
    assert time.monotonic() - started < 20
    assert {"svg", "png"} <= set(done.files)
    with Image.open(tmp_path / "x.png") as picture:
        assert (np.asarray(picture.convert("L")) < 128).any()
    if not read(text).notes:
        assert done.error == "no notes" and "no score: no notes" in (tmp_path / "x.svg").read_text()
        assert not (tmp_path / "x.mid").exists()


def test_markup_in_a_title_is_text(engraver: Engraver, tmp_path: Path):
    title = "</text><script>&amp;</script>"
    for body, error in (("CDEF|", None), ("", "no notes")):
        assert engraver.write(f"X:1\nT:{title}\nK:C\n{body}", tmp_path / "a", ["svg"]).error == error
        picture = ET.parse(tmp_path / "a.svg").getroot()
        assert picture.find(".//{*}script") is None and title in "".join(picture.itertext())


def test_the_first_problem_is_marked_where_it_stands():
    reading = read("X:1\nT:x\nM:4/4\nK:C\nCDE#FGA|\n")
    picture = marked(reading, "too odd")
    assert "no score: too odd" in picture and "line 5: junk; found '#'" in picture
    (x, y) = re.search(r'<rect x="([\d.]+)" y="(\d+)" width="9.04"', picture).groups()
    line = re.search(r'<text x="20" y="(\d+)"[^>]*>CDE#FGA', picture)
    assert float(x) == pytest.approx(20 + 3 * 9.04, abs=0.1) and 0 < int(line[1]) - int(y) < 20


def test_human_tunes_have_their_scores(engraver: Engraver, tmp_path: Path):
    tunes = corpus.parse(corpus.find_sources("ryan")).tunes[::40]
    for number, tune in enumerate(tunes):
        done = engraver.write(tune, tmp_path / f"{number}", ["svg", "mid"])
        assert done.error is None
        reading = read(tune)
        assert notes_of((tmp_path / f"{number}.svg").read_text()) == len(reading.notes)
        assert onsets(tmp_path / f"{number}.mid") == sorted(
            (round(n.onset * 4 * TICKS), n.pitch) for n in played(reading)
        )
