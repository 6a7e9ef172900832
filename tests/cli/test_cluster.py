"""A run that another machine sends back is laid into its folder whole; the machines themselves are test_ray's."""

import io
import tarfile
from pathlib import Path

import pytest

from charrnn import run
from charrnn.cli import cluster
from charrnn.cli.cluster import collect_result
from charrnn.cli.hydra_private import JobReturn, completed


def returned(folder: Path, archive: bytes) -> JobReturn:
    return completed([], (str(folder), archive))


def packed(folder: Path) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder, arcname=".")
    return archive.getvalue()


def test_a_run_comes_back_whole_and_its_result_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sent = tmp_path / "sent"
    (sent / "tunes").mkdir(parents=True)
    files = {"result.json": b"{}", "best.ckpt": bytes(range(256)), "tunes/000.abc": b"X:1\n"}
    for name, content in files.items():
        (sent / name).write_bytes(content)
    order = []
    monkeypatch.setattr(
        cluster.run, "put_in_place", lambda part, path, previous=None: (order.append(path.name), part.replace(path))
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "best.ckpt").write_bytes(b"older")
    collect_result(returned(home, packed(sent)))
    assert {name: (home / name).read_bytes() for name in files} == files
    assert order[-1] == "result.json" and not [f for f in home.rglob("*") if run.PART in f.name]


def test_a_file_that_points_elsewhere_is_refused(tmp_path: Path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo("../outside")
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(tarfile.FilterError):
        collect_result(returned(tmp_path / "home", archive.getvalue()))
    assert not (tmp_path / "outside").exists()
