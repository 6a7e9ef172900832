"""Notes against those of Debian's abc2midi, on tunes that no two programs play differently on purpose."""

import os
import re
import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from reference import reference

from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import Reading, read
from charrnn.music.notation.lexer import State, tokens
from charrnn.music.notation.playing import played

# Ticks of abc2midi are 1/1920 of a whole note, and it rounds every duration of a tuplet.
TOLERANCE = Fraction(1, 100)
S = State
ORNAMENTS = (S.GRACE, S.GRACE_SLASH, S.BANG_END, S.PLUS_END, S.OVERLAY)
LETTERS = (S.DECORATION, S.LINE_LETTER, S.INLINE_LETTER)
VALUES = (S.VALUE, S.COLON_AT_LINE, S.INLINE_VALUE)


def is_plain(reading: Reading) -> bool:
    """No grace notes, ornaments, voices or parts; and nothing that two programs would have to guess."""
    found = tokens(reading.text)[reading.header.tokens :]
    letters = {
        reading.text[start]
        for (kind, start, _), (after, _, _) in pairwise([*found, (S.NEWLINE, 0, 0)])
        if kind in LETTERS and after not in VALUES
    }
    return (
        reading.header.key is not None
        and not reading.junk
        and not any(field.letter in "VPmU" for field in reading.fields)
        and not any(kind in ORNAMENTS for kind, _, _ in found)
        and letters <= set("uv")
    )


def without_repeats(tune: str) -> str:
    """The tune with every bar line a plain one, so that it is played as it is written."""
    head, key, body = tune.partition("\nK:")
    key += body.partition("\n")[0] + "\n"
    lines = []
    for line in body.split("\n")[1:]:
        if not re.match(r"[A-Za-z]:(?![|:])", line):
            line = re.sub(r'"[^"]*"|\[[0-9][0-9,-]*', "", line)
            line = re.sub(r"(\]?)[|:[]*(?:\||::)[|:\]]*(?:[0-9][0-9,-]*)?", r"\1|", line)
        lines.append(line)
    return head + key + "\n".join(lines)


def agreement(tunes: list[str], folder: Path) -> tuple[float, float]:
    """Shares of tunes of the same pitches, and of the same onsets too."""
    pitches = onsets = 0
    for tune, theirs in zip(tunes, reference(tunes, folder), strict=True):
        ours = played(read(tune))
        same = [note.pitch for note in ours] == [pitch for _, pitch in theirs]
        pitches += same
        onsets += same and all(abs(n.onset - at) < TOLERANCE for n, (at, _) in zip(ours, theirs, strict=True))
    return pitches / len(tunes), onsets / len(tunes)


@pytest.fixture
def abc2midi():
    if shutil.which("abc2midi") is None:
        assert not os.environ.get("REQUIRE_ENGINES"), "abc2midi is not on PATH, and REQUIRE_ENGINES is set"
        pytest.skip("abc2midi (Debian's abcmidi) is not on PATH")


@pytest.mark.slow
@pytest.mark.usefixtures("abc2midi")
@pytest.mark.parametrize("name", ["ryan", "oneill"])
def test_notes_are_those_of_abc2midi(name: str, tmp_path: Path):
    plain = [tune for tune in parse(find_sources(name)).tunes if is_plain(read(tune))]
    assert len(plain) > 500
    pitches, onsets = agreement([without_repeats(tune) for tune in plain], tmp_path)
    assert pitches >= 0.99
    assert onsets >= 0.98
    # Most others lack a |:, and abc2midi goes back to the beginning where the standard (section 4.8) goes back to the
    # last double bar line only.
    pitches, onsets = agreement(plain, tmp_path)
    assert pitches >= 0.975
    assert onsets >= 0.97
