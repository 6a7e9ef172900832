"""A cell of a user's own goes the whole way; one that cannot is refused in a sentence."""

import re
import sys
from pathlib import Path

import pytest
import torch
from conftest import SMOKE, Commands
from torch import nn

from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.cells import cell_class, make_layer
from charrnn.learning.model import CharRNN

DOCS = Path(__file__).resolve().parents[2] / "docs" / "extending.md"
CELLS = """
class TwoStates(nn.LSTM):
    pass


class BatchFirst(nn.GRU):
    def forward(self, inputs, state=None):
        outputs, last = super().forward(inputs, state)
        return outputs.transpose(0, 1), last


class NoState(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, inputs, state=None):
        return self.linear(inputs), torch.zeros(1, inputs.shape[1], self.linear.out_features)


class Raises(nn.Module):
    pass


no_class = 3
"""


@pytest.fixture
def user_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "own"
    package.mkdir()
    (documented,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (package / "user_cells.py").write_text(documented + CELLS)
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.setenv("PYTHONPATH", str(package))
    yield package
    sys.modules.pop("user_cells", None)


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm", "user_cells.MinimalGRU", "user_cells.TwoStates"])
@pytest.mark.parametrize("layers", [1, 2])
def test_every_cell_reads_a_window_as_it_reads_its_halves(user_cells, name, layers):
    torch.manual_seed(0)
    model = CharRNN(9, cell=name, hidden=5, layers=layers).eval()
    ids = torch.randint(9, (3, 8))
    whole, last = model(ids)
    first, state = model(ids[:, :5])
    second, after = model(ids[:, 5:], state)
    assert state.shape == (layers, 2 if name in ("lstm", "user_cells.TwoStates") else 1, 3, 5)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(after, last)


def test_probing_a_cell_draws_no_random_number_of_the_run(user_cells):
    torch.manual_seed(0)
    nn.GRU(4, 3)
    expected = torch.rand(1)
    torch.manual_seed(0)
    make_layer("user_cells.TwoStates", 4, 3)
    torch.manual_seed(0)
    make_layer("gru", 4, 3)
    assert torch.rand(1) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lstmm", "expected rnn, gru, lstm or the dotted path of a class, got 'lstmm'"),
        ("os.system", "expected rnn, gru, lstm or the dotted path of a class, got 'os.system'"),
        ("no_such.Cell", r"expected a class that Python can import, but 'no_such.Cell' cannot be .*PYTHONPATH"),
        ("user_cells.Missing", r"expected a class that Python can import"),
        ("user_cells.no_class", r"expected a class derived from torch.nn.Module, but 'user_cells.no_class' is 3"),
        ("user_cells.Raises", r"expected user_cells.Raises to work as torch.nn.GRU does, but it raises TypeError"),
        (
            "user_cells.BatchFirst",
            r"expected user_cells.BatchFirst to give outputs \(T, B, H\) .* got shapes \[\(1, 2, 4\)",
        ),
        ("user_cells.NoState", r".* a state that begins with the last output"),
    ],
)
def test_a_class_that_is_no_cell_is_refused(user_cells, name, message):
    with pytest.raises(UserError, match=f"^model.cell: {message}"):
        make_layer(name, 3, 4)


def test_a_torch_class_is_found_by_its_path():
    assert cell_class("torch.nn.GRU") is nn.GRU


def test_a_users_cell_trains_resumes_samples_and_is_looked_into(user_cells, commands: Commands):
    environment = {**commands.environment()}
    environment["PYTHONPATH"] += f":{user_cells}"
    arguments = (*SMOKE, "model.cell=user_cells.MinimalGRU", "model.hidden=8", "trainer.scores=false")
    first = commands.run("train", *arguments, env=environment)
    assert first.returncode == 0, first.stderr
    (folder,) = commands.runs()
    (folder / "result.json").unlink()
    again = commands.run("train", *arguments, env=environment)
    assert again.returncode == 0 and "resuming" in again.stdout, again.stderr
    sampled = commands.run("sample", f"ckpt={folder}", "num_tunes=2", "formats=[abc]", env=environment)
    assert sampled.returncode == 0 and "--- tune 1" in sampled.stdout, sampled.stderr
    neurons = commands.run("analyze", "analysis=neurons", f"ckpt={folder}", env=environment)
    assert neurons.returncode == 0, neurons.stderr
    text = checkpoint.read_checkpoint(folder / "best.ckpt")["hyper_parameters"]["model"]["cell"]
    assert text == "user_cells.MinimalGRU"
    refused = commands.refused("train", "-m", *SMOKE, "model.cell=rnn,user_cells.Missing", env=environment)
    assert refused.startswith("model.cell: expected a class") and len(commands.runs()) == 1
    (user_cells / "user_cells.py").write_text((user_cells / "user_cells.py").read_text() + "# edited\n")
    assert commands.run("train", *arguments, env=environment).returncode == 0
    assert len(commands.runs()) == 2  # other code, another run
    lost = commands.run("sample", f"ckpt={folder}", "num_tunes=2", "formats=[abc]")
    assert lost.returncode == 2 and "cannot be" in lost.stderr and "PYTHONPATH" in lost.stderr
    assert "Traceback" not in lost.stderr
