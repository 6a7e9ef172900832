"""A finished epoch is never lost: by a kill while a file is written, by a damaged checkpoint, by two file systems."""

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from runs import assert_same, config, in_child

from charrnn import run
from charrnn.learning import checkpoint, training

SETTINGS = {"model": {"cell": "lstm"}, "optim": {"schedule": "plateau"}, "regularization": {"dropout": 0.3}}
APPENDED = {"train.log", ".lock", "metrics.csv"}  # and TensorBoard's events: they only grow


def train(folder: Path, **changes) -> None:
    training.train(config(**{**SETTINGS, **changes}), folder, "")


@pytest.fixture
def other_file_system(tmp_path: Path) -> Path:
    memory = Path("/dev/shm")
    if not memory.is_dir() or os.stat(memory).st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("needs two file systems")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_no_file_of_a_run_is_written_in_place(tmp_path, other_file_system):
    """Whoever opens the file itself to write truncates it first; a kill then leaves nothing."""
    folder, log = tmp_path / "run", tmp_path / "opened"

    def watched() -> None:
        os.environ["TMPDIR"] = tempfile.tempdir = str(other_file_system)

        def note(event: str, arguments: tuple) -> None:
            if event != "open" or not isinstance(arguments[0], str) or not arguments[0].startswith(str(folder)):
                return
            if arguments[2] & (os.O_WRONLY | os.O_RDWR):
                with open(log, "a") as lines:
                    lines.write(Path(arguments[0]).name + "\n")

        sys.addaudithook(note)
        train(folder, trainer={"scores": True})

    assert in_child(watched) == 0
    written = {name for name in log.read_text().splitlines() if not name.startswith("events.out")} - APPENDED
    assert written and all(run.PART in name for name in written)
    assert list(other_file_system.iterdir()) == []
    assert not [file for file in folder.rglob("*") if run.PART in file.name]


@pytest.mark.parametrize("rename", range(1, 8))
def test_a_kill_before_any_rename_of_a_checkpoint_loses_nothing(tmp_path, rename):
    folder = tmp_path / "killed"

    def killed() -> None:
        count = 0

        def die(event: str, arguments: tuple) -> None:
            nonlocal count
            if event == "os.rename" and str(arguments[1]).endswith(".ckpt"):
                count += 1
                if count == rename:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die)
        train(folder)

    assert in_child(killed) == signal.SIGKILL
    if rename > 2:  # the first two write best.ckpt and last.ckpt of the first epoch
        newest = max(checkpoint.read_checkpoint(file)["epoch"] for file in folder.glob("*.ckpt"))
        assert newest >= (rename - 3) // 3
    assert in_child(lambda: train(folder)) == 0
    assert in_child(lambda: train(tmp_path / "whole")) == 0
    assert_same(tmp_path / "whole", folder)
    assert not [file for file in folder.rglob("*") if run.PART in file.name]


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def flip_a_bit_of_a_weight(file: Path) -> None:
    content = bytearray(file.read_bytes())
    weight = torch.load(file, weights_only=True)["state_dict"]["model.output.weight"].numpy().tobytes()
    content[content.index(weight)] ^= 1
    file.write_bytes(content)


def without_trainer(file: Path) -> None:
    content = torch.load(file, weights_only=True)
    torch.save({key: content[key] for key in ("state_dict", "hyper_parameters", "carried")}, file)


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [half, empty, flip_a_bit_of_a_weight, without_trainer, gone])
def test_a_damaged_last_checkpoint_falls_back_to_the_one_before(tmp_path, damage):
    for folder in (tmp_path / "whole", tmp_path / "damaged"):
        assert in_child(lambda folder=folder: train(folder)) == 0
    (tmp_path / "damaged" / "result.json").unlink()
    damage(tmp_path / "damaged" / "last.ckpt")
    assert in_child(lambda: train(tmp_path / "damaged")) == 0
    log = (tmp_path / "damaged" / "train.log").read_text()
    assert "resuming  damaged, epoch 2, from previous.ckpt" in log
    assert ("cannot be read" in log or "damaged" in log) or damage is gone
    assert_same(tmp_path / "whole", tmp_path / "damaged")


@pytest.mark.parametrize("names", [("last.ckpt", "previous.ckpt"), ("best.ckpt",)])
def test_a_run_whose_checkpoints_are_all_damaged_says_so_and_does_not_begin_anew(tmp_path, names):
    assert in_child(lambda: train(tmp_path)) == 0
    (tmp_path / "result.json").unlink()
    for name in names:
        half(tmp_path / name)
    epochs = (tmp_path / "metrics.csv").read_text()
    assert in_child(lambda: train(tmp_path)) != 0
    assert (tmp_path / "metrics.csv").read_text() == epochs
    error = run.read_status(tmp_path)["error"]
    assert all(name in error for name in names) and "remove" in error


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    tmp_path.joinpath("tunes").mkdir()
    parts = [run.part_of(tmp_path / "last.ckpt"), run.part_of(tmp_path / "tunes" / "000.svg")]
    for part in parts:
        part.write_bytes(b"half")
    assert in_child(lambda: train(tmp_path)) == 0
    assert not any(part.exists() for part in parts)
