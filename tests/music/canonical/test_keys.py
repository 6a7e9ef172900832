"""Tunes in other keys: every interval stays."""

from functools import cache

import pytest

from charrnn.music.canonical import LeftOut, canonical, transposed, white_tonic, whitened
from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import read
from charrnn.music.notation.fields import read_key

HEAD = "X:1\nT:A tune in G\nM:4/4\nL:1/8\n"


@pytest.mark.parametrize(
    ("music", "tonic", "moved"),
    [
        ("K:G\nGABc d^d=fg|", "C", "K:C\nCDEF G^G_Bc|"),
        ("K:C\nCDEF G^G_Bc|", "G", "K:G\nGABc d^d=fg|"),
        ("K:D\n[K:A]d=gc^^f|", "Bb", "K:Bb\n[K:F]B_eA^d|"),
        ("K:C\nCDEF [K:E]EFGA|", "Gb", "K:Gb\nGABc [K:Bb]BcdE|".replace("dE", "de")),
        ("K:Am\nA^G=GE- E4|", "G", "K:Gm\ng^f=fd- d4|"),
        ("K:Ddor\nD_E=EB c4|", "B", "K:Bdor\nB=c^cg a4|"),
    ],
)
def test_notes_and_keys_move_together(music: str, tonic: str, moved: str):
    assert transposed(HEAD + music, tonic) == HEAD + moved
    before, after = read(HEAD + music), read(HEAD + moved)
    assert len({b.pitch - a.pitch for a, b in zip(before.notes, after.notes, strict=True)}) == 1


@pytest.mark.parametrize(
    ("key", "tonic"),
    [("G", "C"), ("F#m", "A"), ("Amix", "G"), ("Edor", "D"), ("Bphr", "E"), ("Glyd", "F"), ("Eloc", "B"), ("Dm", "A")],
)
def test_white_keys_have_no_signature(key: str, tonic: str):
    assert white_tonic(read_key(key)) == tonic
    text = whitened(HEAD + f"K:{key}\nGABc|")
    assert read(text).header.key.alters == {}
    assert read(text).header.key.mode == read_key(key).mode


def test_a_tune_stays_where_a_fiddle_reaches_it():
    low, high = HEAD + "K:G\nG,A,B,C|", HEAD + "K:G\nabc'd'|"
    assert transposed(low, "F").endswith("FGA_B|".replace("_", ""))  # F3 is below the fiddle's lowest string
    assert transposed(high, "A").endswith("Bcde|")


@pytest.mark.parametrize(
    ("text", "tonic"), [("K:none\nGABc|", "D"), ("K:HP\nGABc|", "D"), ("", "D"), ("K:C\n^^C|", "F#"), ("K:C\nz8|", "D")]
)
def test_what_cannot_be_moved_is_left_out(text: str, tonic: str):
    with pytest.raises(LeftOut):
        transposed(HEAD + text, tonic)


@cache
def tunes(name: str) -> list[str]:
    return [tune for tune in parse(find_sources(name)).tunes if read(tune).well_formed]


@pytest.mark.parametrize("name", ["ryan", "oneill", "aird"])
def test_white_tunes_come_back_exactly_or_an_octave_away(name: str):
    for tune in tunes(name)[::25]:
        text = canonical(tune)
        white = whitened(text)
        tonic = read(text).header.key.tonic
        back = transposed(white, tonic)
        assert white.count("\n") == text.count("\n")
        assert {b.pitch - a.pitch for a, b in zip(read(text).notes, read(back).notes, strict=True)} <= {-12, 0, 12}
        assert transposed(back, tonic) == back
