import numpy as np
import pytest
import torch

from charrnn.config import WINDOWS_PER_BLOCK
from charrnn.errors import UserError
from charrnn.learning.data import IGNORED, VAL_STREAMS, VAL_WARM_UP, AbcDataModule, Blocks, streams
from charrnn.learning.prepare import Prepared
from charrnn.learning.vocab import START, Vocabulary

ELEVEN = np.arange(10, 21)
X = IGNORED


def prepared(train: int, val: int, test: int = 0, seed: int = 0) -> Prepared:
    rng = np.random.default_rng(seed)
    vocab = Vocabulary("abcdefgh")
    return Prepared(*(rng.integers(0, len(vocab), n) for n in (train, val, test)), vocab=vocab, report={})


def windows(ids, num, seq_len, before=0, warm_up=0):
    inputs, targets = streams(ids, num, before, warm_up)
    pairs = zip(inputs.split(seq_len, dim=1), targets.split(seq_len, dim=1), strict=True)
    return [(i.tolist(), t.tolist()) for i, t in pairs]


def blocks_of(pair, width, limit=None) -> Blocks:
    """The same streams in every pass."""
    return Blocks(lambda: pair, width, limit)


def tune_book(tunes: int, seed: int = 0) -> Prepared:
    rng = np.random.default_rng(seed)
    vocab = Vocabulary("abcdefgh")
    texts = ["".join(rng.choice(list("abcdefgh"), rng.integers(5, 60))) for _ in range(tunes)]
    ids = vocab.encode_tunes(texts)
    return Prepared(ids, ids[:200], ids[:0], vocab=vocab, report={})


def passed(data: AbcDataModule, loader: Blocks) -> str:
    """The text of all targets of one pass, in the order of the streams."""
    targets = torch.cat([t for _, t in loader], dim=1)
    return data.prepared.vocab.decode(targets[targets != IGNORED].tolist())


def test_one_stream_in_windows_of_four_written_out():
    assert windows(ELEVEN, 1, 4, before=99) == [
        ([[99, 10, 11, 12]], [[10, 11, 12, 13]]),
        ([[13, 14, 15, 16]], [[14, 15, 16, 17]]),
        ([[17, 18, 19]], [[18, 19, 20]]),
    ]


def test_two_streams_in_windows_of_four_written_out():
    assert windows(ELEVEN, 2, 4, before=99) == [
        ([[99, 10, 11, 12], [15, 16, 17, 18]], [[10, 11, 12, 13], [16, 17, 18, 19]]),
        ([[13, 14], [19, 20]], [[14, 15], [20, X]]),
    ]


def test_three_streams_in_windows_of_two_written_out():
    assert windows(ELEVEN, 3, 2, before=99) == [
        ([[99, 10], [13, 14], [17, 18]], [[10, 11], [14, 15], [18, 19]]),
        ([[11, 12], [15, 16], [19, 20]], [[12, 13], [16, 17], [20, X]]),
    ]


def test_more_streams_than_needed_are_filled_with_what_is_not_scored():
    assert windows(ELEVEN[:3], 5, 2, before=99) == [([[99], [10], [11], [12], [99]], [[10], [11], [12], [X], [X]])]


def test_two_streams_with_a_warm_up_of_three_written_out():
    assert windows(ELEVEN, 2, 100, before=99, warm_up=3) == [
        (
            [[99, 99, 99, 99, 10, 11, 12, 13, 14], [12, 13, 14, 15, 16, 17, 18, 19, 20]],
            [[X, X, X, 10, 11, 12, 13, 14, 15], [X, X, X, 16, 17, 18, 19, 20, X]],
        )
    ]


