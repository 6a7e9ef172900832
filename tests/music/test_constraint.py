"""Whatever the constraint allows, the checker calls well-formed; and what it allows next, character by character."""

import re
import string
from functools import lru_cache

import numpy as np
import pytest

from charrnn.errors import UserError
from charrnn.music.constraint import Constraint
from charrnn.music.notation import Reading, read

END = "\x03"
ALPHABET = ("\x02", END, "\n", *sorted(set(string.printable) - set(string.whitespace)), " ")
HEADER = "X:1\nT:t\nM:2/4\nL:1/8\nK:C\n"
# How much likelier than others the letters of notes, blanks and bar lines are: music, noise, and what lies between.
LIKELY = "ABCDEFGabcdefg| "


@lru_cache(4)
def constraint(level: str = "bars", *, characters=ALPHABET, max_chars: int = 2000, **fixed: str) -> Constraint:
    return Constraint(level, characters, END, max_chars, fixed)


def walk(grammar: Constraint, number: int, seed: int, weight: float = 1, characters=ALPHABET) -> list[str]:
    """Tunes drawn at random from what is allowed; each has to end before its characters do."""
    random = np.random.default_rng(seed)
    weights = np.array([weight if c in LIKELY else 1.0 for c in characters])
    state, open_, texts = np.repeat(grammar.start[:, None], number, 1), np.arange(number), [""] * number
    while len(open_):
        allowed = grammar.allowed(state)
        assert allowed.any(1).all(), repr(texts[open_[~allowed.any(1)][0]])
        cumulative = (allowed * weights).cumsum(1)
        ids = (cumulative <= random.random((len(open_), 1)) * cumulative[:, -1:]).sum(1)
        for tune, i in zip(open_, ids, strict=True):
            texts[tune] += characters[i]
        state = grammar.advance(state, ids)
        goes_on = np.array([characters[i] != END for i in ids]) & (state[1] > 0)
        open_, state = open_[goes_on], state[:, goes_on]
    return texts


def composed(text: str) -> Reading:
    """A tune as the checker judges one that a network wrote."""
    return read(text.removesuffix(END), strict=True)


def after(text: str, grammar: Constraint | None = None) -> set[str]:
    """What may follow `text`, of which every character has to be allowed."""
    grammar = grammar or constraint()
    state = grammar.start[:, None]
    for place, character in enumerate(text):
        i = ALPHABET.index(character)
        assert grammar.allowed(state)[0, i], f"{text[:place]!r} refuses {character!r}"
        state = grammar.advance(state, np.array([i]))
    return {ALPHABET[i] for i in np.flatnonzero(grammar.allowed(state)[0])}


@pytest.mark.parametrize("weight", [1, 3, 20])
@pytest.mark.parametrize("max_chars", [400, 1200])
def test_whatever_bars_allows_has_no_problem_at_all(weight, max_chars):
    for text in walk(constraint(max_chars=max_chars), 150, seed=max_chars, weight=weight):
        assert text.endswith(END)
        assert len(text) <= max_chars
        reading = composed(text)
        assert reading.well_formed, (reading.faults, text)
        assert not reading.problems, (reading.problems[0], text)


@pytest.mark.parametrize("likely", ["()-ABCabc|", "()368-AB|:12[", "ABc:|[]12\n K:P", "~uv!(){A|B<>z"])
def test_whatever_is_likely_has_no_problem(likely, monkeypatch):
    monkeypatch.setattr(f"{__name__}.LIKELY", likely)
    for text in walk(constraint(max_chars=600), 60, seed=3, weight=20):
        assert not composed(text).problems, text
        assert slurred_bars(text) <= 2


def slurred_bars(text: str) -> int:
    """How many bars the longest slur of a tune reaches into; no other ( and ) may stand in it."""
    music = re.sub(r"(?m)^[A-Z]:.*|\([2-9]", "", text)
    return max((len(re.findall("[|:]+", slur)) + 1 for slur in re.findall(r"\(([^()]*)\)", music)), default=0)


@pytest.mark.parametrize("meter", ["2/4", "C|", "6/8", "9/8", "3/4", "5/16", "12/4", "none"])
def test_fixed_fields_stand_in_every_tune_which_fills_its_bars(meter):
    grammar = constraint(max_chars=900, M=meter, K="Gm", R="slip jig", T="O'Neill's, #2 (late)")
    for text in walk(grammar, 40, seed=0, weight=20):
        reading = composed(text)
        values = {field.letter: field.value for field in reading.header.fields}
        assert (values["M"], values["K"], values["R"]) == (meter, "Gm", "slip jig")
        assert reading.header.title == "O'Neill's, #2 (late)"
        assert reading.well_formed, reading.faults
        assert reading.bar_fit in (1, None)


