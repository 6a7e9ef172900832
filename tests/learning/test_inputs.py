"""What a network reads beside the characters: causal, the same however it is asked for, and learned from."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.activations import ablated_losses, trace
from charrnn.learning.data import AbcDataModule
from charrnn.learning.evaluation import score
from charrnn.learning.inputs import BARS_AGO, NAMES, InputEncoder, InputReader, names, sizes
from charrnn.learning.likelihood import score_tunes
from charrnn.learning.model import CharRNN
from charrnn.learning.module import LitCharRNN
from charrnn.learning.prepare import Prepared
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import END, START, Vocabulary
from charrnn.music.constraint import Constraint
from charrnn.music.corpus import Source, parse
from charrnn.music.notation import read
from tests.learning.runs import config

torch.set_num_threads(1)
TUNES = parse([Source("tunes.abc", (Path(__file__).resolve().parents[1] / "tunes.abc").read_bytes())]).tunes
VOCAB = Vocabulary(set().union(*map(set, TUNES)) | set("0123456789"))
CHOICES = [["meter"], ["phrase"], ["cond"], ["meter", "phrase"], list(NAMES)]


def network(reads=NAMES, *, cell: str = "rnn", layers: int = 1) -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(len(VOCAB), cell=cell, hidden=16, layers=layers, inputs=reads).eval()


def beside(reads, ids: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(InputEncoder(reads, VOCAB).read(ids))


@pytest.mark.parametrize("reads", CHOICES)
def test_values_are_within_their_tables_and_0_behind_a_tune(reads: list[str]):
    ids = VOCAB.encode_tunes(TUNES)
    values = InputEncoder(reads, VOCAB).read(ids)
    assert values.shape == (len(ids), len(sizes(reads, len(VOCAB))))
    assert (values >= 0).all() and (values.max(0) < sizes(reads, len(VOCAB))).all()
    assert (values[ids == VOCAB.end] == 0).all()
    assert values[1 : TUNES[0].index("\nK:"), 1:].max() == 0


def test_they_say_where_the_tune_stands():
    text = "X:1\nT:a\nR:reel\nM:4/4\nL:1/8\nK:G\nABcd e4|ABcd e"
    ids = VOCAB.encode(START + text)
    left, due, bar, repeat, *ago = InputEncoder(["meter", "phrase"], VOCAB).read(ids)[-1].tolist()
    assert (left, due, bar, repeat) == (3 + 36, 3 + 36, 2, 1)  # three eighths are missing, one bar is complete
    assert dict(zip(BARS_AGO, ago, strict=True)) == {1: 1 + VOCAB.encode("4")[0], 2: 0, 4: 0, 8: 0}
    key, meter, rhythm, part, degree = InputEncoder(["cond"], VOCAB).read(ids)[-1].tolist()
    assert (part, degree) == (1, 6)
    others = [
        InputEncoder(["cond"], VOCAB).read(VOCAB.encode(START + text.replace(old, new)))[-1].tolist()
        for old, new in (("K:G", "K:D"), ("M:4/4", "M:3/4"), ("R:reel", "R:jig"))
    ]
    assert [row[i] != value for i, (row, value) in enumerate(zip(others, (key, meter, rhythm), strict=True))] == [
        True
    ] * 3


def test_the_last_bar_of_a_part_is_due_without_the_pick_up():
    text = "X:1\nT:a\nM:4/4\nL:1/8\nK:G\nAB|c8|"
    rows = InputEncoder(["meter"], VOCAB).read(VOCAB.encode(START + text + "e6:|\n|:"))
    assert rows[len(text) + 2, :2].tolist() == [3 + 2 * 12, 3]  # behind e6
    assert rows[len(text) + 2 :, 3].tolist() == [1, 1, 1, 1, 1, 2]


def test_the_header_says_which_field_is_written():
    text = "X:1\nT:T a\nK:G"
    places = InputEncoder(["meter"], VOCAB).read(VOCAB.encode(START + text))[:, 0].tolist()
    begun, x, number, title, name, key, tonic = (places[i] for i in (0, 1, 2, 5, 6, 11, 12))
    assert len({begun, x, number, title, name, key, tonic}) == 7
    assert places == [begun, x, number, number, x, title, *[name] * 4, title, key, tonic, tonic]


def test_they_depend_on_nothing_that_comes_later():
    ids = VOCAB.encode_tunes(TUNES)
    whole = InputEncoder(NAMES, VOCAB).read(ids)
    for end in (1, 40, 90, 150, 200):
        np.testing.assert_array_equal(InputEncoder(NAMES, VOCAB).read(ids[:end]), whole[:end])


def test_tunes_side_by_side_are_read_as_they_are_alone():
    inputs = InputEncoder(NAMES, VOCAB)
    reader = InputReader(inputs, 3)
    texts = [TUNES[0], TUNES[1][:60], TUNES[2]]
    for at in range(max(map(len, texts))):
        rows = [row for row, text in enumerate(texts) if at < len(text)]
        reader.read(np.array(rows), [text[at] if at < len(text) else "" for text in texts])
        for row in rows:
            alone = inputs.read(VOCAB.encode(START + texts[row][: at + 1]))[-1]
            np.testing.assert_array_equal(reader.values[row], alone)
    reader.begin([1])
    np.testing.assert_array_equal(reader.values[1], inputs.read(np.array([VOCAB.start]))[0])


def test_what_is_read_reaches_the_output_past_the_layers():
    model = network()
    ids = VOCAB.encode_tunes(TUNES[:1])
    before, _ = model(torch.from_numpy(ids[None]), None, beside(NAMES, ids)[None])
    with torch.no_grad():
        model.direct.rows[:] = torch.arange(len(model.direct.rows))[:, None] * torch.arange(len(VOCAB))
    after, _ = model(torch.from_numpy(ids[None]), None, beside(NAMES, ids)[None])
    rows = torch.from_numpy(ids) + (beside(NAMES, ids) + model.direct.first[1:]).sum(1)
    torch.testing.assert_close((after - before)[0], rows[:, None] * torch.arange(len(VOCAB)).float())
    assert network(reads=()).direct is None


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_every_input_has_a_table_that_learns(cell: str, layers: int):
    model = network(cell=cell, layers=layers).double()
    ids = VOCAB.encode_tunes(TUNES[:1])
    logits, _ = model(torch.from_numpy(ids[None]), None, beside(NAMES, ids)[None])
    logits.square().sum().backward()
    first = np.cumsum([0, *sizes(NAMES, len(VOCAB))])
    for begin, end in pairwise(first):
        assert model.tables.rows.grad[begin:end].abs().max() > 0


def test_gradients_are_those_of_the_written_out_sum():
    model = network().double()
    ids, rows = torch.tensor([[3, 4, 5]]), beside(NAMES, VOCAB.encode(TUNES[0]))[None, 80:83]
    logits, _ = model(ids, None, rows)
    logits.sin().sum().backward()
    ours = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    flat = (rows + model.tables.first)[0].long()
    vectors = torch.nn.functional.one_hot(ids[0], len(VOCAB)) + model.tables.rows[flat].sum(1)
    model.read = lambda *_: vectors[:, None]  # type: ignore[method-assign]
    model(ids, None, rows)[0].sin().sum().backward()
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.grad, ours[name])


def test_a_network_with_inputs_is_not_called_without_them():
    with pytest.raises(TypeError, match="needs their values"):
        network()(torch.zeros(1, 3, dtype=torch.int64))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_composed_tunes_score_as_they_were_sampled(cell: str):
    model = network(cell=cell)
    with torch.no_grad():
        model.output.bias[VOCAB.start] = -1e9
    tunes = list(sample(model, VOCAB, temperature=0.7, num_tunes=6, seed=1, prompt=TUNES[0][:70], max_chars=150))
    scored = score_tunes(model, VOCAB, [tune.text for tune in tunes], [tune.ended for tune in tunes])
    for tune, scores in zip(tunes, scored, strict=True):
        torch.testing.assert_close(scores.log_prob(1.0), torch.from_numpy(tune.log_prob), rtol=1e-4, atol=1e-4)


def test_units_are_traced_with_their_inputs():
    model = network(layers=2)
    traced = trace(model, VOCAB, TUNES[:3])
    scores = list(score_tunes(model, VOCAB, TUNES[:3], [False] * 3))
    without_mark = np.concatenate([-s.log_prob(1.0).numpy()[1:] for s in scores])
    loss = np.concatenate([part[:-1] for part in np.split(traced.loss, np.cumsum([len(t) for t in TUNES[:2]]))])
    np.testing.assert_allclose(loss, without_mark, atol=1e-5)
    still = ablated_losses(model, VOCAB, TUNES[:1], [0], traced.activations.mean(0))
    assert not np.allclose(still[0], traced.loss[: len(TUNES[0])])


def test_the_constraint_works_with_inputs():
    grammar = Constraint("bars", VOCAB.characters, END, 400, {})
    tunes = list(sample(network(), VOCAB, temperature=1.0, num_tunes=5, seed=0, max_chars=400, grammar=grammar))
    assert all(read(tune.text).well_formed for tune in tunes)


def test_training_with_inputs_learns_and_its_checkpoint_loads(tmp_path: Path):
    ids = VOCAB.encode_tunes(TUNES)
    inputs = {part: InputEncoder(NAMES, VOCAB).read(ids) for part in ("train", "val")}
    data = AbcDataModule(Prepared(ids, ids, ids[:0], VOCAB, {}, inputs), seq_len=10, batch_size=2)
    optim = {
        "name": "adam",
        "lr": 1e-2,
        "schedule": "constant",
        "gradient_clip": 5.0,
        "weight_decay": 0.0,
        "momentum": 0.0,
    }
    model = {"cell": "lstm", "hidden": 16, "layers": 1, "dropout": 0.1, "weight_drop": 0.2, "inputs": list(NAMES)}
    torch.manual_seed(0)
    lit = LitCharRNN(vocabulary=VOCAB.characters, model=model, optim=optim, seq_len=10, windows=1000)
    before = lit.model.tables.rows.detach().clone()
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
    trainer = pl.Trainer(accelerator="cpu", max_epochs=2, enable_checkpointing=False, **quiet)
    trainer.fit(lit, data)
    assert lit.val_loss < 3.2
    assert not torch.equal(before, lit.model.tables.rows)
    trainer.save_checkpoint(tmp_path / "best.ckpt")
    loaded, vocab = checkpoint.load_model(str(tmp_path / "best.ckpt"))
    assert loaded.inputs == NAMES and vocab.characters == VOCAB.characters
    torch.testing.assert_close(loaded.tables.rows, lit.model.tables.rows)


def test_names_follow_the_configuration():
    assert names({"cond": True, "meter": True, "phrase": False}) == ["meter", "cond"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"inputs": {"cond": True}}, "inputs: expected chars with data.notation=raw, got cond, which are read from"),
        ({"data": {"key": "white"}}, "data.key: expected as_written with data.notation=raw, got white"),
        ({"data": {"titles": False}}, "data.titles: expected True with data.notation=raw, got False"),
        ({"data": {"notation": "canon"}}, "data.notation: expected one of raw, canonical, got 'canon'"),
    ],
)
def test_raw_text_has_no_inputs_and_no_white_keys(changes: dict, sentence: str):
    with pytest.raises(UserError, match=sentence):
        config(**changes)


def test_the_loss_of_a_block_is_that_of_the_whole_network():
    model = network(cell="lstm")
    with torch.no_grad():
        model.direct.rows.normal_(generator=torch.Generator().manual_seed(1))
    ids = VOCAB.encode_tunes(TUNES).astype(np.int64)
    block = torch.from_numpy(ids[None, :-1]), torch.from_numpy(ids[None, 1:]), beside(NAMES, ids)[None, :-1]
    with torch.inference_mode():
        nats, characters, _ = score(model, block, None)
        logits, _ = model(block[0], None, block[2])
    expected = torch.nn.functional.cross_entropy(logits[0].double(), block[1][0], reduction="sum")
    assert characters == len(ids) - 1 and nats == pytest.approx(float(expected), rel=1e-6)
