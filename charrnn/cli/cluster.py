"""Jobs on the machines of a Ray cluster; their run folders are copied back from machines with storage of their own."""

import concurrent.futures
import contextlib
import io
import os
import secrets
import socket
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.hydra_private import JobReturn, JobStatus
from charrnn.cli.jobs import build_config, run_folder
from charrnn.errors import UserError


@dataclass(frozen=True)
class RemoteTask:
    """The training task, run on another machine in the same working directory, which is made where it is missing.

    Where `marker`, a file of the sender, can be seen, storage is shared and the task returns as ever. Elsewhere it
    returns the run folder's path and the folder itself as an archive; a failure stands in there. The folder stays on
    that machine, too: a job that is started again there resumes.
    """

    task: Callable[[DictConfig], float | None]
    working_directory: Path
    marker: Path

    def __call__(self, cfg: DictConfig) -> float | tuple[str, bytes] | None:
        self.working_directory.mkdir(parents=True, exist_ok=True)
        os.chdir(self.working_directory)
        if self.marker.exists():
            return self.task(cfg)
        with contextlib.suppress(UserError):
            self.task(cfg)
        folder, archive = run_folder(build_config("train", cfg)), io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            tar.add(folder, arcname=".", filter=lambda entry: None if entry.name == "./.lock" else entry)
        return str(folder), archive.getvalue()


def collect_result(job: JobReturn) -> None:
    """Unpack the run folder that a RemoteTask returned, if it did."""
    if job.status is not JobStatus.COMPLETED or not isinstance(job.return_value, tuple):
        return
    folder, archive = job.return_value
    Path(folder).mkdir(parents=True, exist_ok=True)
    with run.lock(Path(folder)), tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        # A result says that a run is finished, so it comes when all else is there.
        for entry in sorted(tar.getmembers(), key=lambda entry: entry.name.endswith("result.json")):
            _unpack(tar, entry, Path(folder))


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    """A file or folder of an archive; what points outside `folder` raises tarfile.FilterError."""
    safe = tarfile.data_filter(entry, str(folder))
    content = tar.extractfile(safe)
    if content is None:
        (folder / safe.name).mkdir(parents=True, exist_ok=True)
        return
    with content, run.replacing(folder / safe.name) as part:
        part.write_bytes(content.read())


@contextlib.contextmanager
def remote_tasks(launcher: Any, runs_dir: Path) -> Iterator[None]:
    """Have Ray's launcher start a RemoteTask for each run; Ray's errors become UserErrors.

    BrokenExecutor where workers or nodes died more often than Ray starts a job again.
    """
    import ray

    _check_connection(str(launcher.ray_cfg.init.address))
    task, marker = launcher.task_function, runs_dir.resolve() / f".sent-{secrets.token_hex(8)}"
    marker.touch()
    launcher.task_function = RemoteTask(task, Path.cwd(), marker)
    try:
        yield
    except ConnectionError as error:
        raise _no_cluster(launcher.ray_cfg.init.address) from error
    except ray.exceptions.RayTaskError as error:
        raise UserError(
            f"hydra/launcher=cluster: expected every machine to hold this very installation, but a job says "
            f"{str(error).splitlines()[-1].strip()!r}; install the same there, at the same path"
        ) from error
    except ray.exceptions.RayError as error:
        ray.shutdown()  # ends the other jobs, too: they resume when they are started again
        raise concurrent.futures.BrokenExecutor from error
    finally:
        launcher.task_function = task
        marker.unlink(missing_ok=True)


def _check_connection(address: str) -> None:
    """UserError where nobody listens at HOST:PORT; Ray itself would try for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise _no_cluster(address) from error


def _no_cluster(address: str) -> UserError:
    return UserError(
        f"hydra/launcher=cluster: expected a Ray cluster at {address!r}, but there is none; start one (ray start "
        "--head), or give hydra.launcher.ray.init.address=HOST:PORT"
    )
