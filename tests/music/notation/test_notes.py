"""One tiny tune a construct; onsets and durations count in eighths, notes are their letter and octave."""

from fractions import Fraction

import pytest
from tunes import names, tune

from charrnn.music.notation import Reading, read


def notes(reading: Reading) -> str:
    """Of every note its name, and @onset:duration in eighths."""
    return " ".join(f"{'~' * n.grace}{names([n])}@{n.onset * 8}:{n.duration * 8}{'-' * n.tied}" for n in reading.notes)


def durations(reading: Reading) -> str:
    return " ".join(str(n.duration * 8) for n in reading.notes)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C, C c c' c''", "C3 C4 C5 C6 C7"),
        ("C,', c,,", "C3 C3"),
        ("^C ^^D _E __F =G", "C#4 D##4 Eb4 Fbb4 G4"),
        ("^c c C c|c", "C#5 C#5 C#4 C#5 C5"),
        ("^c =c c|", "C#5 C5 C5"),
        ("^c-|c c", "C#5 C#5 C5"),
        ("^c-|d c", "C#5 D5 C5"),
        ("{^c}c c", "C#5 C#5 C#5"),
        ("^c[1 c:|[2 c", "C#5 C#5 C5"),
    ],
)
def test_pitches(body: str, expected: str):
    assert names(tune(body).notes) == expected


def test_a_midi_number_counts_semitones_from_middle_c():
    assert [n.pitch for n in tune("C c ^F _B, __C").notes] == [60, 72, 66, 58, 58]


def test_the_key_alters_what_no_accidental_does():
    assert names(tune("F f =f f|f", key="G").notes) == "F#4 F#5 F5 F5 F#5"
    assert names(tune("B [K:Gm] B e", key="C").notes) == "B4 Bb4 Eb5"
    assert names(tune("B\nK:F\nB", key="C").notes) == "B4 Bb4"
    assert names(tune("F [K:bass] F", key="G").notes) == "F#4 F#4"
    assert names(tune("F [K:Qx] F", key="G").notes) == "F#4 F#4"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C C2 C/2 C/ C// C3/2 C3/ C7/4", "1 2 1/2 1/2 1/4 3/2 3/2 7/4"),
        ("C>D C>>D C>>>D", "3/2 1/2 7/4 1/4 15/8 1/8"),
        ("C<D C<<D", "1/2 3/2 1/4 7/4"),
        ("C > D C2>D2", "3/2 1/2 3 1"),
        ("C>z D", "3/2 1"),
        ("[CE]>D", "3/2 3/2 1/2"),
        ("(2CD (3CDE (4CDEF (6CDEFGA (8CDEFGABc", "3/2 3/2" + " 2/3" * 3 + " 3/4" * 4 + " 1/3" * 6 + " 3/8" * 8),
        ("(5CDEFG (7CDEFGAB (9CDEFGABcd", "2/5 " * 5 + "2/7 " * 7 + " ".join(["2/9"] * 9)),
        ("(3:2:2C2D E", "4/3 2/3 1"),
        ("(3::2CD E (3:4CDE", "2/3 2/3 1 4/3 4/3 4/3"),
        ("(3C z D E", "2/3 2/3 1"),
        ("(3[CE]DE F", "2/3 2/3 2/3 2/3 1"),
        ("(3C>DE F", "1 1/3 2/3 1"),
        ("[CE]2 [C2E2]2 [CE2]", "2 2 4 4 1 2"),
        ("[CE]/2 [C/E/]", "1/2 1/2 1/2 1/2"),
        ("(10:6:4c3/2c3/2c3c3 d", "9/10 9/10 9/5 9/5 1"),
        ("(1:2:2CC d", "2 2 1"),
        ("(12:8CDEFGABCDEFG a", "2/3 " * 12 + "1"),
        ("(10:8:2CD E", "4/5 4/5 1"),
        ("(10CD E", "1 1 1"),
        ("(3AB|c d", "2/3 2/3 2/3 1"),
        ("(3A|B|c|d", "2/3 2/3 2/3 1"),
        ("A>|B c", "3/2 1/2 1"),
        ("A<|B c", "1/2 3/2 1"),
        ("A|>B c", "3/2 1/2 1"),
        ("A>>|B c", "7/4 1/4 1"),
        ("A>:|B c", "3/2 1/2 1"),
        ("A>|1 B:|2 c", "3/2 1/2 1"),
        ("[CE]>|[DF] c", "3/2 3/2 1/2 1/2 1"),
        ("A>|", "1"),
        ("A>", "1"),
    ],
)
def test_durations(body: str, expected: str):
    assert durations(tune(body)) == expected


def test_an_odd_tuplet_takes_three_in_compound_meter():
    assert durations(tune("(5CDEFG", meter="6/8")) == " ".join(["3/5"] * 5)


