"""Notes against those of Debian's abc2midi, on tunes that no two programs play differently on purpose."""

import os
import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from reference import reference

from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import Reading, played, read
from charrnn.music.notation.bars import divides, repeats
from charrnn.music.notation.lexer import State, tokens

# Ticks of abc2midi are 1/1920 of a whole note, and it rounds every duration of a tuplet.
TOLERANCE = Fraction(1, 100)
S = State
ORNAMENTS = (S.GRACE, S.GRACE_SLASH, S.BANG_END, S.PLUS_END, S.OVERLAY)
LETTERS = (S.DECORATION, S.LINE_LETTER, S.INLINE_LETTER)
VALUES = (S.VALUE, S.COLON_AT_LINE, S.INLINE_VALUE)


def is_plain(reading: Reading) -> bool:
    """No grace notes, ornaments, voices or parts; and nothing that two programs would have to guess."""
    split = tokens(reading.text)[reading.header.tokens :]
    letters = {
        reading.text[start]
        for (kind, start, _), (after, _, _) in pairwise([*split, (S.NEWLINE, 0, 0)])
        if kind in LETTERS and after not in VALUES
    }
    return (
        reading.header.key is not None
        and not reading.junk
        and not any(field.letter in "VPmU" for field in reading.fields)
        and not any(kind in ORNAMENTS for kind, _, _ in split)
        and letters <= set("uv")
    )


def with_repeat_starts(tune: str) -> str:
    """The tune with a |: at every double bar line from which the standard repeats without one (section 4.8).

    There abc2midi goes back to the beginning or to the last :|.
    """
    starts: list[int] = []
    last, opened = 0, False
    split = [*tokens(tune), (S.NEWLINE, 0, 0)]
    for (kind, start, end), (after, _, _) in pairwise(split):
        if kind == S.BAR:
            before, behind = repeats(tune[start:end])
            if before and last and not opened:
                starts.append(last)
            if before or behind:
                opened, last = behind > 0, 0
            elif divides(tune[start:end]) and after != S.ENDING:
                last = end
    for at in reversed(starts):
        tune = f"{tune[:at]} |:{tune[at:]}"
    return tune


def agreement(tunes: list[str], folder: Path) -> tuple[float, float]:
    """Shares of tunes of the same pitches, and of the same onsets too."""
    same_pitches = same_onsets = 0
    for tune, theirs in zip(tunes, reference(tunes, folder), strict=True):
        ours = read(tune)
        same = pitches(ours) == [pitch for _, pitch in theirs]
        same_pitches += same
        onsets = [note.onset for note in played(ours)]
        same_onsets += same and all(abs(a - b) < TOLERANCE for a, (b, _) in zip(onsets, theirs, strict=True))
    return same_pitches / len(tunes), same_onsets / len(tunes)


def pitches(reading: Reading) -> list[int]:
    return [note.pitch for note in played(reading)]


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
    explicit = [with_repeat_starts(tune) for tune in plain]
    assert all(pitches(read(a)) == pitches(read(b)) for a, b in zip(plain, explicit, strict=True))
    same_pitches, same_onsets = agreement(explicit, tmp_path)
    assert same_pitches >= 0.99
    assert same_onsets >= 0.98
