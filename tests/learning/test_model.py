import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from charrnn.learning.cells import CELLS
from charrnn.learning.model import CharRNN

torch.set_num_threads(1)
V, H, B, T = 7, 6, 3, 20
every_cell = pytest.mark.parametrize("cell", sorted(CELLS))
one_or_two_layers = pytest.mark.parametrize("layers", [1, 2])


def network(cell: str, layers: int = 1, *, dropout: float = 0.0, seed: int = 0, hidden: int = H) -> CharRNN:
    torch.manual_seed(seed)
    return CharRNN(V, cell=cell, hidden=hidden, layers=layers, dropout=dropout)


def some_ids(time: int = T, seed: int = 1) -> torch.Tensor:
    return torch.randint(0, V, (B, time), generator=torch.Generator().manual_seed(seed))


def some_state(model: CharRNN) -> torch.Tensor:
    zeros = model.zero_state(B)
    return torch.empty_like(zeros).normal_(generator=torch.Generator().manual_seed(2)).tanh()


def step(cell: str, layer, x, state):
    """One layer's equations, as in the documentation of torch.nn; x (B, I), state (S, B, H)."""
    inner = x @ layer.weight_ih_l0.T + layer.bias_ih_l0
    outer = state[0] @ layer.weight_hh_l0.T + layer.bias_hh_l0
    if cell == "rnn":
        return torch.tanh(inner + outer)[None]
    if cell == "gru":
        (r_i, z_i, n_i), (r_h, z_h, n_h) = inner.chunk(3, -1), outer.chunk(3, -1)
        r, z = torch.sigmoid(r_i + r_h), torch.sigmoid(z_i + z_h)
        n = torch.tanh(n_i + r * n_h)
        return ((1 - z) * n + z * state[0])[None]
    i, f, g, o = (inner + outer).chunk(4, -1)
    c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
    return torch.stack([torch.sigmoid(o) * torch.tanh(c), c])


def by_hand(cell: str, model: CharRNN, ids, state):
    logits, states = [], list(state)
    for t in range(ids.shape[1]):
        x = F.one_hot(ids[:, t], V).to(state.dtype)
        for number, layer in enumerate(model.layers):
            states[number] = step(cell, layer, x, states[number])
            x = states[number][0]
        logits.append(x @ model.output.weight.T + model.output.bias)
    return torch.stack(logits, dim=1), torch.stack(states)


@every_cell
@one_or_two_layers
def test_shapes(cell, layers):
    model = network(cell, layers)
    states = 2 if cell == "lstm" else 1
    logits, state = model(some_ids())
    assert logits.shape == (B, T, V)
    assert state.shape == model.zero_state(B).shape == (layers, states, B, H)
    hidden, same = model.hidden(some_ids())
    assert hidden.shape == (T, B, H)
    assert torch.equal(same, state)


@every_cell
@one_or_two_layers
def test_the_equations_written_out_give_the_same(cell, layers):
    model = network(cell, layers).double()
    ids, state = some_ids(), some_state(model)
    for begin in (state, model.zero_state(B)):
        logits, after = model(ids, begin)
        expected, expected_after = by_hand(cell, model, ids, begin)
        torch.testing.assert_close(logits, expected, rtol=0, atol=1e-10)
        torch.testing.assert_close(after, expected_after, rtol=0, atol=1e-10)


@every_cell
@one_or_two_layers
def test_the_gradients_are_those_of_the_written_out_equations(cell, layers):
    model = network(cell, layers).double()
    ids, state = some_ids(), some_state(model)
    parameters = list(model.parameters())
    ours = torch.autograd.grad(model(ids, state)[0].square().mean(), parameters)
    theirs = torch.autograd.grad(by_hand(cell, model, ids, state)[0].square().mean(), parameters)
    for (name, _), a, b in zip(model.named_parameters(), ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10, msg=name)


@every_cell
@one_or_two_layers
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_a_sequence_in_pieces_with_carried_state_is_the_whole_sequence(cell, layers, dtype, tolerance):
    model = network(cell, layers).to(dtype)
    ids = some_ids()
    whole, last = model(ids)
    for width in (1, 3, 7, 19):
        state, pieces = None, []
        for piece in ids.split(width, dim=1):
            logits, state = model(piece, state)
            pieces.append(logits)
        torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=tolerance)
        torch.testing.assert_close(state, last, rtol=0, atol=tolerance)


@every_cell
@one_or_two_layers
def test_no_logit_depends_on_a_later_character(cell, layers):
    model = network(cell, layers)
    ids = some_ids()
    logits, _ = model(ids)
    for t in (0, 1, 10, T - 1):
        changed = ids.clone()
        changed[:, t] = (changed[:, t] + 1) % V
        other, _ = model(changed)
        assert torch.equal(other[:, :t], logits[:, :t])
        assert ((other[:, t] - logits[:, t]).abs().amax(-1) > 1e-4).all()


