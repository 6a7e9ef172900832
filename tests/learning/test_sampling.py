import math
from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import PAGE, WIDTH, choose, sample
from charrnn.learning.vocab import END, START, Vocabulary
from charrnn.music.tune import Tune

torch.set_num_threads(1)
VOCAB = Vocabulary("ABCDEFGabcdefg|:\n X1K")


def network(end: float = -1.0, *, cell: str = "rnn", seed: int = 0) -> CharRNN:
    """An untrained network that says the end mark more or less often and never the start mark."""
    torch.manual_seed(seed)
    model = CharRNN(len(VOCAB), cell=cell, hidden=12, layers=1)
    with torch.no_grad():
        model.output.weight.mul_(3)
        model.output.bias[VOCAB.end] = end
        model.output.bias[VOCAB.start] = -1e9
    return model.eval()


def compose(model: CharRNN, **settings) -> list[Tune]:
    defaults = {"temperature": 1.0, "num_tunes": 5, "seed": 0, "max_chars": 200}
    return list(sample(model, VOCAB, **(defaults | settings)))


def plain(tunes: list[Tune]) -> list[tuple[int, str, bool, bytes]]:
    return [(t.index, t.text, t.ended, t.log_prob.tobytes()) for t in tunes]


def teacher_forced(model: CharRNN, tune: Tune) -> np.ndarray:
    ids = VOCAB.encode(START + tune.text + (END if tune.ended else ""))
    with torch.no_grad():
        logits, _ = model(torch.from_numpy(ids[None, :-1]))
    return torch.log_softmax(logits[0], -1).numpy()[np.arange(len(ids) - 1), ids[1:]]


def every_choice(logits: list[float], top_k: int | None = None, top_p: float | None = None) -> Counter[int]:
    """How often each id is chosen over evenly spaced uniform numbers: its probability, to 1 / 20000."""
    uniform = torch.arange(20000, dtype=torch.float64) / 20000
    rows = torch.tensor(logits).expand(len(uniform), -1)
    return Counter(choose(rows, 1.0, top_k, top_p, uniform).tolist())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_choices_are_as_frequent_as_the_softmax_says(temperature):
    n = 20000
    logits = torch.tensor([0.3, -1.0, 2.0, 0.0, 1.1, -0.4])
    uniform = torch.from_numpy(np.random.default_rng(0).random(n))
    found = np.bincount(choose(logits.expand(n, -1), temperature, None, None, uniform), minlength=6)
    expected = torch.softmax(logits.double() / temperature, -1).numpy() * n
    assert stats.chisquare(found, expected).pvalue > 0.001


def test_every_row_is_chosen_by_its_own_logits_and_number():
    logits = torch.log(torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.25, 0.25, 0.5], [0.0, 0.0, 1.0]]))
    uniform = torch.tensor([0.6, 0.3, 0.6, 0.1], dtype=torch.float64)
    assert choose(logits, 1.0, None, None, uniform).tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("temperature", [0, 0.0, 1e-30, 1e-40, 1e-45])
def test_no_or_a_tiny_temperature_takes_the_likeliest(temperature):
    logits = torch.randn(500, 9, generator=torch.Generator().manual_seed(0)) * 30
    uniform = torch.from_numpy(np.random.default_rng(0).random(500))
    assert torch.equal(choose(logits, temperature, None, None, uniform), logits.argmax(-1))


@pytest.mark.parametrize("temperature", [1e-46, 1e-300])
def test_a_temperature_below_the_smallest_float32_takes_the_likeliest(temperature):
    logits = torch.tensor([[1.0, 3.0, 2.0]])
    assert choose(logits, temperature, None, None, torch.tensor([0.5], dtype=torch.float64)).tolist() == [1]


def test_a_huge_temperature_makes_all_equally_likely():
    rows = torch.tensor([100.0, -100.0, 0.0, 7.0]).expand(20000, -1)
    uniform = torch.arange(20000, dtype=torch.float64) / 20000
    assert np.bincount(choose(rows, 1e30, None, None, uniform)).tolist() == pytest.approx([5000] * 4, abs=1)


@pytest.mark.parametrize("k", [1, 2, 4, 6])
def test_top_k_leaves_the_k_likeliest_in_their_proportion(k):
    logits = [0.3, -1.0, 2.0, 0.0, 1.1, -0.4]
    found = every_choice(logits, top_k=k)
    kept = sorted(range(6), key=lambda i: -logits[i])[:k]
    assert set(found) == set(kept)
    total = sum(math.exp(logits[i]) for i in kept)
    assert {i: found[i] / 20000 for i in kept} == pytest.approx(
        {i: math.exp(logits[i]) / total for i in kept}, abs=2e-4
    )


def test_top_k_leaves_exactly_k_of_equals():
    assert set(every_choice([1.0, 1.0, 1.0, 1.0], top_k=2)) == {0, 1}


