"""Words and notes: of every syllable the note's letter, the word's part, and what is held."""

import time

import pytest
from tunes import tune

from charrnn.music.notation import lyrics


def sung(body: str) -> str:
    reading = tune(body)
    return " ".join(f"{reading.text[s.note]}{s.verse}:{s.text}/{s.syllabic}{'_' * s.extend}" for s in lyrics(reading))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("CDE|\nw:one two three", "C1:one/single D1:two/single E1:three/single"),
        ("CDE|\nw:hap-pi-ness", "C1:hap/begin D1:pi/middle E1:ness/end"),
        ("CDE|\nw:hap - py day", "C1:hap/begin D1:py/end E1:day/single"),
        ("CDE|\nw:a * b", "C1:a/single E1:b/single"),
        ("CDE|\nw:a_ b", "C1:a/single_ E1:b/single"),
        ("CDEF|\nw:syll--a-ble", "C1:syll/begin E1:a/middle F1:ble/end"),
        ("CD|EF|\nw:a | b c", "C1:a/single E1:b/single F1:c/single"),
        ("CD|EF|\nw:a b | c", "C1:a/single D1:b/single E1:c/single"),
        ("CDE|\nw:of~the day", "C1:of the/single D1:day/single"),
        ("CDE|\nw:a\\-b c", "C1:a-b/single D1:c/single"),
        ("CD|\nw:one two\nw:three four", "C1:one/single D1:two/single C2:three/single D2:four/single"),
        ("CD|\nw:one\n+:two", "C1:one/single D1:two/single"),
        ("CD|\nEF|\nw:a b", "E1:a/single F1:b/single"),
        ("CD|\\\nEF|\nw:a b c", "C1:a/single D1:b/single E1:c/single"),
        ("C{d}E z F|\nw:a b c", "C1:a/single E1:b/single F1:c/single"),
        ("[CE]D|\nw:a b", "[1:a/single D1:b/single"),
        ("C-C D|\nw:a _ b", "C1:a/single_ D1:b/single"),
        ("CD|\nw:a b c d", "C1:a/single D1:b/single"),
        ("V:1\nCD|\nw:a b\nV:2\nEF|\nw:c d", "C1:a/single D1:b/single E1:c/single F1:d/single"),
        ("V:1\nCD|\nV:2\nEF|\nV:1\nw:a b", "C1:a/single D1:b/single"),
        ("w:a b\nCD|", ""),
        ("CD|", ""),
    ],
)
def test_words_stand_under_their_notes(body: str, expected: str):
    assert sung(body) == expected


def test_words_take_no_time():
    start = time.process_time()
    lyrics(tune("CDE\nw:a-b_c|\n" * 4000))
    lyrics(tune("C" * 40_000 + "\nw:" + "|" * 9000))
    assert time.process_time() - start < 4