def test_whatever_syntax_allows_lacks_nothing_but_bars():
    readings = [composed(text) for text in walk(constraint("syntax", max_chars=600), 200, 1, weight=3)]
    assert {fault for reading in readings for fault in reading.faults} <= {"bar fit", "repeats", "endings"}
    assert {p.kind for reading in readings for p in reading.problems} <= {"bar length", "repeat", "ending"}


def test_whatever_header_allows_has_a_header():
    headers = [composed(text).header for text in walk(constraint("header", max_chars=600), 200, 2)]
    assert all(None not in (header.number, header.key, header.meter) and header.title for header in headers)
    letters = ["".join(field.letter for field in header.fields) for header in headers]
    assert all(each[:2] == "XT" and each.count("M") == 1 and each[-1] == "K" for each in letters)


def test_a_small_alphabet_does():
    characters = tuple(sorted({"\x02", END, *"X:1\nT: KMC|ABCDEFG"}))
    for text in walk(constraint(characters=characters, max_chars=600), 50, 0, characters=characters):
        assert not composed(text).problems


@pytest.mark.parametrize("seed", range(20))
def test_no_alphabet_leads_into_a_dead_end(seed):
    random = np.random.default_rng(seed)
    kept = tuple(c for c in ALPHABET if c in {END, *"X:1\nTKMC|"} or random.random() < 0.6)
    for text in walk(constraint(characters=kept, max_chars=500), 60, seed, weight=4, characters=kept):
        assert not composed(text).problems, text


@pytest.mark.parametrize(
    "body",
    [
        "ABcd|A2B2|", "A|Bcde|ABc:|", "|:ABcd|1A4:|2B4||", "A>BA<B|A>>BA2|", "(3ABcA2|(6ABcdefA2|", "A-A-|A2|",
        "[Ac][A2c2]d|", "{ab}A4|", "~A.B uAz|", "(AB)(cd)|((3ABc) A2|", "A/B/A3/2B/2A//B//C/|", "^A_B=c^^d|",
        "AB(cd|A)Bcd|", "A(B(3ABc)|", "A,,b'c'A|", "ABcd\\\n|ABcd|", "ABcd|\nK:G\nABcd|", "ABcd|\nP:B part\nABcd|",
        "!f!A4|", "x2z2|",
    ],
)  # fmt: skip
def test_music_that_adds_up_is_allowed(body):
    after(HEADER + body)


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("", "X", "TKAz1 \n"),
        ("X:1\n", "T", "XMLK"),
        ("X:1\nT:t\n", "MLRC", "KXI%"),
        ("X:1\nT:t\nL:1/8\n", "MRC", "LK"),  # every tune has a meter
        ("X:1\nT:t\nL:1/", "148", "235"),
        ("X:1\nT:t\nM:", "C123456789", "n\n"),
        ("X:1\nT:t\nM:2/4\n", "LRCK", "MXP"),
        ("X:1\nT:t\nM:2/4\nK:", "ABCDEFG ", "HcmX\n"),
        ("X:1\nT:t\nM:2/4\nK:C", "\n#bm ", "cX|"),
        (HEADER, "Aa^[({~z|K", "\n)-><,'1]"),
        # A first bar may be a pick-up, a later one may not.
        (HEADER + "A", "AB23/,>-| ", ")]'" + END),
        (HEADER + "ABcd", "|:/\n ", "ABz(2"),
        (HEADER + "ABcd|A", "AB23/,> ", "|"),
        (HEADER + "ABcd|A", "234", "68"),
        (HEADER + "ABcd|A4", "|: \n", "A2"),
        # At the beginning of a line A: would be a field.
        (HEADER + "ABcd|\nA4", "|:", ""),
        (HEADER + "ABcd|\nA", "2", ":"),
        # What is begun has to be brought to its end.
        (HEADER + "A>", "ABz[^", "|\n .~"),
        (HEADER + "A2>B", "2", "A|34/"),
        (HEADER + "~A", "B|2", "><-"),
        (HEADER + "(3AB", "ABz", "|\n"),
        (HEADER + "ABc(", "A3", "|z"),
        (HEADER + "A-", "A| ", "Ba^z:"),
        # A slur holds two notes and one bar line at most, no rest, no other slur, no sign of a repeat.
        (HEADER + "A(B", "c", ")zx"),
        (HEADER + "A(Bc", ")d", "zx"),
        (HEADER + "A(Bc)(", "d2", "zx|)"),
        (HEADER + "A(B(", "3", "ABc"),
        (HEADER + "A2(A2", "|", ":)"),
        (HEADER + "A2(A2|A", ")B", "|z"),
        (HEADER + "A2(A2|A2B2", ")", "| \n\\-"),
        (HEADER + "A2(A2|A2B2)", "| \n", "-"),
        (HEADER + "|:A2(A2|", "A", "1|"),
        # Decorations stand before notes, not before what holds them.
        (HEADER + "u", "A[", "({.~u"),
        # A length is one of a note head with its dots, halved or not.
        (HEADER + "|A", "234/7", "5691"),
        (HEADER + "A3", "/|B", ">2"),
        (HEADER + "A/", "42>", "356"),
        (HEADER + "A/>", "A", ">"),
        (HEADER + "{a", "b}", "/2-|"),
        (HEADER + "A,", ",A", "'"),
        (HEADER + "a'", "A", "',"),
        (HEADER + "A-A", "2/", ","),
        (HEADER + "[Ac", "]eg", "A2|"),
        (HEADER + "[A2c", "2", "]3/"),
        # Repeats and endings in pairs.
        (HEADER + "|:ABcd|", "1", "2|" + END),
        (HEADER + "|:ABcd|1ABcd:|", "2[", "A|1\n"),
        (HEADER + "ABcd:|ABcd|", "A\n", "12"),
        (HEADER + "|:ABcd|ABcd|ABcd|ABcd", ":|", ""),
        (HEADER + "|:ABcd|ABcd|ABcd|ABcd|", "A", END),
        (HEADER + "|:ABcd|ABcd|ABcd|ABcd:|", "A\n" + END, "|:"),
        (HEADER + "ABcd|ABcd|ABcd|ABcd|", "A\n|:1" + END, "2"),
        (HEADER + "ABcd|ABcd|ABcd|A", "B", END),
    ],
)
def test_what_may_come_next(text, yes, no):
    allowed = after(text)
    assert set(yes) <= allowed
    assert not set(no) & allowed


