import pytest
import torch

from charrnn.learning.model import CharRNN
from charrnn.learning.rejection import sample_well_formed
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import END, START, Vocabulary

TUNE = "X:1\nT:t\nM:2/4\nL:1/8\nK:C\nABcd|ABcd|ABcd|ABcd|"
VOCAB = Vocabulary(TUNE + "%")


class Reciter(CharRNN):
    """Says TUNE, but now and then, with the probability `slips`, % for one of its characters."""

    def __init__(self, slips: float):
        super().__init__(len(VOCAB), cell="rnn", hidden=1, layers=1)
        self.slips, self.ids = slips, VOCAB.encode(START + TUNE + END).tolist()

    def forward(self, ids, state=None):
        """The state counts the characters."""
        place = state[0, 0, :, 0].long()
        wanted = torch.tensor(self.ids)[(place + 1).clamp(max=len(self.ids) - 1)]
        logits = torch.full((len(place), len(VOCAB)), -1e9)
        logits[:, VOCAB.encode("%")[0]] = torch.log(torch.tensor(self.slips))
        logits[torch.arange(len(place)), wanted] = torch.log(torch.tensor(1 - self.slips))
        return logits[:, None], state + 1


def test_each_number_gets_its_first_well_formed_tune():
    model, settings = Reciter(0.02), {"temperature": 1.0, "seed": 3, "max_chars": 60}
    found = list(sample_well_formed(model, VOCAB, num_tunes=20, max_tries=40, **settings))
    assert [number for number, _, _ in found] == list(range(20))
    assert all(tune is not None and tune.index == number for number, tune, _ in found)
    assert all(tune.well_formed for _, tune, _ in found if tune)
    assert len({tries for _, _, tries in found}) > 2
    for number, tune, tries in found[:5]:
        drawn = [next(sample(model, VOCAB, num_tunes=1, only=[number], attempt=a, **settings)) for a in range(tries)]
        assert [t.well_formed and t.ended for t in drawn] == [False] * (tries - 1) + [True]
        assert drawn[-1].text == tune.text


def test_the_first_try_is_the_tune_that_is_drawn_without():
    model, settings = Reciter(0.0), {"temperature": 1.0, "seed": 3, "max_chars": 60}
    (_, tune, tries), *_ = sample_well_formed(model, VOCAB, num_tunes=2, max_tries=1, **settings)
    assert tries == 1
    assert tune.text == TUNE == next(sample(model, VOCAB, num_tunes=1, **settings)).text


def test_where_none_is_well_formed_none_is_given():
    found = list(
        sample_well_formed(Reciter(0.9), VOCAB, num_tunes=3, max_tries=4, temperature=1.0, seed=0, max_chars=60)
    )
    assert found == [(0, None, 4), (1, None, 4), (2, None, 4)]


@pytest.mark.parametrize(("room", "tries"), [(0, None), (1, 1)])
def test_a_tune_that_was_cut_before_its_end_mark_is_none(room, tries):
    settings = {"temperature": 1.0, "seed": 0, "max_chars": len(TUNE) + room}
    ((_, tune, drawn),) = sample_well_formed(Reciter(0.0), VOCAB, num_tunes=1, max_tries=2, **settings)
    assert (tune is not None, drawn) == (tries is not None, tries or 2)
