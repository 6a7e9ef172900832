"""The page's JavaScript says of tunes what Python says: inputs, notes, judgement, keys, random numbers."""

import contextlib
import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest

from charrnn.learning.inputs import NAMES, InputEncoder
from charrnn.learning.network import load
from charrnn.learning.vocab import Vocabulary
from charrnn.music.canonical import LeftOut, canonical, with_drawn_key, with_tonic
from charrnn.music.context import Context
from charrnn.music.corpus import find_sources, parse
from charrnn.music.notation import played, read

Ported = Callable[..., list[Any]]
SOUP = "ABCabc123/|:[]()<>{}\n\"!+.zZxy&-^_=KMLXTVPQU, '%$`~"


@cache
def collections() -> list[str]:
    return random.Random(1).sample(parse(find_sources("all")).tunes, 300)


@cache
def canonical_tunes() -> list[str]:
    found = []
    for tune in collections():
        with contextlib.suppress(LeftOut):
            found.append(canonical(tune))
    return found


def mutated(tunes: Iterable[str], seed: int) -> list[str]:
    """Each with one to ten characters changed, left out or put in."""
    chance = random.Random(seed)
    alphabet = sorted({c for tune in tunes for c in tune if c < "\uffff"})

    def mutate(tune: str) -> str:
        characters = list(tune)
        for _ in range(chance.choice([1, 2, 3, 5, 10])):
            place, kind = chance.randrange(len(characters)), chance.random()
            if kind < 0.4:
                characters[place] = chance.choice(alphabet)
            elif kind < 0.7:
                del characters[place]
            else:
                characters.insert(place, chance.choice(alphabet))
        return "".join(characters)

    return [mutate(tune) for tune in tunes]


def soup(count: int) -> list[str]:
    chance = random.Random(3)
    return ["".join(chance.choice(SOUP) for _ in range(200)) for _ in range(count)]


def test_the_inputs_are_the_same_at_every_character(ported: Ported):
    written = canonical_tunes()
    tunes = [*written, *mutated(written, 1), *mutated(collections()[:100], 2), *soup(100)]
    vocab = Vocabulary("".join(written))
    encoder = InputEncoder(NAMES, vocab)
    found = ported("context", tunes, {"inputs": NAMES, "vocabulary": vocab.characters})
    for tune, rows in zip(tunes, found, strict=True):
        context = Context()
        expected = [list(encoder.row(context))]
        for character in tune:
            context.read(character)
            expected.append(list(encoder.row(context)))
        assert rows == expected, tune


def judged(tunes: list[str], ported: Ported) -> int:
    """How many of them have other faults here than there; all else is asserted to be the same."""
    differ = 0
    for tune, found in zip(tunes, ported("reading", tunes), strict=True):
        reading = read(tune, strict=True)
        differ += reading.faults != found["faults"]
        problems = sorted([p.kind, p.position] for p in reading.problems if p.kind != "part")
        assert sorted(found["problems"]) == problems, tune
        notes = [(n.position, float(n.onset), float(n.duration), n.pitch) for n in reading.notes]
        assert found["notes"] == [pytest.approx(note, abs=1e-7) for note in notes], tune
        if not reading.part_order:  # P:, which the page does not carry out
            sounding = [(float(n.onset), float(n.duration), n.pitch) for n in played(reading)]
            assert found["played"] == [pytest.approx(note, abs=1e-6) for note in sounding], tune
    return differ


def test_tunes_are_read_played_and_judged_the_same(ported: Ported, run_of: Callable):
    sampled = [tune.text for tune in load(run_of("rnn")).sample(100, max_chars=300)]
    sampled += [tune.text for tune in load(run_of("compose")).sample(200, max_chars=600)]
    people = [*collections()[:150], *canonical_tunes()[:150]]
    assert judged([*sampled, *people, *mutated(people, 4), *soup(150)], ported) == 0


def test_tunes_are_moved_to_the_same_keys(ported: Ported):
    tonics = {"maj": {"G": 5, "D": 4, "Bb": 3}, "min": {"A": 3, "E": 2}, "dor": {"A": 3}, "mix": {"A": 3, "D": 1}}
    chance = random.Random(5)
    tunes = [*canonical_tunes()[:100], *mutated(canonical_tunes()[:100], 6)]
    to = [[tune, chance.choice(["C", "F#", "Bb", "G", "B", "Db"]), None, 0, 0] for tune in tunes]
    drawn = [[tune, "", tonics, chance.randrange(2**40), number] for number, tune in enumerate(tunes)]
    expected = [with_tonic(tune, tonic) for tune, tonic, *_ in to]
    for tune, _, _, seed, number in drawn:
        key = np.array([seed, number], np.uint64)
        uniform = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 1, 0])).random()
        expected.append(with_drawn_key(tune, tonics, uniform))
    assert ported("keys", [*to, *drawn]) == expected


def test_typed_bars_are_brought_to_canonical_notation(ported: Ported):
    asked, expected = [], []
    for tune in canonical_tunes()[:200]:
        end = tune.index("\n", tune.index("\nK:") + 1) + 1
        head, bars = tune[:end], tune[end:]
        if "[M:" not in bars and "[K:" not in bars:
            asked.append([head, bars.replace(" ", "").replace("\n", "  ")])  # without beams and lines
            expected.append(bars)
    found = [answer["bars"] for answer in ported("typing", asked) if "bars" in answer]
    assert sum(bars in expected for bars in found) >= 0.85 * len(asked)
    head = "X:1\nT:x\nM:4/4\nL:1/8\nK:G\n"
    odd = ['"Am"!trill!~G1B/2B/2A//A//A/c(^f=f)^f2|G8|', "[GB]8|", "V:2\nG8", "G9|", "GABc{d}edcB|"]
    plain, *refused = ported("typing", [[head, bars] for bars in odd])
    assert plain == {"bars": "GB/B/A/4A/4A/c f=f^f2|G8|"}
    assert all("refusal" in answer for answer in refused)


def test_a_key_of_the_keyboard_is_spelled_as_it_sounds(ported: Ported):
    asked = [[pitch, key] for key in ("C", "G", "D", "Bb", "Em", "Ador", "F#", "Cb") for pitch in range(58, 88)]
    for (pitch, key), abc in zip(asked, ported("spelled", asked), strict=True):
        assert read(f"X:1\nT:x\nM:4/4\nL:1/8\nK:{key}\n{abc}|").notes[0].pitch == pitch


def test_random_numbers_are_those_of_numpy(ported: Ported):
    seed, number, attempt = 2**40 + 3, 7, 2
    key = np.array([seed, number], np.uint64)
    expected = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, attempt])).random(600)
    assert ported("numbers", [["random", seed, number, [0, 0, 0, attempt]]]) == [expected.tolist()]


def test_exp_and_tanh_are_exact_to_a_few_units_in_the_last_place(ported: Ported):
    x = np.concatenate([np.linspace(-740, 709, 20_001), np.linspace(-1, 1, 20_001), [0.0]])
    exp, tanh = ported("numbers", [["exp", *x], ["tanh", *x]])
    exact = np.exp(x.astype(np.longdouble))
    assert np.all(np.abs(np.array(exp) - exact) <= np.maximum(1e-14 * exact, 5e-324))
    assert np.abs(np.array(tanh) - np.tanh(x.astype(np.longdouble))).max() < 4e-16