def test_a_tune_of_free_meter_may_end_any_bar():
    grammar = constraint(M="none")
    assert {"|", ":", "A"} <= after("X:1\nT:t\nM:none\nL:1/8\nK:C\nABcdefgABcdefgAB|ABc", grammar)


def test_states_stand_beside_each_other():
    """Two tunes at once are as each of them alone."""
    grammar = constraint()
    texts = [HEADER + "A>B (3ABc|", "X:12\nT: Another\nC:x\nM:6/8\nL:1/16\nK:G\n"]
    length = min(map(len, texts))
    state = np.repeat(grammar.start[:, None], 2, 1)
    for place in range(length):
        ids = np.array([ALPHABET.index(text[place]) for text in texts])
        for row, i in enumerate(ids):
            assert grammar.allowed(state)[row, i]
        state = grammar.advance(state, ids)
    for row, text in enumerate(texts):
        assert {ALPHABET[i] for i in np.flatnonzero(grammar.allowed(state)[row])} == after(text[:length])


@pytest.mark.parametrize(
    ("fixed", "words"),
    [
        ({"K": "H"}, "key: expected a key such as Gm"),
        ({"K": "treble"}, "key: expected a key such as Gm"),
        ({"K": " "}, "key: expected text"),
        ({"M": "7"}, "meter: expected a meter such as 6/8"),
        ({"M": "3/512"}, "meter: expected one whose bars a tune can fill"),
        ({"M": "99/2"}, "meter: expected one whose bars a tune can fill"),
        ({"T": "Ó Neill"}, "title: expected text of the checkpoint's alphabet, got 'Ó Neill' with 'Ó'"),
        ({"T": "two\nlines"}, "title: expected text"),
        ({"R": "jig % reel"}, "rhythm: expected text"),
    ],
)
def test_a_field_that_no_tune_can_have_is_refused(fixed, words):
    with pytest.raises(UserError, match=words.replace("|", r"\|")):
        constraint(**fixed)


def test_an_alphabet_that_cannot_spell_a_tune_is_refused():
    with pytest.raises(UserError, match=r"the checkpoint's lacks ':KX'"):
        constraint(characters=tuple(c for c in ALPHABET if c not in "XK:"))
    with pytest.raises(UserError, match=r"lacks 'some of these'"):
        constraint(characters=tuple(sorted({"\x02", END, *"X:1\nTKM|"})))


def test_too_few_characters_are_refused():
    with pytest.raises(UserError, match=r"max_chars: expected at least \d+, what a tune may take .* got 100"):
        constraint(max_chars=100)
