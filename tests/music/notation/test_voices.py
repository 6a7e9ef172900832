"""What transposes a voice, and which voice a note or a field is for."""

from fractions import Fraction

import pytest

from charrnn.music.notation import played, read
from charrnn.music.notation.clefs import Clef, read_clef

HEAD = "X:1\nT:a\nM:4/4\nL:1/8\n"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ("C treble-8", Clef("treble", None, -1, None, None)),
        ("clef=bass+8", Clef("bass", None, 1, None, None)),
        ("treble+15", Clef("treble", None, 2, None, None)),
        ("Am alto", Clef("alto", None, 0, None, None)),
        ("bass3", Clef("bass", 3, 0, None, None)),
        ('name="a treble voice" octave=-2', Clef(None, None, None, -2, None)),
        ("transpose=-3 clef=tenor", Clef("tenor", None, 0, None, -3)),
        ("octave=x transpose=", Clef(None, None, None, None, None)),
        ("", Clef(None, None, None, None, None)),
    ],
)
def test_properties_are_read(properties: str, expected: Clef):
    assert read_clef(properties) == expected


@pytest.mark.parametrize(
    ("text", "pitches"),
    [
        ("K:C treble-8\nC", [48]),
        ("K:C clef=treble+8\nC", [72]),
        ("K:C treble+15\nC", [84]),
        ("K:C octave=-1\nC", [48]),
        ("K:C transpose=-2\nC", [58]),
        ("K:C bass\nC", [60]),
        ("V:1 octave=-1\nK:C\nC", [48]),
        ("V:1 octave=-1\nK:C\nV:1\nC", [48]),
        ("K:C\nV:1 octave=-1\nC", [48]),
        ("K:C\n[V:1 treble-8]C[V:2]C", [48, 60]),
        ("K:C\nV:1 treble-8\nC\nV:1\nC", [48, 48]),
        ("V:1\nV:2 treble-8 transpose=5\nK:C\nV:1\nC\nV:2\nC", [60, 53]),
        ("K:C treble-8\nV:1 clef=bass\nC\nV:2\nC", [60, 48]),
        ("K:C\nK:treble-8\nV:1\nC\nV:2\nC", [48, 48]),
        ("K:C\nC[K:treble-8]C[K:treble]C[K:G]F", [60, 48, 60, 66]),
        ("K:C treble-8\nC[K:Bb]B", [48, 58]),
    ],
)
def test_clefs_and_voices_transpose(text: str, pitches: list[int]):
    assert [note.pitch for note in read(HEAD + text).notes] == pitches


def test_an_octave_is_written_and_a_transposition_only_sounds():
    (note,) = read(f"{HEAD}K:C treble-8 transpose=2\n^C").notes
    assert (note.step, note.alter, note.octave, note.pitch) == ("C", 1, 3, 51)


@pytest.mark.parametrize(
    ("text", "voices", "pitches", "durations"),
    [
        ("K:C\nK:D\nV:1\nF\nV:2\nF", "12", [66, 66], [1, 1]),
        ("K:C\n[K:D][V:1]F[V:2]F", "12", [66, 66], [1, 1]),
        ("K:C\nL:1/4\nV:1\nF\nV:2\nF", "12", [65, 65], [2, 2]),
        ("K:C\nV:1\nK:D\nF\nV:2\nF", "12", [66, 65], [1, 1]),
        ("V:1\nV:2\nK:C\nK:D\nV:2\nF\nV:1\nF", "21", [66, 66], [1, 1]),
        ("K:C\nF\nV:2\nF\nV:1\nF", "221", [65, 65, 65], [1, 1, 1]),
        ("K:C\nF\nK:D\nV:1\nF\nV:2\nF", "112", [65, 66, 66], [1, 1, 1]),
        ("V:7\nK:C\nF", "7", [65], [1]),
    ],
)
def test_fields_before_the_first_voice_are_for_all(text: str, voices: str, pitches: list[int], durations: list[int]):
    notes = read(HEAD + text).notes
    assert "".join(note.voice for note in notes) == voices
    assert [note.pitch for note in notes] == pitches
    assert [note.duration * 8 for note in notes] == durations


def test_a_meter_before_the_first_voice_is_for_all():
    reading = read("X:1\nT:a\nK:C\nM:3/4\nV:1\nCDE FGA|\nV:2\nCDE FGA|")
    assert [(bar.voice, bar.expected, bar.kind) for bar in reading.bars] == [
        ("1", Fraction(3, 4), "full"), ("2", Fraction(3, 4), "full")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meter", "duration"),
    [
        ("K:C\nM:2/4\nC", Fraction(2, 4), Fraction(1, 16)),
        ("K:C\nM:6/8\nC", Fraction(6, 8), Fraction(1, 8)),
        ("L:1/4\nK:C\nM:2/4\nC", Fraction(2, 4), Fraction(1, 4)),
        ("K:C\nL:1/4\nM:2/4\nC", Fraction(2, 4), Fraction(1, 4)),
        ("M:2/4\nK:C\nM:4/4\nC", Fraction(4, 4), Fraction(1, 16)),
        ("M:4/4\nK:C\nM:2/4\nC", Fraction(2, 4), Fraction(1, 8)),
        ("K:C\n[M:2/4]C", Fraction(2, 4), Fraction(1, 16)),
        ("K:C\nQ:120\nM:2/4\nC", Fraction(2, 4), Fraction(1, 16)),
        ("K:C\nV:1\nM:2/4\nC", Fraction(2, 4), Fraction(1, 16)),
    ],
)
def test_a_meter_behind_the_key_is_that_of_the_tune(text: str, meter: Fraction, duration: Fraction):
    reading = read(f"X:1\nT:a\n{text}")
    assert reading.header.meter.bar == meter
    assert [note.duration for note in reading.notes] == [duration]
    assert not reading.problems


def test_an_illegal_octave_or_interval_changes_nothing():
    assert [note.pitch for note in played(read(f"{HEAD}K:C octave=99999999999 transpose=a\nC"))] == [60]
