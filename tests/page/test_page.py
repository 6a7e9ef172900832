"""The page as people meet it: by eye, ear, keyboard, screen reader and on paper; on any tune, without a request."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import symusic

from charrnn.learning.network import load
from charrnn.music.engraving.sounding import midi
from charrnn.music.notation import read
from charrnn.music.tune import Tune
from charrnn.page.page import write_page
from tests.conftest import ROOT, opened
from tests.page.test_composing import page_of, settings
from tests.page.test_ported import soup

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCALE = "X:1\nT:Scales\nM:4/4\nL:1/8\nK:D\n|:DEFG ABcd|dcBA GFED|1 D2F2 A4:|2 (3ABc d>e d2D2|]\n"
MARKUP = "<img src=x onerror=alert(1)> & <b>bold</b>"
BROKEN = f'X:2\nT:{MARKUP}\nM:3/4\nL:1/8\nK:G\nG2|GABc d|}}{{"unclosed\n%%beginps\nI:beginps\n'
SOUND = """async instrument => {
  const player = new charrnn.Player(() => {}, () => {});
  const audio = new OfflineAudioContext(1, 22050, 22050);
  audio.resume = () => {};
  player.instrument = instrument;
  player.open(() => audio);
  player.sound(69, 0, 0.9);
  return Array.from((await audio.startRendering()).getChannelData(0));
}"""
TUNES = [SCALE, BROKEN, SCALE.replace("Scales", "More scales").replace("K:D", "K:Gm")]


@pytest.fixture
def file(run_of: Callable, tmp_path: Path) -> Path:
    """A page of TUNES; the first has MusicXML."""
    shutil.copy(run_of("compose") / "last.ckpt", tmp_path)
    Tune(SCALE).write(tmp_path / "000.musicxml")
    tunes = [Tune(text, number, strict=True) for number, text in enumerate(TUNES)]
    network = load(run_of("compose") / "last.ckpt", accelerator="cpu")
    write_page(tmp_path / "index.html", network, tunes, settings(), name="run", ckpt="run", program="python sample.py")
    return tmp_path / "index.html"


@contextmanager
def quiet(browser: Any, file: Path, width: int = 1280, **options: Any) -> Iterator[Any]:
    """The page in a window, without a word on the console, a request or a scroll bar below."""
    with opened(browser, file, width, embeds=True, **options) as page:
        page.locator("#score svg").wait_for()
        yield page


def saved(page: Any, name: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(download.value.path()).read_bytes()


def test_every_tune_is_shown_with_what_is_wrong(browser: Any, file: Path):
    with quiet(browser, file) as page:
        assert page.locator("#list button").all_inner_texts()[0].startswith("Scales")
        assert page.locator("#score .abcjs-note").count() == len(read(SCALE).notes)
        assert "not well-formed" not in page.locator("#tune-facts").inner_text()
        page.locator("#list button").nth(1).click()
        assert page.locator("#tune-title").inner_text() == MARKUP
        assert page.locator("#tune-title *").count() == page.locator("img").count() == 0
        assert "signs that mean nothing" in page.locator("#tune-facts").inner_text()
        assert "unclosed quote (bar" in page.locator("#problems").inner_text()


def test_whatever_a_network_writes_is_shown_without_a_word(browser: Any, file: Path):
    texts = [*soup(25), *("X:1\nT:x\nM:4/4\nL:1/8\nK:C\n" + text for text in soup(25))]
    network = load(file.parent / "last.ckpt", accelerator="cpu")
    tunes = [Tune(text, number, strict=True) for number, text in enumerate(texts)]
    write_page(file, network, tunes, settings(), name="run", ckpt="run", program="python sample.py")
    with opened(browser, file, 1280, embeds=True) as page:
        page.evaluate("[...list.children].forEach((_, i) => list.children[i].firstChild.click())")
        assert page.locator("#list [aria-current=true]").inner_text() == page.locator("#list button").last.inner_text()


def test_the_list_is_moved_through_by_keyboard(browser: Any, file: Path):
    with quiet(browser, file) as page:
        page.locator("#list button").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert page.locator("#tune-title").inner_text() == "More scales"
        assert page.evaluate("document.activeElement.ariaCurrent") == "true"


def test_one_tune_sounds_at_a_time_and_its_note_is_marked(browser: Any, file: Path):
    with quiet(browser, file) as page:
        page.locator("#tempo").fill("200")
        page.locator("#play").click()
        page.locator("#score .sounding").first.wait_for()
        first = page.locator("#score .sounding").first.bounding_box()
        page.wait_for_timeout(600)
        assert page.locator("#score .sounding").first.bounding_box() != first
        for instrument in page.locator("#instrument option").all_inner_texts():
            page.locator("#instrument").select_option(instrument)
        assert page.locator("#play").inner_text() == "Stop"
        page.locator("#list button").nth(2).click()
        assert page.locator("#play").inner_text() == "Play"
        assert page.locator("#score .sounding").count() == 0


def test_every_instrument_sounds_the_pitch_that_is_written(browser: Any, file: Path):
    with quiet(browser, file) as page:
        for instrument in page.locator("#instrument option").all_inner_texts():
            samples = np.array(page.evaluate(SOUND, instrument))
            assert np.isfinite(samples).all() and 0.02 < np.abs(samples).max() <= 1
            spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
            hertz = np.fft.rfftfreq(len(samples), 1 / 22050)
            near_a = spectrum[(hertz > 425) & (hertz < 455)].max()
            assert near_a > 20 * spectrum[(hertz > 470) & (hertz < 840)].max()  # nothing up to its octave
            assert near_a > 20 * spectrum[(hertz > 60) & (hertz < 410)].max()


def test_files_are_saved_with_the_notes_of_our_reading(browser: Any, file: Path, tmp_path: Path):
    with quiet(browser, file) as page:
        assert saved(page, "ABC").decode() == SCALE + "\n"
        (tmp_path / "page.mid").write_bytes(saved(page, "MIDI"))
        here, there = symusic.Score(tmp_path / "page.mid"), midi(read(SCALE))
        notes = [[(n.time, n.duration, n.pitch) for n in score.tracks[0].notes] for score in (here, there)]
        assert notes[0] == notes[1]
        assert here.ticks_per_quarter == there.ticks_per_quarter
        assert round(here.tempos[0].qpm) == round(there.tempos[0].qpm)
        assert saved(page, "MusicXML") == (tmp_path / "000.musicxml").read_bytes()
        assert saved(page, "SVG").startswith(b"<svg")
        book = saved(page, "All as a tune book").decode()
        assert book.startswith("%abc-2.1\n\nX:1\nT:Scales") and book.count("\nX:") == 3
        page.locator("#list button").nth(2).click()
        assert page.get_by_role("button", name="MusicXML").count() == 0


def test_a_composed_tune_is_named_kept_and_removed(browser: Any, file: Path):
    with quiet(browser, file) as page:
        page.locator("#num_tunes").fill("2")
        page.locator("#temperature").fill("0.4")
        page.get_by_role("button", name="Compose", exact=True).click()
        page.locator("#progress", has_text="2 tunes are ready").wait_for()
        assert page.locator("#list button").count() == 5
        page.get_by_label("Name").fill("Mine")
        page.get_by_label("Name").press("Tab")
        assert page.locator("#tune-title").inner_text() == "Mine"
        page.get_by_label("Keep").check()
        page.get_by_role("button", name="More like this").click()
        page.locator("#progress", has_text="1 tune is ready").wait_for()
        titles = page.locator("#list button").all_inner_texts()
        assert len(titles) == 5 and titles[3].startswith("Mine")
        page.get_by_role("button", name="Remove").click()
        assert page.locator("#list button").count() == 4
        page.get_by_role("button", name="Another ending").click()
        page.locator("#progress", has_text="1 tune is ready").wait_for()


def test_what_cannot_be_is_refused_in_a_sentence(browser: Any, file: Path):
    with quiet(browser, file) as page:
        page.locator("summary").click()
        refusals = {
            ("#key", "H"): "The key is one such as",
            ("#title", "音"): "This network knows no “音”",
            ("#bars", "GABc"): "Own bars need a key and a meter",
        }
        for (field, value), sentence in refusals.items():
            page.locator(field).fill(value)
            page.get_by_role("button", name="Compose", exact=True).click()
            assert sentence in page.locator("#refusal").inner_text()
            page.locator(field).fill("")
        page.locator("#key").fill("G")
        page.locator("#meter").select_option("4/4")
        page.locator("#bars").fill("GABc|d8|")
        page.get_by_role("button", name="Compose", exact=True).click()
        assert page.locator("#refusal").inner_text() == ""  # a pick-up
        page.locator("#progress", has_text="ready").wait_for()
        page.locator("#bars").fill("d8|GABc|d8|")
        page.get_by_role("button", name="Compose", exact=True).click()
        assert page.locator("#refusal").inner_text() == "Bar 2 is not as long as the meter."


def test_temperature_shows_in_what_may_come_next(browser: Any, file: Path):
    def shares(temperature: str) -> list[int]:
        page.locator("#temperature").fill(temperature)
        return [int(text.rstrip(" %")) for text in page.locator("#likely td:last-child").all_inner_texts()]

    with quiet(browser, file) as page:
        cold, warm, hot = shares("0"), shares("1"), shares("2")
        assert cold[0] == 100 > warm[0] > hot[0]
        assert "Wild" in page.locator("#temperature-words").inner_text()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_serious_for_a_screen_reader(width: int, color_scheme: str, browser: Any, file: Path):
    if not AXE.exists():
        assert not os.environ.get("REQUIRE_ENGINES"), "node_modules has no axe-core, and REQUIRE_ENGINES is set"
        pytest.skip("needs axe-core: npm ci")
    with quiet(browser, file, width, color_scheme=color_scheme, bypass_csp=True) as page:
        page.locator("summary").click()
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run().then(result => result.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
        assert [one for one in found if one[0] in ("serious", "critical")] == []
        assert page.locator("#score svg").bounding_box()["width"] <= width


def test_a_printed_page_has_the_whole_score(browser: Any, file: Path, tmp_path: Path):
    with quiet(browser, file) as page:
        page.emulate_media(media="print")
        assert page.locator("#score svg").is_visible() and page.locator("#text").is_visible()
        for part in ("#compose", "#tunes", "#player", "#actions"):
            assert not page.locator(part).is_visible()
        assert page.pdf(path=tmp_path / "page.pdf").startswith(b"%PDF")


def test_nothing_else_may_run_in_the_page(browser: Any, file: Path):
    policy = re.search(r'Content-Security-Policy"\s+content="([^"]*)"', file.read_text()).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe-eval" not in policy
    page = browser.new_page()
    page.goto(file.as_uri())
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert page.evaluate("window.ran") is None


def test_a_large_network_is_kept_in_half_precision_and_promises_no_seed(
    browser: Any, run_of: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("charrnn.page.weights.LARGEST", 1000)
    page_of(run_of("rnn"), tmp_path / "index.html", num_tunes=1, max_chars=100)
    with opened(browser, tmp_path / "index.html", 1280, embeds=True) as page:
        assert "half precision" in page.locator("#precision").inner_text()
        assert page.evaluate("charrnn.compose({max_chars: 50, num_tunes: 1}).then(all => all.length)") == 1


def test_the_page_is_written_by_sample_py_and_left_out(run_of: Callable, commands: Any):
    common = (f"ckpt={run_of('rnn')}", "num_tunes=1", "max_chars=60", "formats=[abc]")
    done = commands.run("sample", *common)
    page = next((commands.home / "samples").glob("*/index.html"))
    assert f"page      {page.relative_to(commands.home)}" in done.stdout
    page.unlink()
    commands.run("sample", *common, "page=false")
    assert not page.exists()
    assert (run_of("rnn") / "index.html").exists()  # written by train.py


def test_the_link_that_skips_to_the_tune_composes_nothing(browser: Any, file: Path):
    with quiet(browser, file) as page:
        before = page.locator("#list button").count()
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        assert page.locator("#list button").count() == before and page.locator("#progress").inner_text() == ""


def test_asked_twice_while_a_tune_grows_it_composes_once(browser: Any, file: Path):
    with quiet(browser, file) as page:
        page.evaluate("""() => {
          const form = document.getElementById("settings");
          form.elements.num_tunes.value = 2; form.elements.max_chars.value = 300; form.elements.reject.checked = false;
          for (let i = 0; i < 3; i++) form.requestSubmit();
        }""")
        page.get_by_text("2 tunes are ready.").wait_for()
        assert page.locator("#list button").count() == len(TUNES) + 2


def test_after_a_meter_that_cannot_be_it_still_composes(browser: Any, file: Path):
    with quiet(browser, file) as page:
        page.evaluate("location.hash = '#meter=x&num_tunes=1'")
        page.get_by_text("The meter is one such as").wait_for()
        page.evaluate("location.hash = '#meter=&num_tunes=1&max_chars=300&reject=false'")
        page.get_by_text("1 tune is ready.").wait_for()