@pytest.mark.parametrize("warm_up", [0, 1, 5, 64])
@pytest.mark.parametrize("num", [1, 2, 3, 7, 64])
def test_every_character_is_a_target_exactly_once(num, warm_up):
    for n in (1, 2, 6, 7, 8, 63, 64, 65, 200, 1001):
        ids = np.arange(100, 100 + n)
        inputs, targets = streams(ids, num, 0, warm_up)
        assert inputs.shape == targets.shape == (num, warm_up + -(-n // num))
        assert inputs.dtype == targets.dtype == torch.int64
        scored = targets != IGNORED
        assert targets[scored].tolist() == ids.tolist()
        assert not scored[:, :warm_up].any()
        # Every target follows its input in the text; the first one follows `before`.
        expected = torch.where(targets == 100, 0, targets - 1)
        assert torch.equal(inputs[scored], expected[scored])


@pytest.mark.parametrize("warm_up", [1, 5, 64])
def test_the_warm_up_is_the_text_that_precedes_a_stream(warm_up):
    ids = np.random.default_rng(0).integers(1, 50, 500)
    inputs, targets = streams(ids, 7, 0, warm_up)
    length = -(-500 // 7)
    text = np.concatenate([np.zeros(warm_up + 1, dtype=np.int64), ids])
    for b in range(7):
        begin = b * length
        read = inputs[b, : warm_up + 1].tolist()
        # One more than the warm-up, since the first target's own input precedes the stream, too.
        assert read == text[begin : begin + warm_up + 1].tolist()
        assert targets[b, warm_up] == ids[begin]


def test_blocks_are_of_one_width_and_the_last_has_what_is_left():
    inputs, targets = streams(np.arange(46), 2, 99)
    blocks = blocks_of((inputs, targets), 10)
    assert len(blocks) == 3
    assert [tuple(i.shape) for i, _ in blocks] == [(2, 10), (2, 10), (2, 3)]
    assert torch.equal(torch.cat([i for i, _ in blocks], dim=1), inputs)
    assert torch.equal(torch.cat([t for _, t in blocks], dim=1), targets)


def test_a_limit_leaves_the_first_blocks():
    inputs, targets = streams(np.arange(46), 2, 99)
    limited = blocks_of((inputs, targets), 10, limit=2)
    assert len(limited) == 2
    assert torch.equal(torch.cat([t for _, t in limited], dim=1), targets[:, :20])
    assert len(blocks_of((inputs, targets), 10, limit=100)) == 3


@pytest.mark.parametrize("stop", range(1, 6))
def test_blocks_continue_where_a_copy_was_left(stop):
    pair = streams(np.arange(100), 2, 99)
    whole = [i.tolist() for i, _ in blocks_of(pair, 10)]
    first = blocks_of(pair, 10)
    iterator = iter(first)
    begun = [next(iterator)[0].tolist() for _ in range(stop)]
    second = blocks_of(pair, 10)
    second.load_state_dict(first.state_dict())
    rest = [i.tolist() for i, _ in second]
    # After the last block a pass is finished, and the next one is whole.
    assert begun + rest == (whole if stop < 5 else whole * 2)


def test_a_finished_pass_starts_anew_also_after_a_round_trip():
    pair = streams(np.arange(100), 2, 99)
    blocks = blocks_of(pair, 10)
    passes = [[i.tolist() for i, _ in blocks] for _ in range(3)]
    assert passes[0] == passes[1] == passes[2]
    other = blocks_of(pair, 10)
    other.load_state_dict(blocks.state_dict())
    assert [i.tolist() for i, _ in other] == passes[0]


def test_every_pass_asks_for_its_own_streams():
    offsets = iter(range(0, 5000, 1000))

    def make_streams():
        return streams(np.arange(100) + next(offsets), 2, 99)

    blocks = Blocks(make_streams, 10)
    for number in range(1, 4):
        targets = torch.cat([t for _, t in blocks], dim=1)
        assert torch.equal(targets.flatten(), torch.arange(100) + 1000 * number)


def test_training_blocks_are_ten_windows_wide():
    data = AbcDataModule(prepared(1003, 50), seq_len=5, batch_size=4)
    blocks = list(data.train_dataloader())
    assert WINDOWS_PER_BLOCK == 10
    assert [tuple(i.shape) for i, _ in blocks] == [(4, 50)] * 5 + [(4, 1)]
    assert blocks[0][0][0, 0] == data.prepared.vocab.end


# How the order changes from epoch to epoch, which the Trainer counts, is held by test_module.py.
def test_a_pass_has_all_tunes_once_and_not_in_the_order_of_the_split():
    data = AbcDataModule(tune_book(40), seq_len=5, batch_size=4)
    original = data.prepared.vocab.decode(data.prepared.train)
    text = passed(data, data.train_dataloader())
    assert text != original
    assert text[0] == START
    assert sorted(text.split(START)) == sorted(original.split(START))


def test_the_inputs_of_a_pass_are_its_targets_one_character_before():
    data = AbcDataModule(tune_book(40), seq_len=5, batch_size=4)
    inputs, targets = (torch.cat(parts, dim=1) for parts in zip(*data.train_dataloader(), strict=True))
    text = targets[targets != IGNORED]
    assert inputs[targets != IGNORED].tolist() == [data.prepared.vocab.end, *text[:-1].tolist()]


def test_the_order_of_the_tunes_depends_on_its_seed_alone():
    def one_pass(seed: int) -> str:
        data = AbcDataModule(tune_book(40), seq_len=5, batch_size=4, order_seed=seed)
        return passed(data, data.train_dataloader())

    torch.manual_seed(0)
    one = one_pass(3)
    torch.manual_seed(1)
    assert one_pass(3) == one
    assert one_pass(4) != one


@pytest.mark.parametrize("part", ["val", "test"])
def test_held_out_blocks_score_every_character_once_after_a_warm_up(part):
    data = AbcDataModule(prepared(1000, 777, 333), seq_len=5, batch_size=4)
    blocks = list(getattr(data, f"{part}_dataloader")())
    inputs, targets = (torch.cat(parts, dim=1) for parts in zip(*blocks, strict=True))
    ids = getattr(data.prepared, part)
    assert targets[targets != IGNORED].tolist() == ids.tolist()
    assert inputs.shape == (VAL_STREAMS, VAL_WARM_UP + -(-len(ids) // VAL_STREAMS))


@pytest.mark.parametrize("limit", [None, 1, 2, 50])
@pytest.mark.parametrize("size", [20, 21, 399, 400, 401, 1003])
def test_windows_is_the_number_of_steps_of_an_epoch(size, limit):
    data = AbcDataModule(prepared(size, 50), seq_len=5, batch_size=4, limit_blocks=limit)
    steps = sum(len(inputs.split(5, dim=1)) for inputs, _ in data.train_dataloader())
    assert data.windows == steps
    if limit is None:
        assert steps == -(-size // 20)


def test_every_window_of_an_epoch_has_something_to_learn():
    for size in (20, 21, 23, 79, 81):
        for _, targets in AbcDataModule(prepared(size, 50), seq_len=5, batch_size=4).train_dataloader():
            assert all((window != IGNORED).any() for window in targets.split(5, dim=1))


def test_a_validation_part_shorter_than_a_window_is_refused():
    with pytest.raises(UserError, match=r"the val part has 29 characters, expected at least 30 \(one window of 30\)"):
        AbcDataModule(prepared(1000, 29), seq_len=30, batch_size=4)
    AbcDataModule(prepared(1000, 30), seq_len=30, batch_size=4)


def test_a_training_part_shorter_than_a_window_a_stream_is_refused():
    message = r"the train part has 119 characters, expected at least 120 \(one window of 30 in 4 streams\).*batch_size"
    with pytest.raises(UserError, match=message):
        AbcDataModule(prepared(119, 30), seq_len=30, batch_size=4)
    AbcDataModule(prepared(120, 30), seq_len=30, batch_size=4)
