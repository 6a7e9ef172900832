"""The page is one file: whatever texts say, nothing in them is a tag; it shows, plays and asks for nothing."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import opened
from matplotlib.figure import Figure

from charrnn.studies.pages import CommandLine, Paragraph, Picture, Section, Table, TuneCard, render_page

MOVES_ON = """async () => {
  const audio = document.querySelector("audio");
  for (let i = 0; i < 100 && audio.currentTime < 0.2; i++) await new Promise((wait) => setTimeout(wait, 100));
  return audio.currentTime >= 0.2;
}"""
HOSTILE = "</pre></td><script>alert('\"&amp;`${1}$x')</script><img src=http://example.org/x.png>"


@pytest.fixture
def html(tmp_path: Path) -> str:
    Figure(figsize=(3, 2)).savefig(tmp_path / "tune.png")
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(22_050 * 4) / 22_050)
    soundfile.write(tmp_path / "tune.ogg", tone, 22_050, format="OGG", subtype="VORBIS")
    wide = pd.DataFrame({f"column {n} {HOSTILE}": [HOSTILE, "refuted"] for n in range(9)})
    parts = [
        Paragraph(HOSTILE),
        CommandLine(HOSTILE),
        Table(wide, HOSTILE, ("refuted",)),
        Picture(tmp_path / "tune.png", HOSTILE, HOSTILE),
        TuneCard(HOSTILE, HOSTILE + "x" * 500, tmp_path / "tune", HOSTILE),
        TuneCard("without score", "GABc|", tmp_path / "none"),
    ]
    return render_page(HOSTILE, HOSTILE, [Section(HOSTILE, parts), Section("empty", [])])


def test_no_text_is_a_tag_and_everything_stands_in_the_file(html: str):
    assert "<script" not in html and "<img src" not in html and "&lt;script&gt;" in html
    sources = re.findall(r'\ssrc="([^"]*)"', html)
    assert len(sources) == 3 and all(source.startswith("data:") for source in sources)
    assert "data:audio/mpeg;base64," in html and "empty" not in html
    assert "No score and sound" in html and 'class="mark refuted"' in html


@pytest.mark.slow
def test_in_a_browser(browser, html: str, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(html, encoding="utf-8")
    for width, scheme in ((375, "dark"), (1200, "light")):
        with opened(browser, file, width, embeds=True, color_scheme=scheme) as shown:
            assert shown.evaluate("[...document.images].every((one) => one.naturalWidth > 0 && one.alt !== '')")
            shown.focus("audio")
            shown.keyboard.press("Space")
            assert shown.evaluate(MOVES_ON)
