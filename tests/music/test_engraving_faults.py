"""What an engine does to a tune costs that format and no other: it is missing, hangs, dies, or the tune is too much."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
import symusic

from charrnn.music.engraving import FORMATS, Engraver
from charrnn.music.engraving.musicxml import musicxml
from charrnn.music.engraving.voices import bars_that_fit
from charrnn.music.notation import read

HEAD = "X:1\nT:A test\nM:4/4\nL:1/8\nK:C\n"
TUNE = HEAD + "CDEF GABc|c8|]\n"
DIE = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts code in the place of an engine's, for every worker to come."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def replace(name: str, code: str) -> None:
        (tmp_path / f"{name}.py").write_text(code)

    return replace


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def test_a_worker_killed_between_two_tunes_costs_nothing(tmp_path: Path):
    with Engraver() as engraver:
        assert engraver.write(TUNE, tmp_path / "a", ["svg"]).error is None
        worker = engraver._worker
        assert worker is not None
        os.kill(worker.pid, signal.SIGKILL)
        done = engraver.write(TUNE, tmp_path / "b")
        assert done.files == FORMATS and done.errors == {}
        assert engraver._worker is not worker
    assert engraver._worker is None


def test_a_tune_that_kills_the_engine_of_its_score_keeps_the_rest(tmp_path: Path, engine):
    engine("verovio", DIE)
    with Engraver() as engraver:
        done = engraver.write(TUNE, tmp_path / "a")
        why = "the engine died of it (exit code -9)"
        assert done.files == FORMATS and done.errors == {"svg": why, "png": why} and not engraver.missing
        assert f"no score: {why}" in text_of(tmp_path / "a.svg")
        (tmp_path / "verovio.py").unlink()
        assert engraver.write(TUNE, tmp_path / "a").errors == {}


def test_an_engine_that_hangs_leaves_time_for_the_rest(tmp_path: Path, engine):
    engine("verovio", "import time\ntime.sleep(60)\n")
    started = time.monotonic()
    with Engraver(seconds=10) as engraver:  # of which a loaded machine takes some to start the worker
        done = engraver.write(TUNE, tmp_path / "a")
    assert time.monotonic() - started < 11
    assert done.files == FORMATS and set(done.errors) == {"svg", "png"}
    assert "the engine took more than" in str(done.error)


def test_a_file_that_is_not_whole_does_not_stay(tmp_path: Path, engine):
    engine("soundfile", f"open({str(tmp_path / 'a.ogg')!r}, 'w').write('OggS')\n{DIE}")
    with Engraver() as engraver:
        done = engraver.write(TUNE, tmp_path / "a")
    assert done.files == ("musicxml", "mid", "svg", "png") and set(done.errors) == {"ogg"} and done.error is None
    assert not (tmp_path / "a.ogg").exists()


@pytest.mark.parametrize(
    ("module", "files", "costs"),
    [
        ("verovio", FORMATS, {"svg", "png"}),
        ("resvg_py", ("musicxml", "mid", "ogg", "svg"), {"png"}),
        ("soundfile", ("musicxml", "mid", "svg", "png"), {"ogg"}),
        ("symusic", ("musicxml", "svg", "png"), {"mid", "ogg"}),
        ("pretty_midi", ("musicxml", "mid", "svg", "png"), {"ogg"}),
    ],
)
def test_an_engine_that_is_missing_costs_what_it_writes(tmp_path: Path, engine, module, files, costs):
    why = f"No module named {module!r}"
    engine(module, f"raise ModuleNotFoundError({why!r})\n")
    with Engraver() as engraver:
        done = engraver.write(TUNE, tmp_path / "a")
    assert done.files == files
    assert done.errors == dict.fromkeys(costs, why) and engraver.missing == {why: costs}
    assert (f"no score: {why}" in text_of(tmp_path / "a.svg")) == (module == "verovio")


def test_pitches_that_midi_does_not_have_cost_midi_and_sound(tmp_path: Path):
    low = "C" + "," * 20
    with Engraver() as engraver:
        done = engraver.write(f"{HEAD}{low}4 {low}4|", tmp_path / "a")
        assert done.files == ("musicxml", "svg", "png") and done.error is None
        assert done.errors == dict.fromkeys(("mid", "ogg"), "no note that MIDI knows")
        assert engraver.write(f"{HEAD}{low}4 C4|", tmp_path / "a").errors == {}
    assert len(symusic.Score(str(tmp_path / "a.mid")).tracks[0].notes) == 1


def test_of_a_long_tune_the_score_shows_the_beginning_and_says_so(tmp_path: Path):
    text = HEAD + "CDEF GABc|" * 400
    with Engraver() as engraver:
        done = engraver.write(text, tmp_path / "a", ["mid", "ogg", "svg"])
    why = "the first 375 bars: 3,200 notes are too many for a score"
    assert done.files == ("mid", "ogg", "svg") and done.error == why
    drawn = text_of(tmp_path / "a.svg")
    assert "375 bars" in drawn and drawn.count('class="note"') == 3000
    assert len(symusic.Score(str(tmp_path / "a.mid")).tracks[0].notes) == 3200
    assert soundfile.info(tmp_path / "a.ogg").duration == pytest.approx(180, rel=0.01)


def test_bars_of_all_voices_fit_together():
    reading = read(HEAD + "V:1\nCD|CD|CD|\nV:2\nEFG|E|\n")
    assert [bars_that_fit(reading, most) for most in (4, 5, 7, 8, 9, 10)] == [0, 1, 1, 2, 2, None]
    assert bars_that_fit(read(HEAD), 0) is None
    document = musicxml(reading, 2, "the first 2 bars")
    assert document.count("<measure ") == 4 and document.count("the first 2 bars") == 1
