from fractions import Fraction

import pytest

from charrnn.music.notation.fields import (
    CLEF_ONLY,
    FREE,
    NO_KEY,
    default_unit,
    read_beginning,
    read_key,
    read_meter,
    read_unit,
)

SHARPS, FLATS = "FCGDAEB", "BEADGCF"


@pytest.mark.parametrize(
    ("value", "tonic", "mode", "fifths"),
    [
        ("C", "C", "maj", 0), ("G", "G", "maj", 1), ("Gmaj", "G", "maj", 1), ("Bb", "Bb", "maj", -2),
        ("F#m", "F#", "min", 3), ("A Minor", "A", "min", 0), ("EMin", "E", "min", 1), ("EM", "E", "min", 1),
        ("Ador", "A", "dor", 1), ("A Dorian", "A", "dor", 1), ("D MIX", "D", "mix", 1), ("Bphr", "B", "phr", 1),
        ("Glyd", "G", "lyd", 2), ("Bloc", "B", "loc", 0), ("Daeolisch", "D", "aeo", -1), ("C#", "C#", "maj", 7),
        ("Cb", "Cb", "maj", -7), ("G treble", "G", "maj", 1), ("G Bass", "G", "maj", 1),
        ("Em clef=alto", "E", "min", 1),
        ("F transpose=24", "F", "maj", -1), ("D treble-8 name=\"a b\"", "D", "maj", 2),
    ],
)  # fmt: skip
def test_a_key_has_its_signature(value: str, tonic: str, mode: str, fifths: int):
    key = read_key(value)
    signature = dict.fromkeys(SHARPS[:fifths] if fifths > 0 else FLATS[: -fifths or 0], 1 if fifths > 0 else -1)
    assert key == (tonic, mode, signature)


@pytest.mark.parametrize(
    ("value", "alters"),
    [
        ("D=c", {"F": 1, "C": 0}), ("Dmix ^f _B", {"F": 1, "B": -1}), ("D exp _b __e", {"B": -1, "E": -2}),
        ("Hp", {"F": 1, "C": 1}), ("HP", {"F": 1, "C": 1}), ("HP exp", {}),
        ("^c", {"C": 1}),
    ],
)  # fmt: skip
def test_accidentals_change_the_signature(value: str, alters: dict[str, int]):
    assert read_key(value).alters == alters


def test_the_highland_pipes_sound_as_they_are_tuned_and_draw_it_or_not():
    assert read_key("HP").signature == {}
    assert read_key("Hp").signature == read_key("D").signature == {"F": 1, "C": 1}


@pytest.mark.parametrize(
    ("value", "like"),
    [
        ("Ador?", "Ador"), ("A/D", "A"), ("Gman", "G"), ("E minor pentatonic", "Em"), ("D (G)", "D"), ("Bn", "B"),
        ("Dmin/maj", "Dm"), ("EMixolydian#", "Emix"), ("Fr x", "F"), ("C major x", "C"), ("D_", "D"), ("A-", "A"),
        ("Gmajor;", "G"), ("D maj/ Bm", "D"), ("Amin7", "Am"), ("Em (Dorian)", "Em"), ("D^g ?", "D^g"),
        ("Dmix ^g?", "Dmix ^g"), ("DG~G2", "D"), ("G#", "Ab"), ("A#", "Bb"), ("Fb", "E"), ("HP?", "HP"),
    ],
)  # fmt: skip
def test_of_a_key_that_is_not_legal_the_beginning_is_read(value: str, like: str):
    key, is_legal = read_beginning(value)
    assert not is_legal
    assert key.alters == read_key(like).alters


@pytest.mark.parametrize("value", ["H", "gm", '"D"', "dor", "1", "é"])
def test_a_key_without_a_tonic_is_none(value: str):
    assert read_beginning(value) == (None, False)


@pytest.mark.parametrize("value", ["", "none", "  "])
def test_a_key_can_be_none(value: str):
    assert read_key(value) == NO_KEY


def test_a_clef_alone_is_no_key():
    assert read_key("clef=treble") == read_key("bass") == CLEF_ONLY


@pytest.mark.parametrize(
    "value", ["H", "g", "Bn", "G#", "Fb", "Fr'ranal Glangel", "DG~G2", "C major x", "Gman", "1", "é"]
)
def test_a_key_that_is_none(value: str):
    assert read_key(value) is None


@pytest.mark.parametrize(
    ("value", "bar", "beat"),
    [
        ("C", "1", "1/4"), ("C|", "1", "1/2"), ("4/4", "1", "1/4"), (" 6/8 ", "3/4", "3/8"), ("9/8", "9/8", "3/8"),
        ("3/8", "3/8", "1/8"), ("2+3/8", "5/8", "1/8"), ("(2+3+2)/8", "7/8", "1/8"), ("3/2", "3/2", "1/2"),
    ],
)  # fmt: skip
def test_a_meter_is_a_length_and_a_beat(value: str, bar: str, beat: str):
    assert read_meter(value) == (Fraction(bar), Fraction(beat))


def test_a_meter_can_be_free():
    assert read_meter("none") == read_meter("") == FREE


@pytest.mark.parametrize(
    "value", ["4/0", "0/4", "3", "g/4", "4/3", "4/2+2/2", "(2+3/8", "-4/4", "1/1024", "C||", "4 4", "٣/4"]
)
def test_a_meter_that_is_none(value: str):
    assert read_meter(value) is None


@pytest.mark.parametrize(("value", "unit"), [("1/8", "1/8"), ("1", "1"), ("1/1", "1"), (" 1/512", "1/512")])
def test_a_unit_length(value: str, unit: str):
    assert read_unit(value) == Fraction(unit)


@pytest.mark.parametrize("value", ["", "1/0", "1/86", "2/8", "1/1024", "1/6", "l/8", "1/8 1/4", "1/²"])
def test_a_unit_length_that_is_none(value: str):
    assert read_unit(value) is None


@pytest.mark.parametrize(
    ("meter", "unit"), [("2/4", "1/16"), ("3/8", "1/16"), ("3/4", "1/8"), ("C", "1/8"), ("none", "1/8")]
)
def test_the_meter_gives_the_unit_length_that_is_missing(meter: str, unit: str):
    assert default_unit(read_meter(meter)) == Fraction(unit)
