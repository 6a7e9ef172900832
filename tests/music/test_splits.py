import random
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from charrnn.errors import UserError
from charrnn.music.corpus import body, find_sources, parse
from charrnn.music.splits import KINDS, _linked, near_duplicates, similar_texts, split

HEADER = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"


@cache
def ryan() -> tuple[str, ...]:
    return tuple(parse(find_sources("ryan")).tunes)


@cache
def ryan_split(kind: str = "tunes", seed: int = 0):
    return split(ryan(), kind, seed)


def shingles(tune: str) -> set[str]:
    """What two settings of one melody share: eight-character pieces of the music without ornaments and blanks."""
    music = re.sub(r'"[^"\n]*"', "", body(tune) or tune)
    music = re.sub(r"![^!\n]*!", "", music)
    music = "".join(c for c in music if not c.isspace() and c not in ".~HLMOPSTuv\\")
    return {music[i : i + 8] for i in range(max(len(music) - 7, 1))} if music else set()


def similar(tunes) -> np.ndarray:
    """Group numbers by similar texts alone."""
    return _linked(similar_texts(tunes), len(tunes))


def jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def partition(labels) -> set[frozenset[int]]:
    groups = defaultdict(set)
    for i, label in enumerate(labels):
        groups[label].add(i)
    return {frozenset(g) for g in groups.values()}


def brute_force_groups(tunes: list[str]) -> set[frozenset[int]]:
    sets = [shingles(t) for t in tunes]
    group = list(range(len(tunes)))
    for i, j in combinations(range(len(tunes)), 2):
        if jaccard(sets[i], sets[j]) >= 0.5:
            group = [group[i] if g == group[j] else g for g in group]
    return partition(group)


def planted_tunes(rng: random.Random, number: int, signs: list[str]) -> list[str]:
    """Random music, and copies of it with a few to many signs changed, so that all similarities occur."""
    bodies = [rng.choices(signs, k=rng.randrange(0, 60)) for _ in range(number)]
    for _ in range(number):
        copy = list(rng.choice(bodies))
        for _ in range(rng.randrange(0, 6)):
            if copy:
                copy[rng.randrange(len(copy))] = rng.choice(signs)
        bodies.append(copy[rng.randrange(0, 4) :] + rng.choices(signs, k=rng.randrange(0, 12)))
    rng.shuffle(bodies)
    return [HEADER + "".join(b) for b in bodies]