def test_top_k_beyond_the_alphabet_leaves_all():
    assert set(every_choice([1.0, 2.0, 3.0], top_k=50)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("p", "kept"),
    [
        (0.01, {2}),
        (0.4, {2}),
        (0.41, {2, 0}),
        (0.7, {2, 0}),
        (0.71, {2, 0, 3}),
        (0.9, {2, 0, 3}),
        (0.91, {2, 0, 3, 1}),
        (1.0, {0, 1, 2, 3}),
    ],
)
def test_top_p_leaves_the_fewest_that_reach_it(p, kept):
    # A hair beyond the round figures, so that float32 sums do not decide.
    probability = np.array([0.3001, 0.0997, 0.4001, 0.2001])
    found = every_choice(np.log(probability).tolist(), top_p=p)
    assert set(found) == kept
    share = probability / sum(probability[i] for i in kept)
    assert {i: found[i] / 20000 for i in kept} == pytest.approx({i: share[i] for i in kept}, abs=2e-4)


def test_top_p_that_is_reached_exactly_takes_no_more():
    assert set(every_choice([1.0, 1.0, 1.0, 1.0], top_p=0.5)) == {0, 1}


def test_top_p_looks_at_what_top_k_left():
    # 0.4 and 0.3 are left, 4/7 of it the first one: that reaches 0.5 alone.
    logits = np.log([0.3, 0.1, 0.4, 0.2]).tolist()
    assert set(every_choice(logits, top_k=2, top_p=0.5)) == {2}
    assert set(every_choice(logits, top_k=2, top_p=0.6)) == {0, 2}