def test_the_unit_length_is_that_in_force():
    assert durations(read("X:1\nT:\nM:2/4\nK:C\nC [L:1/4] C\nL:1/8\nC")) == "1/2 2 1"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C2 z D x/ E", "C4@0:2 D4@3:1 E4@9/2:1"),
        ("Z|C", "C4@8:1"),
        ("Z2|C", "C4@16:1"),
        ("C y2 D", "C4@0:1 D4@1:1"),
        ("[CE]2D", "C4@0:2 E4@0:2 D4@2:1"),
        ("[C2E]D", "C4@0:2 E4@0:1 D4@2:1"),
        ("C{d/e/}F", "C4@0:1 ~D5@1:1/2 ~E5@1:1/2 F4@1:1"),
        ("C>{d}F", "C4@0:3/2 ~D5@3/2:1 F4@3/2:1/2"),
        ("C{/d}<F", "C4@0:1/2 ~D5@1/2:1 F4@1/2:3/2"),
        ("C-C D", "C4@0:1- C4@1:1 D4@2:1"),
        ("[CE]-[CE]", "C4@0:1- E4@0:1- C4@1:1 E4@1:1"),
        ("[C-E]C", "C4@0:1- E4@0:1 C4@1:1"),
        ("C-|C", "C4@0:1- C4@1:1"),
        ("CD &E2 |F", "C4@0:1 D4@1:1 E4@0:2 F4@2:1"),
        ("V:1\nCD|\nV:2\nEF|\nV:1\nG", "C4@0:1 D4@1:1 E4@0:1 F4@1:1 G4@2:1"),
        ("[V:1]C[V:2]D[V:1]E", "C4@0:1 D4@0:1 E4@1:1"),
        ("C\\\nD", "C4@0:1 D4@1:1"),
        ("A>|B c", "A4@0:3/2 B4@3/2:1/2 C5@2:1"),
        ("A|>B c", "A4@0:3/2 B4@3/2:1/2 C5@2:1"),
        ("(3AB|c d", "A4@0:2/3 B4@2/3:2/3 C5@4/3:2/3 D5@2:1"),
        ("C2|-C2 D", "C4@0:2- C4@2:2 D4@4:1"),
        ("^C2.|C2", "C#4@0:2 C4@2:2"),
        ("C\u00a0D\u2003E", "C4@0:1 D4@1:1 E4@2:1"),
        ("C|\n%%begintext\nA prose\n\nB|\n%%endtext\nD|", "C4@0:1 D4@1:1"),
        ("C|\n%%begintext\r\nA prose\r\n%%endtext\r\nD|", "C4@0:1 D4@1:1"),
        ("C|\n%% begin is a word\nD|", "C4@0:1 D4@1:1"),
        ("C|\n%%beginsvg\n<A>\n%%endtext\n%%endsvg\nD|", "C4@0:1 D4@1:1"),
    ],
)
def test_onsets(body: str, expected: str):
    assert notes(tune(body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        "C|D", '"Am7"C|"^text"D', "!f!C|!D.C.!D", "+trill+C|D", ".C|~D", "uC|HD", "(C|D)", "((C|D))", "C .|D", "C`D",
        "C$|D", "C % words\n|D", "%%MIDI x\nC|D", "C\r\n|D", "C\nw:la la\n|D", "C\nW:words\nN:note\n|D",
        "[P:A]C|[r:x]D",
        "C\\ % words\nD", "C|!\nD", "\tC [|] D", ".(C|D.)", "C.-|C", "C[|:D:|]", "(3:2:3CDE|D", "K:C\nC|D",
        "{[CE]}C|D", "|1 C:|2-3,5 D",
    ],
)  # fmt: skip
def test_what_the_standard_allows_is_no_problem(body: str):
    kinds = [p.kind for p in tune(body).problems if p.kind != "bar length"]
    assert kinds == []


def test_a_defined_letter_is_a_decoration():
    assert not tune("U:k=!accent!\nkC |kD|").problems
    assert not read("X:1\nT:x\nU: W = !trill!\nM:C\nK:C\nC WD|").problems


def test_notes_know_their_place():
    reading = tune("C|[DE]{f}|")
    at = reading.text.index("C|")
    assert [n.position - at for n in reading.notes] == [0, 3, 4, 7]
    assert [n.bar for n in reading.notes] == [0, 1, 1, 1]
    assert [n.chord and n.chord - at for n in reading.notes] == [None, 2, 2, None]
    assert [n.grace for n in reading.notes] == [False, False, False, True]


def test_voices_have_names_and_bars_of_their_own():
    reading = tune("[V:1 clef=bass]C8|[V:2]E8|[V:1]D8|")
    assert [(n.voice, n.bar, n.onset) for n in reading.notes] == [("1", 0, 0), ("2", 1, 0), ("1", 2, Fraction(1))]
    assert [b.kind for b in reading.bars] == ["full"] * 3
