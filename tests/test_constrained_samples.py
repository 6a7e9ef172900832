"""sample.py with a constraint, through the real command."""

import json
import re
from pathlib import Path

import pytest
from conftest import Commands

from charrnn.music.notation import read


def tunes(commands: Commands) -> list[dict]:
    (file,) = (commands.home / "samples").glob("*/tunes.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_an_untrained_network_s_tunes_parse_and_tell_whose_they_are(commands: Commands, trained: Path):
    done = commands.run(
        "sample", f"ckpt={trained}", "temperature=2", "constraint=bars", "num_tunes=3", "formats=[abc]",
        "key=Gm", "meter=6/8", "rhythm=jig", "title=The Empty Clone", "max_chars=600",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "quality   3 of 3 well-formed" in done.stdout
    share = float(re.search(r"grammar   of \d+ characters about \d+ \(([\d.]+)%\)", done.stdout)[1])
    assert 0 < share < 100
    for tune in tunes(commands):
        header = read(tune["text"]).header
        fields = {field.letter: field.value for field in header.fields}
        assert (fields["K"], fields["M"], fields["R"], header.title) == ("Gm", "6/8", "jig", "The Empty Clone")
        assert tune["well_formed"]
        assert not tune["problems"]
        assert tune["constraint"] == "bars"
        assert len(tune["ruled_out"]) == len(tune["log_prob"])
        assert tune["ruled_out_sum"] == pytest.approx(sum(tune["ruled_out"]), abs=0.1)


def test_constraints_have_folders_of_their_own(commands: Commands, trained: Path):
    for more in (
        [],
        ["constraint=header"],
        ["constraint=bars"],
        ["constraint=bars", "key=D"],
        ["constraint=bars", "key=G"],
    ):
        done = commands.run("sample", f"ckpt={trained}", "num_tunes=1", "formats=[abc]", "max_chars=500", *more)
        assert done.returncode == 0, done.stderr
    assert len(list((commands.home / "samples").iterdir())) == 5


def test_rejection_says_for_which_tunes_it_found_none(commands: Commands, trained: Path):
    arguments = ["num_tunes=2", "max_tries=2", "formats=[abc]", "max_chars=50"]
    done = commands.run("sample", f"ckpt={trained}", "constraint=reject", *arguments)
    assert done.returncode == 0, done.stderr
    assert "tune 0: none of 2 was well-formed; raise max_tries, or lower temperature" in done.stdout
    assert "tries     4 tunes sampled for 2" in done.stdout
    assert tunes(commands) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["constraint=bar"], ["constraint: expected one of none, header, syntax, bars, reject, got 'bar'"]),
        (["key=Gm"], ["expected title=, key=, meter= and rhythm= with constraint=header", "got constraint=none"]),
        (["constraint=reject", "meter=6/8"], ["got constraint=reject"]),
        (["constraint=bars", "key=H"], ["key: expected a key such as Gm", "'H'"]),
        (["constraint=bars", "meter=1/512"], ["meter: expected one whose bars a tune can fill", "'1/512'"]),
        (["constraint=bars", "title=\u00fc"], ["title: expected text of the checkpoint's alphabet"]),
        (["constraint=bars", "max_chars=60"], ["max_chars: expected at least", "got 60"]),
        (["constraint=bars", "prompt=K:"], ["prompt: expected a beginning that the constraint allows, got 'K'"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(
    commands: Commands, trained: Path, arguments: list[str], words: list[str]
):
    sentence = commands.refused("sample", f"ckpt={trained}", *arguments)
    for word in words:
        assert word in sentence
