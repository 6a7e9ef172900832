"""Canonical notation: what is written, and that reading it again gives the music that stood there before."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import groupby

import pytest

from charrnn.music.canonical import LeftOut, canonical
from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import Bar, Note, Reading, played, read
from charrnn.music.notation.bars import divides, repeats
from charrnn.music.notation.fields import read_key, read_meter
from tests.music.notation.tunes import names

# How many tunes of each collection are well-formed and yet cannot be said, and why.
LEFT_OUT = {"ryan": {}, "oneill": {"tuplet without an end": 4}, "aird": {"no tonic": 2, "empty bar": 1}}
FILL = "|CDEF GABc|CDEF GABc|"


def body(music: str, meter: str = "4/4", key: str = "C", unit: str = "1/8") -> str:
    """Canonical music of a tune that begins with `music` and has enough notes to be one."""
    text = canonical(f"X:7\nT: A  tune\nM:{meter}\nL:{unit}\nQ:1/4=100\nK:{key}\n{music}")
    return text.split("\nK:")[1].split("\n", 1)[1]


def test_header_says_the_same_things_in_one_order():
    text = "X: 30\nT: A  tune\nT:Another\nR: Reel\nC:Trad.\nL:1/4\nM:C\nO:Kerry\nK:Gmaj treble\n" + "GABc|" * 5
    assert canonical(text).splitlines()[:6] == ["X:1", "T:A tune", "R:reel", "M:4/4", "L:1/8", "K:G"]
    assert canonical(text, title=False).splitlines()[:3] == ["X:1", "T:Untitled", "R:reel"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("C", "M:4/4"), ("C|", "M:C|"), ("2/2", "M:C|"), ("(2+3)/8", "M:5/8"), ("none", "M:none"), ("6/8", "M:6/8"),
    ],
)  # fmt: skip
def test_a_meter_has_one_spelling(written: str, said: str):
    bar = read_meter(written).bar or Fraction(1)
    music = f"C{8 * bar}|" * 20
    assert said in canonical(f"X:1\nT:x\nM:{written}\nL:1/8\nK:C\n{music}").splitlines()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("G major", "G"), ("GMIX", "Gmix"), ("Aminor", "Am"), ("Aaeo", "Am"), ("Cion", "C"), ("D treble", "D"),
        ("D exp ^f", "D"), ("Ebdorian", "Ebdor"),
    ],
)  # fmt: skip
def test_a_key_has_one_spelling(written: str, said: str):
    assert f"K:{said}" in canonical(f"X:1\nT:x\nM:4/4\nL:1/8\nK:{written}\n" + "CDEF GABc|" * 3).splitlines()


def test_accidentals_of_an_explicit_signature_stand_before_the_notes():
    assert body("FCFC GABc" + FILL, key="D exp ^f").startswith("F=CFC GABc|=CDEF GABc|")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("^C=C^C^C CCCC", "^C=C^CC CCCC"),  # an accidental holds in its bar, in all octaves
        ("^C2c2 =B2B2", "^C2c2 B2B2"),
        ("^F8-|F4 F4", "^F8-|F4 F4"),  # and over a bar line in a tie
        ("^F8-|F4 ^F4", "^F8-|F4 ^F4"),
        ("^F8|F4 ^F4", "^F8|F4 ^F4"),
        ("C8-|D8", "C8|D8"),  # nothing to be tied to
        ("[CEG]4 [Ec]2[DF]2", "G4 c2F2"),
        ('"Am"~A>B (cd) !trill!{de}e/f/ .g3', "A>Bcd e/f/g3"),
        ("A3/2B/ c/d3/2 e3f", "A>Bc<d e3f"),
        ("A3/B/ c3/2d/2 e//f//g//a// b3", "A>Bc>d e/4f/4g/4a/4b3"),
        ("z2z2 x4", "z8"),
        ("(3ABc (3:2:3def (3g2a2b2", "(3ABc(3def (3g2a2b2"),
        ("(3:2:2A2B (3:2:4Bc/d/e f4", "(3:2:2A2B(3:2:2Bc/(3:2:2d/e f4"),  # as few notes as add up
        ("(5ABcde f6", "(5:4:5A/B/c/d/e/f6"),
    ],
)  # fmt: skip
def test_notes(written: str, said: str):
    assert body(written + FILL).startswith(said)


@pytest.mark.parametrize(
    ("meter", "written", "said"),
    [
        ("6/8", "A3BcdefA", "A3 Bcd"), ("6/8", "ABcdef", "ABc def"), ("9/8", "ABcdefabc", "ABc def abc"),
        ("3/4", "ABcdef", "AB cd ef"), ("2/4", "ABcd", "A2B2 c2d2"), ("3/8", "ABc", "A2B2c2"),
        ("12/8", "ABcdefabcdef", "ABc def abc def"), ("4/4", "A4BcdeA2", "A4 Bcde"), ("C|", "ABcdefga", "ABcd efga"),
        ("6/4", "ABcdefabcdef", "AB cd ef ab cd ef"), ("3/2", "ABcdefabcdef", "ABcd efab cdef"),
    ],
)  # fmt: skip
def test_beams_end_with_the_beat(meter: str, written: str, said: str):
    units = int((read_meter(meter).bar or 0) * 8)
    assert body(written + f"|C{units}" * 17 + "|", meter=meter).startswith(said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("|:A8|B8:|c8|d8||", "|:A8|B8:|\nc8|d8|]"),
        ("A8|B8::c8|d8:|", "A8|B8:|\n|:c8|d8:|"),
        ("A8|B8:| |:c8|d8:|", "A8|B8:|\n|:c8|d8:|"),
        ("A8|B8||c8|d8", "A8|B8||\nc8|d8|]"),
        ("A8|B8|]c8[|]d8|", "A8|B8||\nc8|d8|]"),
        ("A8|B8|:c8|d8:|", "A8|B8|\n|:c8|d8:|"),
        ("|::A8|B8::|c8|d8:|", "|::A8|B8::|\nc8|d8:|"),
        ("|:A8|B8|1c8:|2d8|]", "|:A8|B8|1 c8:|2 d8|]"),
        ("|:A8|[1B8:|[2c8||d8|", "|:A8|1 B8:|2 c8||\nd8|]"),
        ("|:A8|B8|1,3c8:|2d8:|", "|:A8|B8|1,3 c8:|2 d8:|"),
        ("|:A8|B4[1c4:|[2d4|]", "|:A8|B4[1 c4:|2 d4|]"),
    ],
)
def test_bar_lines(written: str, said: str):
    before = "|\n" if said.startswith("|:") else "||\n"
    assert body("CCCCCCCC|DDDDDDDD||" + written) == "CCCC CCCC|DDDD DDDD" + before + said


def test_a_line_has_four_bars_and_a_part_begins_one():
    music = "c2|" + "CCCCCCCC|" * 7 + "CCCCCC::c2|" + "DDDDDDDD|" * 6 + "|1E8|F6:|2E8|F6|]"
    bar, other = "CCCC CCCC|", "DDDD DDDD|"
    first = "c2|" + 4 * bar + "\n" + 3 * bar + "CCCC CC:|\n"
    assert body(music) == first + "|:c2|" + 4 * other + "\n" + 2 * other + "|1 E8|F6:|2 E8|F6|]"


def test_keys_and_meters_change_where_they_change():
    music = "cdefc2[K:Eb]e2|\nM:3/4\ne6|\nK:D\nM:4/4\nfcfcfcfc|d8|"
    assert body(music).replace("\n", "") == "cdef c2[K:Eb]e2|[M:3/4]e6|[M:4/4][K:D]fcfc fcfc|d8|]"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CDEF|" * 4, r"not well-formed \(X\)"),
        ("X:1\nT:x\nM:4/4\nL:1/8\nK:HP\n" + "CDEFGABc|" * 3, "no tonic"),
        ("X:1\nT:x\nM:4/4\nL:1/8\nK:none\n" + "CDEFGABc|" * 3, "no tonic"),
        ("X:1\nT:x\nM:4/4\nL:1/8\nK:C\n" + "CDEFGABc|" * 3 + "Z4|", "rest of many bars"),
        ("X:1\nT:x\nM:4/4\nL:1/8\nK:C\n" + "CDEFGABc|" * 3 + "C4D4&E8|", "voice overlay"),
        ("X:1\nT:x\nM:4/4\nL:1/8\nK:C\n" + "CDEFGABc|" * 30 + "(3CD E6|", "tuplet without an end"),
    ],
)
def test_what_cannot_be_said_is_left_out_with_a_reason(text: str, reason: str):
    with pytest.raises(LeftOut, match=reason):
        canonical(text)


@cache
def tunes(name: str) -> list[str]:
    return parse(find_sources(name)).tunes


def kept(reading: Reading) -> list[tuple[Bar, list[Note]]]:
    """The bars of the first voice, each with the highest notes of its chords, which last as long as the first do."""
    voice = reading.bars[0].voice
    bars: dict[int, list[Note]] = {number: [] for number, bar in enumerate(reading.bars) if bar.voice == voice}
    notes = (note for note in reading.notes if note.voice == voice and not note.grace)
    for _, chord in groupby(notes, key=lambda note: note.position if note.chord is None else note.chord):
        first, *others = chord
        highest = max((first, *others), key=lambda note: note.pitch)
        bars[first.bar].append(replace(highest, duration=first.duration))
    return [(reading.bars[number], notes) for number, notes in bars.items()]


def check_same_music(text: str, said: str) -> None:
    before, after = read(text), read(said)
    assert after.well_formed, said
    pairs = list(zip(kept(before), kept(after), strict=True))
    for (bar, notes), (other, others) in pairs:
        assert (bar.length, bar.expected, bar.ending) == (other.length, other.expected, other.ending), said
        starts = [(n.pitch, n.step, n.onset - bar.onset, n.duration) for n in notes]
        assert starts == [(n.pitch, n.step, n.onset - other.onset, n.duration) for n in others], said
    for (bar, _), (other, _) in pairs[1:]:
        assert repeats(bar.opening) == repeats(other.opening)
        assert divides(bar.opening) == divides(other.opening)
        assert bool(bar.opening) == bool(other.opening)
    assert repeats(pairs[0][0][0].opening)[1] == repeats(pairs[0][1][0].opening)[1]
    assert repeats(pairs[-1][0][0].closing)[0] == repeats(pairs[-1][1][0].closing)[0]
    keys = [read_key(f.value).tonic for r in (before, after) for f in r.header.fields if f.letter == "K"]
    assert keys[0] == keys[1]
    if before.part_order or before.navigation:
        return  # what is played when, beyond repeats and endings, is left out
    if all(note.chord is None for note in before.notes) and len({bar.voice for bar in before.bars}) == 1:
        heard = [[(n.pitch, n.onset, n.duration) for n in played(r)] for r in (before, after)]
        assert heard[0] == heard[1] or any(problem.kind == "tie" for problem in before.problems), said


def check_collection(name: str, step: int) -> None:
    left_out: dict[str, int] = {}
    for text in tunes(name)[::step]:
        try:
            said = canonical(text)
        except LeftOut as reason:
            if not str(reason).startswith("not well-formed"):
                left_out[str(reason)] = left_out.get(str(reason), 0) + 1
            continue
        check_same_music(text, said)
        assert canonical(said) == said
    assert all(left_out[reason] <= LEFT_OUT[name].get(reason, 0) for reason in left_out), left_out
    assert step > 1 or left_out == LEFT_OUT[name]


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_the_music_stays_the_same(name: str):
    check_collection(name, step=40)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_the_music_of_every_tune_stays_the_same(name: str):
    check_collection(name, step=1)


def test_a_tune_is_as_a_musician_writes_it():
    written = (
        "X:12\nT:A made-up reel\nR:REEL\nM:C|\nL:1/4\nK:Ador\n"
        "e/g/|:a/>b/a/g/ (3e/f/g/d|e/d/B/A/ G/A/B/d/|e/^c/c/A/ [ce]A/c/|1 B/A/G/B/ A>B:|2 B/A/G/B/ A||"
    )
    said = (
        "X:1\nT:A made-up reel\nR:reel\nM:C|\nL:1/8\nK:Ador\n"
        "eg|\n|:a>bag (3efgd2|edBA GABd|e^ccA e2Ac|1 BAGB A3B:|2 BAGB A2|]"
    )
    assert canonical(written) == said
    assert names(read(said).notes[:3]) == "E5 G5 A5"