@every_cell
@one_or_two_layers
def test_the_streams_of_a_batch_do_not_touch_each_other(cell, layers):
    model = network(cell, layers).double()
    ids, state = some_ids(), some_state(model)
    logits, after = model(ids, state)
    for b in range(B):
        alone, alone_after = model(ids[b : b + 1], state[:, :, b : b + 1])
        torch.testing.assert_close(alone[0], logits[b], rtol=0, atol=1e-12)
        torch.testing.assert_close(alone_after[:, :, 0], after[:, :, b], rtol=0, atol=1e-12)


@every_cell
@one_or_two_layers
def test_no_state_is_a_state_of_zeros(cell, layers):
    model = network(cell, layers)
    zeros = model.zero_state(B)
    assert not zeros.any()
    for ours, theirs in zip(model(some_ids()), model(some_ids(), zeros), strict=True):
        assert torch.equal(ours, theirs)


@every_cell
def test_a_given_state_is_left_as_it_was(cell):
    model = network(cell, 2)
    state = some_state(model)
    copy = state.clone()
    model(some_ids(), state)
    assert torch.equal(state, copy)


@every_cell
def test_the_loss_of_an_untrained_network_is_that_of_guessing(cell):
    torch.manual_seed(0)
    vocab_size = 90
    model = CharRNN(vocab_size, cell=cell, hidden=100, layers=1)
    ids = torch.randint(0, vocab_size, (16, 201))
    with torch.no_grad():
        logits, _ = model(ids[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    assert float(loss) == pytest.approx(math.log(vocab_size), abs=0.35)


@every_cell
@one_or_two_layers
def test_dropout_acts_in_training_and_not_in_evaluation(cell, layers):
    model, plain = network(cell, layers, dropout=0.5), network(cell, layers)
    ids = some_ids()
    expected, _ = plain(ids)
    one, two = model(ids)[0], model(ids)[0]
    assert not torch.equal(one, two)
    assert not torch.allclose(one, expected)
    model.eval()
    assert torch.equal(model(ids)[0], expected)


@every_cell
@one_or_two_layers
def test_dropout_leaves_about_its_share_of_the_last_outputs_and_scales_the_rest(cell, layers):
    model = network(cell, layers, dropout=0.25, hidden=64)
    hidden, _ = model.hidden(some_ids())
    assert float((hidden == 0).double().mean()) == pytest.approx(0.25, abs=0.03)
    if layers == 1:
        left = hidden != 0
        torch.testing.assert_close(hidden[left], model.eval().hidden(some_ids())[0][left] / 0.75)


@every_cell
def test_dropout_does_not_touch_the_carried_state_of_one_layer(cell):
    model = network(cell, 1, dropout=0.5)
    ids = some_ids()
    assert torch.equal(model(ids)[1], model.eval()(ids)[1])


@every_cell
@one_or_two_layers
def test_no_dropout_makes_training_and_evaluation_the_same(cell, layers):
    model = network(cell, layers, dropout=0.0)
    ids = some_ids()
    assert torch.equal(model.train()(ids)[0], model.eval()(ids)[0])


@every_cell
def test_the_parameters_are_those_of_torchs_cells(cell):
    model = network(cell, 2)
    for layer, size in zip(model.layers, (V, H), strict=True):
        torchs = CELLS[cell](size, H)
        assert {k: v.shape for k, v in layer.state_dict().items()} == {
            k: v.shape for k, v in torchs.state_dict().items()
        }
        assert [k for k, _ in layer.named_parameters()] == [k for k, _ in torchs.named_parameters()]


@every_cell
def test_weights_of_torchs_cell_load_and_compute_the_same(cell):
    model = network(cell).double()
    torch.manual_seed(5)
    torchs = CELLS[cell](V, H, batch_first=True).double()
    model.layers[0].load_state_dict(torchs.state_dict())
    ids = some_ids()
    outputs, _ = torchs(F.one_hot(ids, V).double())
    torch.testing.assert_close(model.hidden(ids)[0].transpose(0, 1), outputs, rtol=0, atol=1e-12)


@every_cell
def test_two_layers_of_weights_are_a_torch_network_of_two_layers(cell):
    model = network(cell, 2).double()
    torchs: nn.RNNBase = CELLS[cell](V, H, num_layers=2, batch_first=True).double()
    names = (
        (f"{k[:-1]}{number}", v) for number, layer in enumerate(model.layers) for k, v in layer.state_dict().items()
    )
    torchs.load_state_dict(dict(names))
    outputs, _ = torchs(F.one_hot(some_ids(), V).double())
    torch.testing.assert_close(model.hidden(some_ids())[0].transpose(0, 1), outputs, rtol=0, atol=1e-12)


@every_cell
@one_or_two_layers
def test_a_short_text_is_learnt_by_heart(cell, layers):
    torch.manual_seed(0)
    text = "X:1\nK:G\nGABc dedB|dedB dedB|c2ec B2dB|c2A2 A2BA:|\n"
    alphabet = sorted(set(text))
    ids = torch.tensor([[alphabet.index(c) for c in text * 2]])
    model = CharRNN(len(alphabet), cell=cell, hidden=32, layers=layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss = torch.tensor(math.inf)
    for _ in range(300):
        logits, _ = model(ids[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        if loss < 0.1:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1
