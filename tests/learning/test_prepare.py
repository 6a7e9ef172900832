"""The cache gives what reading gives, follows the content, and is never trusted blindly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charrnn.config import Data
from charrnn.learning import prepare as module
from charrnn.learning.prepare import PARTS, Prepared, describe, prepare
from charrnn.music.canonical import canonical
from charrnn.music.notation import read

TUNES = Path(__file__).resolve().parents[1] / "tunes.abc"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "charrnn"


def data(path: Path = TUNES, split: str = "tunes", seed: int = 0) -> Data:
    return Data(
        source="file", path=str(path), split=split, split_seed=seed, clean=False, seq_len=30, batch_size=4, titles=True,
        notation="raw", key="as_written",
    )  # fmt: skip


def assert_equal(one: Prepared, other: Prepared) -> None:
    assert one.vocab.characters == other.vocab.characters and one.report == other.report
    for part in PARTS:
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_the_second_time_gives_the_same_without_reading_again(monkeypatch: pytest.MonkeyPatch):
    first = prepare(data())
    monkeypatch.delattr(module.corpus, "parse")
    assert_equal(first, prepare(data()))


def test_other_content_split_or_seed_is_read_anew(tmp_path: Path, cache: Path):
    prepare(data())
    prepare(data(seed=1))
    prepare(data(split="contiguous"))
    changed = tmp_path / "changed.abc"
    changed.write_text(TUNES.read_text().replace("GABc", "GAGA").replace("G2BG dGBG", "G2BG dGBd"))
    prepare(data(changed))
    assert len(list(cache.iterdir())) == 4


def test_the_same_tunes_elsewhere_come_from_the_cache_under_their_own_name(tmp_path: Path, cache: Path):
    first = prepare(data())
    moved = tmp_path / "moved.abc"
    moved.write_bytes(TUNES.read_bytes())
    assert prepare(data(moved)).report == first.report | {"path": str(moved)}
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", b"no archive"])
def test_a_damaged_cache_is_written_anew(cache: Path, damage: bytes):
    first = prepare(data())
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    assert_equal(first, prepare(data()))
    assert_equal(first, prepare(data()))


def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(cache: Path):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    assert prepare(data()).report["tunes"] == 12


def test_the_words_for_people_hold_every_count():
    said = describe(prepare(data()).report)
    for part in ("12 tunes", "characters outside tunes", "train ", "val ", "test "):
        assert part in said


def test_clean_data_leaves_out_what_is_not_well_formed_and_says_so(tmp_path: Path):
    file = tmp_path / "tunes.abc"
    file.write_text(TUNES.read_text() + "\nX:99\nT:No key\nM:4/4\nabcd efga|bagf edcB|\n")
    whole = prepare(data(file))
    clean = prepare(replace(data(file), clean=True))
    count = [sum(p.report["split"][part]["tunes"] for part in PARTS) for p in (whole, clean)]
    assert whole.report["not_well_formed"] is None
    assert clean.report["not_well_formed"] == count[0] - count[1] > 0
    assert f"not well-formed {count[0] - count[1]}" in describe(clean.report)
    kept = [tune for part in PARTS for tune in clean.vocab.decode_tunes(getattr(clean, part))]
    assert len(kept) == count[1] and all(read(tune).well_formed for tune in kept)
    assert clean.report["human"]["well_formed"] == 1.0


def test_canonical_data_holds_the_same_tunes_on_each_side_and_says_what_is_left_out(tmp_path: Path):
    file = tmp_path / "tunes.abc"
    file.write_text(TUNES.read_text() + "\n\nX:13\nT:Broken\nM:4/4\nL:1/8\nK:D\nABC|D\n")
    raw, said = prepare(data(file)), prepare(replace(data(file), notation="canonical"))
    for part in PARTS:
        tunes = [
            canonical(tune) for tune in raw.vocab.decode_tunes(getattr(raw, part)) if read(tune).well_formed
        ]  # fmt: skip
        assert said.vocab.decode_tunes(getattr(said, part)) == tunes
    assert said.report["left_out"] == {"not well-formed (bar fit)": 1}
    assert "left out  not well-formed (bar fit) 1" in describe(said.report)
    assert raw.report["left_out"] is None


def test_white_data_remembers_the_tonics_of_the_collection():
    report = prepare(replace(data(), notation="canonical", key="white")).report
    assert report["tonics"]["maj"]["G"] >= 1
    assert sum(sum(tonics.values()) for tonics in report["tonics"].values()) == 12


def test_inputs_come_from_the_cache_as_they_were_read(monkeypatch: pytest.MonkeyPatch):
    settings = replace(data(), notation="canonical")
    first = prepare(settings, ["meter", "phrase"])
    monkeypatch.delattr(module.corpus, "parse")
    again = prepare(settings, ["meter", "phrase"])
    for part in PARTS:
        np.testing.assert_array_equal(first.inputs[part], again.inputs[part])
        assert first.inputs[part].shape == (len(getattr(first, part)), 8)


def test_what_is_wrong_and_what_was_done_is_shown_with_examples(tmp_path: Path):
    tunes = [tune.partition("\n")[2].replace("\nL:1/8", "") for tune in TUNES.read_text().split("\n\n")[1:]]
    tunes[-1] = tunes[-1].replace("M:", "M:C/l ")
    file = tmp_path / "book.abc"
    file.write_text("L:1/8\n\n" + "\n\n".join(tunes))
    report = prepare(data(file)).report
    assert report["repaired"] == {"numbers_given": 12, "fields_of_the_file": 9}
    assert report["diagnosis"]["read"] == 12
    assert report["diagnosis"]["faults"]["M"] == report["diagnosis"]["problems"]["meter"] == 1
    words = describe(report)
    assert words.count("numbers given: X:") == words.count("fields of the file: L:1/8") == 3
    assert f"{100 * report['diagnosis']['well_formed'] / 12:.1f} % of 12 are well-formed, " in words
    assert "meter: X:12, line " in words and "expected a meter, such as 6/8" in words
