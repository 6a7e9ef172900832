"""Identity, lock and state of a run folder."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from charrnn import run


def test_a_result_that_is_none_counts_as_none(tmp_path: Path):
    assert run.read_result(tmp_path) is None
    for damaged in ("", "{", "[1]", "3"):
        (tmp_path / "result.json").write_text(damaged)
        assert run.read_result(tmp_path) is None
    run.write_json(tmp_path / "result.json", {"best_val_loss": 1.5})  # of another program
    assert run.read_result(tmp_path) is None
    result = {"best_val_loss": 1.5, "best_epoch": 0, "last_epoch": 3, "stop_reason": "patience"}
    run.write_json(tmp_path / "result.json", result)
    assert run.read_result(tmp_path) == result


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path):
    run.write_text(tmp_path / "a", "one")
    with pytest.raises(UnicodeEncodeError):
        run.write_text(tmp_path / "a", "\ud800")
    assert (tmp_path / "a").read_text() == "one" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ValueError):
        run.write_json(tmp_path / "b", {"loss": float("nan")})


def test_the_identity_is_of_content_and_not_of_order_and_follows_data_and_numerics(monkeypatch):
    one, other = {"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}
    assert run.identity(one, "f") == run.identity(other, "f") != run.identity(one, "g")
    before = run.identity(one, "f")
    monkeypatch.setattr(run, "NUMERICS", run.NUMERICS + 1)
    assert run.identity(one, "f") != before


HOLD = """
import sys, time
from pathlib import Path
from charrnn import run
with run.lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_seen_waited_for_and_falls_with_its_process(tmp_path: Path, capsys):
    root = str(Path(run.__file__).parents[1])
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        assert run.is_running(tmp_path)
        threading.Timer(0.3, holder.kill).start()
        started = time.monotonic()
        with run.lock(tmp_path):
            assert time.monotonic() - started > 0.2
    assert f"held by process {holder.pid}" in capsys.readouterr().out
    assert not run.is_running(tmp_path)


def test_a_status_says_what_happened(tmp_path: Path):
    assert run.read_status(tmp_path)["state"] == "unknown"
    run.write_status(tmp_path, "failed", "python train.py seed=1", "Diverged: nan")
    status = json.loads((tmp_path / "status.json").read_text())
    assert (status["state"], status["error"]) == ("failed", "Diverged: nan")
