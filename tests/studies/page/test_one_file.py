"""The page is one file: whatever texts say, nothing in them is a tag; it shows, plays and asks for nothing."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.figure import Figure

from charrnn.studies.page import Command, Picture, Section, Table, Text, Tune, page

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
        Text(HOSTILE),
        Command(HOSTILE),
        Table(wide, HOSTILE, ("refuted",)),
        Picture(tmp_path / "tune.png", HOSTILE, HOSTILE),
        Tune(HOSTILE, HOSTILE + "x" * 500, tmp_path / "tune", HOSTILE),
        Tune("without score", "GABc|", tmp_path / "none"),
    ]
    return page(HOSTILE, HOSTILE, [Section(HOSTILE, parts), Section("empty", [])])


def test_no_text_is_a_tag_and_everything_stands_in_the_file(html: str):
    assert "<script" not in html and "<img src" not in html and "&lt;script&gt;" in html
    sources = re.findall(r'\ssrc="([^"]*)"', html)
    assert len(sources) == 3 and all(source.startswith("data:") for source in sources)
    assert "data:audio/mpeg;base64," in html and "empty" not in html
    assert "No score and sound" in html and 'class="mark refuted"' in html


@pytest.mark.slow
def test_in_a_browser(html: str, tmp_path: Path):
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        assert not os.environ.get("REQUIRE_ENGINES"), "no Chromium is on PATH, and REQUIRE_ENGINES is set"
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "index.html"
    file.write_text(html, encoding="utf-8")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for width, scheme in ((375, "dark"), (1200, "light")):
            shown = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            said, asked = [], []
            shown.on("console", lambda message, said=said: said.append(message.text))
            shown.on("pageerror", lambda error, said=said: said.append(str(error)))
            shown.on("request", lambda request, asked=asked: asked.append(request.url))
            shown.goto(file.as_uri())
            assert shown.evaluate("document.documentElement.scrollWidth") == width
            assert shown.evaluate("[...document.images].every((one) => one.naturalWidth > 0 && one.alt !== '')")
            shown.focus("audio")
            shown.keyboard.press("Space")
            assert shown.evaluate(MOVES_ON)
            assert said == [] and [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
        chromium.close()
