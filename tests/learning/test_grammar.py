"""A grammar in the sampler: what it forbids never comes, what it ruled out is told, and nothing else changes."""

import numpy as np
import pytest
import torch

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import END, START, Vocabulary
from charrnn.music.constraint import Constraint
from charrnn.music.notation import read

VOCAB = Vocabulary("ABCDEFGabcdefg|:\n XTMLK0123456789/ '-=")
torch.set_num_threads(1)


class Alternating:
    """Digits and letters take turns; a state is 1 where a digit is due."""

    start = np.array([0])

    def __init__(self):
        digits = np.array([c.isdigit() for c in VOCAB.characters])
        self.next = np.stack([~digits, digits])

    def allowed(self, state):
        return self.next[state[0]]

    def advance(self, state, ids):
        return 1 - state


class Everything(Alternating):
    def allowed(self, state):
        return np.ones((state.shape[1], len(VOCAB)), dtype=bool)


def network(seed: int = 0) -> CharRNN:
    torch.manual_seed(seed)
    model = CharRNN(len(VOCAB), cell="gru", hidden=12, layers=1)
    with torch.no_grad():
        model.output.weight.mul_(3)
    return model.eval()


def compose(grammar=None, **settings):
    defaults = {"temperature": 1.0, "num_tunes": 6, "seed": 0, "max_chars": 40}
    return list(sample(network(), VOCAB, grammar=grammar, **(defaults | settings)))


def test_a_grammar_that_allows_everything_changes_nothing():
    plain, free = compose(), compose(Everything())
    assert [t.text for t in plain] == [t.text for t in free]
    assert all((t.ruled_out == 0).all() for t in plain)
    assert all(np.abs(t.ruled_out).max() < 1e-6 for t in free)


@pytest.mark.parametrize("temperature", [0, 0.5, 1.0, 2.0])
def test_what_was_ruled_out_is_the_network_s_probability_of_it(temperature):
    grammar = Alternating()
    for tune in compose(grammar, temperature=temperature):
        ids = VOCAB.encode(START + tune.text + END * tune.ended)
        assert [VOCAB.characters[i].isdigit() for i in ids[1:]] == [k % 2 == 1 for k in range(len(ids) - 1)]
        with torch.no_grad():
            logits = network()(torch.from_numpy(ids[None, :-1]))[0][0]
        logits[:, VOCAB.start] = -torch.inf
        if temperature:
            probability = torch.softmax(logits / temperature, -1).numpy()
        else:
            probability = np.eye(len(VOCAB))[logits.argmax(-1)]
        allowed = grammar.next[np.arange(len(ids) - 1) % 2]
        assert tune.ruled_out == pytest.approx((probability * ~allowed).sum(1), abs=1e-4)


def test_the_prompt_is_no_choice_of_the_grammar():
    tune = compose(Alternating(), prompt="A1B")[0]
    assert tune.text.startswith("A1B")
    assert (tune.ruled_out[:3] == 0).all()
    assert (tune.ruled_out[3:] > 0).all()


def test_a_prompt_that_the_grammar_forbids_is_refused():
    with pytest.raises(UserError, match=r"prompt: expected a beginning that the constraint allows, got 'B' behind 'A'"):
        compose(Alternating(), prompt="AB")


def test_an_untrained_network_writes_well_formed_tunes():
    grammar = Constraint("bars", VOCAB.characters, END, 500, {"M": "6/8"})
    tunes = compose(grammar, temperature=2.0, max_chars=500, num_tunes=20)
    assert all(tune.ended and read(tune.text).well_formed for tune in tunes)
    assert all(0 < tune.ruled_out.sum() < len(tune.ruled_out) for tune in tunes)


def test_top_k_chooses_among_what_is_allowed():
    texts = [tune.text for tune in compose(Alternating(), top_k=1, num_tunes=3)]
    assert len(set(texts)) == 1
