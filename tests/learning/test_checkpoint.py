import os
import pickle
import random
from pathlib import Path

import pytest
import torch

from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

torch.set_num_threads(1)
VOCAB = Vocabulary("XTMLK:1GABcd|\n")
NOT_OURS = (
    r"ckpt: expected a checkpoint of charrnn, but '.*x\.ckpt' (is truncated or no|is damaged or carries|was written)"
)


def network(cell: str = "rnn", layers: int = 1) -> CharRNN:
    torch.manual_seed(0)
    return CharRNN(len(VOCAB), cell=cell, hidden=5, layers=layers, dropout=0.5)


def content(model: CharRNN, cell: str = "rnn", layers: int = 1) -> dict:
    return {
        "state_dict": {f"model.{name}": value for name, value in model.state_dict().items()},
        "hyper_parameters": {
            "vocabulary": VOCAB.characters,
            "model": {"cell": cell, "hidden": 5, "layers": layers, "dropout": 0.5},
        },
        "carried": {},
    }


def written(folder: Path, what: object, name: str = "x.ckpt") -> Path:
    file = folder / name
    if isinstance(what, bytes):
        file.write_bytes(what)
    else:
        torch.save(what, file)
    return file


class Touch:
    """A pickle of this, opened carelessly, makes a folder."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_file_is_found_as_itself(tmp_path):
    file = written(tmp_path, b"", "any.name")
    assert checkpoint.find(str(file)) == file


def test_a_run_folder_gives_its_best_checkpoint(tmp_path):
    best = written(tmp_path, b"", "best.ckpt")
    written(tmp_path, b"", "last.ckpt")
    assert checkpoint.find(str(tmp_path)) == best


def test_nothing_at_a_path_is_said(tmp_path):
    with pytest.raises(UserError, match=r"ckpt: expected .*nowhere\.ckpt' is nothing there; check the path"):
        checkpoint.find(str(tmp_path / "nowhere.ckpt"))


def test_a_folder_without_a_checkpoint_is_said(tmp_path):
    written(tmp_path, b"", "last.ckpt")
    with pytest.raises(UserError, match=r"is a folder without best\.ckpt"):
        checkpoint.find(str(tmp_path))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_loaded_network_gives_the_same_logits(cell, layers, tmp_path):
    model = network(cell, layers)
    written(tmp_path, content(model, cell, layers), "best.ckpt")
    loaded, vocab = checkpoint.load_model(str(tmp_path))
    assert vocab.characters == VOCAB.characters
    assert not loaded.training
    ids = torch.randint(0, len(VOCAB), (2, 30))
    for ours, theirs in zip(loaded(ids), model.eval()(ids), strict=True):
        assert torch.equal(ours, theirs)


def test_reading_gives_what_was_written(tmp_path):
    saved = content(network())
    found = checkpoint.read_checkpoint(written(tmp_path, saved))
    assert found["hyper_parameters"] == saved["hyper_parameters"]
    assert all(torch.equal(found["state_dict"][k], v) for k, v in saved["state_dict"].items())


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_checkpoint_is_refused(share, tmp_path):
    file = written(tmp_path, content(network()))
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UserError, match=NOT_OURS):
        checkpoint.read_checkpoint(file)


def test_random_bytes_are_refused(tmp_path):
    rng = random.Random(0)
    others = []
    for _ in range(300):
        file = written(tmp_path, rng.randbytes(rng.randrange(300)))
        try:
            checkpoint.read_checkpoint(file)
        except UserError:
            continue
        except Exception as error:
            others.append(type(error).__name__)
    assert others == []


@pytest.mark.parametrize("text", [b"X:1\nT:A tune\nK:G\nGABc|\n", b"seed: 0\nruns_dir: runs\n", b"a", b"{}", b"0\n."])
def test_a_text_file_is_refused(text, tmp_path):
    with pytest.raises(UserError, match=NOT_OURS):
        checkpoint.read_checkpoint(written(tmp_path, text))


@pytest.mark.parametrize(
    "foreign",
    [
        {"model": torch.zeros(3), "epoch": 4},
        {"state_dict": {}, "hyper_parameters": {"lr": 0.1}, "carried": {}},
        {"state_dict": {}, "hyper_parameters": {"vocabulary": ["a"]}},
        {},
        [1, 2, 3],
        torch.zeros(3),
        None,
        {"state_dict": {}, "hyper_parameters": None, "carried": {}},
    ],
)
def test_a_file_of_another_program_is_refused(foreign, tmp_path):
    with pytest.raises(UserError, match=r"x\.ckpt' was written by another program; use a checkpoint written by train"):
        checkpoint.read_checkpoint(written(tmp_path, foreign))


@pytest.mark.parametrize("writer", ["torch", "torch_legacy", "pickle2", "pickle4"])
def test_code_in_a_file_is_refused_and_not_run(writer, tmp_path):
    touched, file = tmp_path / "touched", tmp_path / "x.ckpt"
    carrier = content(network()) | {"carried": Touch(touched)}
    if writer.startswith("pickle"):
        file.write_bytes(pickle.dumps(carrier, protocol=int(writer[-1])))
    else:
        torch.save(carrier, file, _use_new_zipfile_serialization=writer == "torch")
    with pytest.raises(UserError, match=r"x\.ckpt' is damaged or carries code; it was not opened further"):
        checkpoint.load_model(str(file))
    assert not touched.exists()
    # The same file, opened carelessly, does touch it: the test would notice.
    with open(file, "rb") as opened:
        if writer.startswith("pickle"):
            pickle.load(opened)
        else:
            torch.load(opened, weights_only=False)
    assert touched.exists()


def test_weights_of_another_network_are_refused(tmp_path):
    file = written(tmp_path, content(network("gru"), "lstm"))
    with pytest.raises(UserError, match=r"do not fit its network .*size mismatch"):
        checkpoint.load_model(str(file))


@pytest.mark.parametrize("settings", [None, {}, {"cell": "rnn", "hidden": 5, "layers": 1, "attention": True}])
def test_a_checkpoint_without_a_network_that_can_be_built_is_refused(settings, tmp_path):
    saved = content(network())
    if settings is None:
        del saved["hyper_parameters"]["model"]
    else:
        saved["hyper_parameters"]["model"] = settings
    with pytest.raises(UserError, match="ckpt: "):
        checkpoint.load_model(str(written(tmp_path, saved)))