@pytest.mark.parametrize("limits", [(None, None), (6, None), (None, 1.0), (6, 1.0)])
def test_a_character_of_probability_zero_is_never_chosen(limits):
    never = -math.inf
    uniform = torch.tensor([0.0, 1e-300, 0.5, 1 - 2**-53], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        logits = torch.randn(6, generator=generator)
        logits[[0, 3, 5]] = never
        assert set(choose(logits.expand(4, -1), 1.0, *limits, uniform).tolist()) <= {1, 2, 4}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_tune_does_not_depend_on_how_many_are_drawn(cell):
    model = network(cell=cell)
    many = compose(model, num_tunes=3 * WIDTH)
    lengths = [len(t.text) for t in many]
    assert min(lengths) < 10 and max(lengths) > 60, "tunes of one length would not fill places at different times"
    for number in (1, 5, WIDTH, WIDTH + 1, 100):
        assert plain(compose(model, num_tunes=number)) == plain(many[:number])


def test_tunes_come_in_their_order():
    assert [t.index for t in compose(network(), num_tunes=150)] == list(range(150))


def test_tunes_are_given_before_all_of_them_are_done():
    given = sample(network(), VOCAB, temperature=1.0, num_tunes=10**9, seed=0, max_chars=20)
    assert [next(given).index for _ in range(5)] == [0, 1, 2, 3, 4]


def test_the_same_seed_gives_the_same_tunes_and_another_seed_others():
    model = network()
    assert plain(compose(model, seed=3)) == plain(compose(model, seed=3))
    assert all(a.text != b.text for a, b in zip(compose(model, seed=3), compose(model, seed=4), strict=True))


def test_the_tunes_of_one_seed_differ():
    texts = {t.text for t in compose(network(end=-4.0), num_tunes=100)}
    assert len(texts) == 100


def test_sampling_takes_no_random_numbers_from_torch():
    model = network()
    before = torch.get_rng_state()
    compose(model)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_tune_stops_at_its_end_mark():
    tunes = compose(network(), num_tunes=50, max_chars=5000)
    assert all(t.ended for t in tunes)
    assert not any(END in t.text or START in t.text for t in tunes)
    assert all(len(t.log_prob) == len(t.text) + 1 for t in tunes)


@pytest.mark.parametrize("max_chars", [1, 7, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1])
def test_a_tune_that_does_not_end_is_cut_at_exactly_max_chars(max_chars):
    tunes = compose(network(end=-1e9), num_tunes=WIDTH + 2, max_chars=max_chars)
    assert {len(t.text) for t in tunes} == {max_chars}
    assert not any(t.ended for t in tunes)
    assert {len(t.log_prob) for t in tunes} == {max_chars}


def test_a_tune_cut_short_is_the_beginning_of_the_longer_one():
    model = network(end=-1e9)
    for short, long in zip(compose(model, max_chars=300), compose(model, max_chars=700), strict=True):
        assert long.text.startswith(short.text)
        assert np.array_equal(long.log_prob[:300], short.log_prob)


def test_a_network_that_ends_at_once_composes_empty_tunes():
    tunes = compose(network(end=1e4), num_tunes=WIDTH + 1)
    assert [(t.text, t.ended, len(t.log_prob)) for t in tunes] == [("", True, 1)] * (WIDTH + 1)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_log_probabilities_beyond_a_page_are_those_of_one_pass_over_the_text(cell):
    model = network(end=-4.0, cell=cell)
    tunes = compose(model, num_tunes=WIDTH + 30, max_chars=2 * PAGE + 90, temperature=1.3)
    lengths = [len(t.text) for t in tunes]
    assert min(lengths) < PAGE < 2 * PAGE < max(lengths)
    for tune in tunes:
        assert len(tune.log_prob) == len(tune.text) + tune.ended
        np.testing.assert_allclose(tune.log_prob, teacher_forced(model, tune), atol=1e-3)


def test_each_text_is_what_its_random_numbers_choose_from_one_pass_over_it():
    model = network(end=-4.0)
    for tune in compose(model, num_tunes=3, seed=11, max_chars=2 * PAGE + 90):
        ids = VOCAB.encode(START + tune.text + (END if tune.ended else ""))
        uniform = np.random.Generator(np.random.Philox(key=[11, tune.index])).random(4 * PAGE)[: len(ids) - 1]
        with torch.no_grad():
            logits, _ = model(torch.from_numpy(ids[None, :-1]))
        assert choose(logits[0], 1.0, None, None, torch.from_numpy(uniform)).tolist() == ids[1:].tolist()


def test_the_first_characters_are_as_frequent_as_the_network_says():
    model = network()
    with torch.no_grad():
        logits, _ = model(torch.tensor([[VOCAB.start]]))
    probability = torch.softmax(logits[0, 0].double(), -1).numpy()
    number = 4000
    tunes = compose(model, num_tunes=number, max_chars=1, seed=5)
    found = Counter(t.text if not t.ended else END for t in tunes)
    possible = [i for i in range(len(VOCAB)) if i != VOCAB.start]
    counts = [found[VOCAB.characters[i]] for i in possible]
    assert stats.chisquare(counts, probability[possible] / probability[possible].sum() * number).pvalue > 0.001


def test_temperature_zero_takes_the_likeliest_character_each_time():
    model = network(end=-1e9)
    text, state, last = "", None, VOCAB.start
    with torch.no_grad():
        for _ in range(60):
            logits, state = model(torch.tensor([[last]]), state)
            last = int(logits[0, 0].argmax())
            text += VOCAB.characters[last]
    assert {t.text for t in compose(model, temperature=0, max_chars=60)} == {text}
    assert {t.text for t in compose(model, top_k=1, max_chars=60)} == {text}
    assert {t.text for t in compose(model, top_p=1e-9, max_chars=60)} == {text}


@pytest.mark.parametrize("prompt", ["X", "X:1\nK:G\n", "A" * (PAGE - 1), "AB" * (PAGE // 2), "A" * (PAGE + 1)])
def test_a_prompt_begins_every_tune(prompt):
    model = network(end=-3.0)
    tunes = compose(model, num_tunes=WIDTH + 5, prompt=prompt, max_chars=len(prompt) + 20)
    assert all(t.text.startswith(prompt) for t in tunes)
    assert len({t.text for t in tunes}) > 50
    for tune in tunes[:: WIDTH // 4]:
        np.testing.assert_allclose(tune.log_prob, teacher_forced(model, tune), atol=1e-3)


def test_a_prompt_as_long_as_max_chars_is_the_tune():
    tunes = compose(network(), prompt="GABc", max_chars=4)
    assert [(t.text, t.ended, len(t.log_prob)) for t in tunes] == [("GABc", False, 4)] * 5


def test_a_prompt_is_not_ended_before_it_is_said():
    tunes = compose(network(end=1e4), prompt="GABc")
    assert [(t.text, t.ended, len(t.log_prob)) for t in tunes] == [("GABc", True, 5)] * 5


def test_an_unknown_character_of_the_prompt_is_named():
    with pytest.raises(UserError, match=r"^prompt: .*'ß' \(U\+00DF\)"):
        compose(network(), prompt="GAß")


def test_a_prompt_longer_than_max_chars_is_refused():
    with pytest.raises(UserError, match="max_chars: expected at least the prompt's 4 characters, got 3"):
        compose(network(), prompt="GABc", max_chars=3)


@pytest.mark.parametrize("temperature", [-1.0, -1e-9, math.nan, math.inf, -math.inf])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(UserError, match="temperature: expected a number of at least 0"):
        compose(network(), temperature=temperature)


@pytest.mark.parametrize("seed", [2**53, 2**63 - 2])
def test_the_largest_seeds_differ_from_their_neighbours(seed):
    assert compose(network(), seed=seed)[0].text != compose(network(), seed=seed + 1)[0].text


def test_min_p_leaves_what_is_likely_enough_beside_the_likeliest():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    uniform = torch.arange(20000, dtype=torch.float64) / 20000
    chosen = choose(logits.expand(len(uniform), -1), 1.0, None, None, uniform, min_p=0.29)
    assert Counter(chosen.tolist()) == pytest.approx(Counter({0: 10526, 1: 6316, 2: 3158}), abs=2)
    assert (choose(logits.expand(9, -1), 1.0, None, None, uniform[-9:], min_p=1.0) == 0).all()
