"""One class for every tune: what is read in it, what it is written to, how a notebook shows it."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import symusic
from PIL import Image

from charrnn.errors import UserError
from charrnn.music.notation import reading
from charrnn.music.tune import Tune

TITLE = '<script>alert("1")</script> & co'
TEXT = f"X:1\nT:{TITLE}\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|dcBA GFED|"


def test_a_tune_is_read_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch):
    calls = []
    original = reading.read_header
    monkeypatch.setattr(reading, "read_header", lambda *given: calls.append(1) or original(*given))
    tune = Tune(TEXT)
    assert not calls and str(tune) == TEXT
    assert len(tune.notes) == 16 and tune.well_formed and not tune.problems and not tune.faults
    assert tune.title == TITLE and len(tune.reading.bars) == 2
    assert len(calls) == 1


def test_tunes_are_values():
    assert Tune(TEXT) == Tune(TEXT, log_prob=np.ones(3)) != Tune(TEXT, index=1)
    assert len({Tune(TEXT), Tune(TEXT), Tune("")}) == 2
    assert "Tune(text='X:1" in repr(Tune(TEXT)) and "log_prob" not in repr(Tune(TEXT))
    assert Tune("").title == "" and Tune("").faults[0] == "X"


def test_a_tune_is_written_as_whatever_the_name_says(tmp_path: Path):
    tune = Tune(TEXT)
    files = [tune.write(tmp_path / f"a.b.{kind}") for kind in ("abc", "musicxml", "svg", "png", "mid", "ogg")]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    abc, musicxml, svg, png, mid, ogg = files
    assert abc.read_text() == TEXT + "\n"
    score = ET.parse(musicxml).getroot()
    assert score.tag == "score-partwise" and len(score.findall(".//note")) == 16
    assert score.findtext(".//credit-words") == TITLE
    assert ET.parse(svg).getroot().tag.endswith("svg")
    with Image.open(png) as picture:
        assert picture.width > 1000
    assert len(symusic.Score(str(mid)).tracks[0].notes) == 16
    assert len(soundfile.read(ogg)[0]) > 100_000


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (TEXT, "a.pdf", r"ends in one of .abc, .musicxml, .mid, .ogg, .svg, .png, got '.*a.pdf'"),
        (TEXT, "a", "ends in one of"),
        (TEXT, "none/a.svg", "a folder that exists"),
        ("T:1 2 3", "a.mid", "expected a tune that mid can hold"),
        ("T:1 2 3", "a.musicxml", "no notes"),
    ],
)
def test_what_cannot_be_written_is_a_user_error_and_leaves_no_file(tmp_path: Path, text: str, name: str, words: str):
    with pytest.raises(UserError, match=words):
        Tune(text).write(tmp_path / name)
    assert not list(tmp_path.iterdir())


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attributes if name in ("src", "href")]


def test_a_notebook_shows_score_player_and_text_from_one_piece_of_html():
    page = _Tags()
    shown = Tune(TEXT)._repr_html_()
    page.feed(shown)
    assert set(page.tags) == {"article", "img", "audio", "details", "summary", "pre"}
    assert [source[:20] for source in page.sources] == ["data:image/svg+xml;b", "data:audio/ogg;base6"]
    assert re.search(r'alt="Score of &lt;script&gt;alert\(&quot;1', shown) and "T:&lt;script&gt;" in shown


def test_a_tune_without_notes_shows_why():
    shown = Tune("T:<b>1 2 3</b>")._repr_html_()
    assert "data:image/svg+xml" in shown and "No sound: " in shown and "<b>" not in shown


def test_a_browser_draws_and_plays_it(browser: Any):
    page = browser.new_page()
    page.set_content(Tune(TEXT)._repr_html_())
    width = page.evaluate("document.images[0].decode().then(() => document.images[0].naturalWidth)")
    seconds = page.evaluate("""new Promise(done => {
        const audio = document.querySelector("audio");
        audio.onloadedmetadata = () => done(audio.duration);
        audio.load();
    })""")
    assert width > 500 and 4 < seconds < 20