def distinct_tunes(number: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [HEADER + "".join(rng.choices("ABCDEFGabcdefg", k=rng.randrange(40, 80))) for _ in range(number)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "signs", [list("AB"), list("ABc"), [*"ABCDEFGab|:", " ", "\n", '"Am"', "!trill!", "~", "u"]], ids=len
)
def test_similar_texts_are_those_of_a_brute_force_comparison(signs, seed):
    tunes = planted_tunes(random.Random(f"{signs}{seed}"), 20, signs)
    expected = brute_force_groups(tunes)
    assert len(tunes) > len(expected) > 1, "the test compares nothing"
    assert partition(similar(tunes)) == expected


def test_a_similarity_of_exactly_one_half_links_two_tunes():
    # 16 + 8 different characters: 17 shingles of which the other has 9 and no more; then 18 and 9.
    a, b = "ABCDEFGabcdefgzx", "ABCDEFGabcdefgzx" + "12345678"
    sets = shingles(HEADER + a), shingles(HEADER + b)
    assert jaccard(*sets) == 9 / 17
    assert len(set(similar([HEADER + a, HEADER + b]))) == 1
    c = b + "9"
    assert jaccard(sets[0], shingles(HEADER + c)) == 0.5
    assert len(set(similar([HEADER + a, HEADER + c]))) == 1
    d = c + "0"
    assert jaccard(sets[0], shingles(HEADER + d)) < 0.5
    assert len(set(similar([HEADER + a, HEADER + d]))) == 2


def test_a_chain_of_similar_tunes_is_one_group():
    text = "".join(random.Random(3).choices("ABCDEFGabcdefg", k=90))
    chain = [HEADER + text[s : s + 50] for s in (0, 14, 28, 40)]
    assert jaccard(shingles(chain[0]), shingles(chain[3])) < 0.5
    assert len(set(similar(chain))) == 1


def test_header_ornaments_and_blanks_do_not_make_two_tunes_differ():
    plain = "X:1\nT:One\nK:G\nGABcdefgafge|dBAGFEDC|"
    other = 'X:7\nT:Two\nM:4/4\nK:D\n"G"GA ~Bc .d!trill!ef\nga fg e|d uBAG TFEDC|'
    assert similar([plain, other]).tolist() == [0, 0]


def test_near_duplicates_of_nothing_and_of_one_tune():
    assert similar([]).tolist() == []
    assert similar([HEADER + "GABc"]).tolist() == [0]


def test_two_equal_tunes_without_music_are_similar():
    assert similar(["X:1\nT:Lost\nK:G", "X:1\nT:Lost\nK:G"]).tolist() == [0, 0]


def test_similar_texts_of_ryans_are_those_of_an_inverted_index():
    sets = [shingles(t) for t in ryan()]
    owners = defaultdict(list)
    for i, found in enumerate(sets):
        for shingle in found:
            owners[shingle].append(i)
    common = Counter(pair for found in owners.values() for pair in combinations(found, 2))
    group = list(range(len(sets)))
    for (i, j), shared in common.items():
        if shared >= 0.5 * (len(sets[i]) + len(sets[j]) - shared):
            group = [group[i] if g == group[j] else g for g in group]
    assert partition(similar(ryan())) == partition(group)


@pytest.mark.parametrize("seed", [0, 1])
def test_no_two_tunes_of_different_parts_of_ryans_are_similar(seed):
    parts = ryan_split(seed=seed)
    side, sets = [], []
    for name in ("train", "val", "test"):
        for tune in getattr(parts, name):
            side.append(name)
            sets.append(shingles(tune))
    owners = defaultdict(list)
    for i, found in enumerate(sets):
        for shingle in found:
            owners[shingle].append(i)
    common = Counter(p for found in owners.values() for p in combinations(found, 2) if side[p[0]] != side[p[1]])
    assert common, "parts without a common shingle would make this test hold nothing"
    similar = [p for p, n in common.items() if n / (len(sets[p[0]]) + len(sets[p[1]]) - n) >= 0.5]
    assert similar == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_parts_share_no_tune_and_are_everything(kind):
    parts = ryan_split(kind)
    assert Counter(parts.train) + Counter(parts.val) + Counter(parts.test) == Counter(ryan())
    numbers = [{t.split("\n")[0] + t for t in part} for part in (parts.train, parts.val, parts.test)]
    # Equal texts are near-duplicates of each other; only the kind that looks for those keeps them on one side.
    if kind == "tunes":
        assert not (numbers[0] & numbers[1] or numbers[0] & numbers[2] or numbers[1] & numbers[2])


@pytest.mark.parametrize("seed", range(5))
def test_ryans_is_split_80_10_10_by_characters(seed):
    parts = split(ryan(), "tunes", seed)
    sizes = np.array([sum(map(len, part)) for part in (parts.train, parts.val, parts.test)])
    assert np.abs(sizes / sizes.sum() - [0.8, 0.1, 0.1]).max() < 0.02


def test_the_number_of_groups_is_reported():
    assert ryan_split().groups == len(set(near_duplicates(ryan())))
    assert ryan_split("contiguous").groups is None


def test_the_same_seed_gives_the_same_split():
    tunes = distinct_tunes(60)
    assert split(tunes, "tunes", 3) == split(list(tunes), "tunes", 3)


def test_another_seed_holds_out_other_tunes():
    tunes = distinct_tunes(60)
    assert set(split(tunes, "tunes", 0).val) != set(split(tunes, "tunes", 1).val)


def test_the_split_does_not_depend_on_the_order_of_the_tunes():
    tunes = distinct_tunes(50) + planted_tunes(random.Random(5), 20, list("ABcd"))
    expected = split(tunes, "tunes", 7)
    for seed in range(3):
        shuffled = list(tunes)
        random.Random(seed).shuffle(shuffled)
        assert split(shuffled, "tunes", 7) == expected


@pytest.mark.parametrize("kind", ["contiguous", "contiguous_first"])
def test_contiguous_holds_out_one_end_of_the_file_in_its_order(kind):
    tunes = list(ryan())
    parts = ryan_split(kind)
    held_out = len(parts.val)
    assert parts.val == (tunes[-held_out:] if kind == "contiguous" else tunes[:held_out])
    assert parts.train == (tunes[:-held_out] if kind == "contiguous" else tunes[held_out:])
    assert parts.test == []
    total = sum(map(len, tunes))
    assert abs(sum(map(len, parts.val)) - 0.2 * total) <= max(map(len, tunes)) / 2


@pytest.mark.parametrize("kind", ["contiguous", "contiguous_first"])
def test_contiguous_does_not_depend_on_the_seed(kind):
    tunes = distinct_tunes(60)
    assert split(tunes, kind, 0) == split(tunes, kind, 1)


def test_contiguous_cuts_at_the_nearest_tune():
    tunes = [f"X:{i}\nK:G\n" + "A" * 10 for i in range(10)]
    assert split(tunes, "contiguous", 0).val == tunes[8:]
    assert split(tunes, "contiguous_first", 0).val == tunes[:2]


@pytest.mark.parametrize(
    ("tunes", "kind"),
    [
        ([], "tunes"),
        ([], "contiguous"),
        (distinct_tunes(1), "tunes"),
        (distinct_tunes(2), "tunes"),
        (distinct_tunes(1), "contiguous"),
        (distinct_tunes(1), "contiguous_first"),
        ([HEADER + "GABcdefg|gfedcBAG|"] * 20, "tunes"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-{len(set(value))}",
)
def test_too_few_tunes_are_refused(tunes, kind):
    with pytest.raises(UserError, match=f"too few tunes to split.* found {len(tunes)} tunes"):
        split(tunes, kind, 0)


def test_refused_copies_are_counted_as_one():
    with pytest.raises(UserError, match=r"found 20 tunes \(1 that differ\)"):
        split([HEADER + "GABcdefg|gfedcBAG|"] * 20, "tunes", 0)
