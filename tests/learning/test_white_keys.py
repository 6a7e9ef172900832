"""A network that knows white keys alone composes in any key."""

from collections import Counter

import pytest
import torch

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.network import Network
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import Vocabulary
from charrnn.music.canonical import transposed
from charrnn.music.notation import read

torch.set_num_threads(1)
VOCAB = Vocabulary("X:1\nT:A tuneM6/8L:1KGmABCDEFGabcdefg|^_='-,b# :()[]23456789z>dorix")


def network() -> Network:
    torch.manual_seed(0)
    model = CharRNN(len(VOCAB), cell="rnn", hidden=20, layers=1).eval()
    model.tonics = {"maj": {"G": 3, "Bb": 1}, "min": {"E": 1}}
    return Network(model, VOCAB)


def movable(tunes):
    """Without those where a note with a double accidental would get a third: they stay as they are."""
    return [tune for tune in tunes if "^^" not in tune.text and "__" not in tune.text]


def keys(tunes) -> set[tuple[str, str]]:
    return {read(tune.text).header.key[:2] for tune in tunes}


def test_tunes_come_in_the_keys_of_the_collection_and_the_same_ones_again():
    tunes = movable(network().sample(60, constraint="bars", seed=1))
    assert len(tunes) > 5
    found = Counter(read(tune.text).header.key[:2] for tune in tunes)
    assert {tonic for tonic, mode in found if mode in ("maj", "ion")} <= {"G", "Bb"}
    assert {tonic for tonic, mode in found if mode == "min"} <= {"E"}
    again = movable(network().sample(60, constraint="bars", seed=1))
    assert [tune.text for tune in again] == [tune.text for tune in tunes]
    assert all(tune.well_formed for tune in tunes)


def test_a_key_moves_every_tune_and_gives_it_its_mode_unless_the_prompt_has_one():
    tunes = movable(network().sample(20, constraint="bars", key="Gm", seed=1))
    assert keys(tunes) == {("G", "min")}
    # Noise that an untrained network writes cannot always be moved.
    assert {mode for _, mode in keys(network().sample(20, key="Gm", seed=1))} == {"min"}
    free = network().sample(8, key="D", seed=1, prompt="X:1\nT:A\nM:6/8\nL:1/8\nK:C\nABc ")
    assert keys(free) == {("D", "maj")}
    as_written = list(sample_raw(8))
    for tune, raw in zip(free, as_written, strict=True):
        assert tune.text == transposed(raw, "D")


def sample_raw(number: int):
    settings = {"temperature": 1.0, "num_tunes": number, "seed": 1, "prompt": "X:1\nT:A\nM:6/8\nL:1/8\nK:C\nABc "}
    return [tune.text for tune in sample(network().model, VOCAB, **settings)]


@pytest.mark.parametrize("key", ["H", "none", "HP", "treble"])
def test_what_is_no_key_is_refused(key: str):
    with pytest.raises(UserError, match="key: expected a key such as Gm"):
        network().sample(1, key=key)


def test_a_meter_still_needs_a_constraint():
    with pytest.raises(UserError, match="with constraint=header, syntax or bars"):
        network().sample(1, key="G", meter="6/8")
