"""Jobs on the machines of a Ray cluster, and their runs carried home from those that share no storage with this one."""

import concurrent.futures
import io
import os
import secrets
import socket
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from omegaconf import DictConfig

from charrnn import run
from charrnn.cli.plan import checked, run_folder
from charrnn.errors import UserError


@dataclass(frozen=True)
class Courier:
    """The training task for a machine elsewhere, in the folder `home` of whoever sends it, which is made if need be.

    It returns its exit code where it sees the sender's file `token`, for then both see one storage; elsewhere the code,
    the run folder as the sender names it, and its files as an archive. They stay where they are, too: a job that comes
    back there goes on with them.
    """

    task: Callable[[DictConfig], int]
    home: Path
    token: Path

    def __call__(self, cfg: DictConfig) -> int | tuple[int, str, bytes]:
        self.home.mkdir(parents=True, exist_ok=True)
        os.chdir(self.home)
        code = self.task(cfg)
        if self.token.exists():
            return code
        folder, packed = run_folder(checked("train", cfg)), io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.add(folder, arcname=".", filter=lambda entry: None if entry.name == "./.lock" else entry)
        return code, str(folder), packed.getvalue()


def exit_code(job: JobReturn) -> int:
    """The exit code of a job, after the run folder that a courier may have brought was laid where it belongs."""
    if not isinstance(job.return_value, tuple):
        return int(job.return_value)
    code, folder, packed = job.return_value
    Path(folder).mkdir(parents=True, exist_ok=True)
    with run.lock(Path(folder)), tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        archive.extractall(folder, filter="data")
    return int(code)


@contextmanager
def on_ray(launcher: Any, runs: Path) -> Iterator[None]:
    """Have Ray's launcher send couriers of runs that belong into the folder `runs`; what fails is one sentence.

    BrokenExecutor where workers or nodes died more often than Ray starts a job again.
    """
    import ray

    _see(str(launcher.ray_cfg.init.address))
    task, token = launcher.task_function, runs.resolve() / f".sent-{secrets.token_hex(8)}"
    token.touch()
    launcher.task_function = Courier(task, Path.cwd(), token)
    try:
        yield
    except ConnectionError as error:
        raise _nobody_at(launcher.ray_cfg.init.address) from error
    except ray.exceptions.RayTaskError as error:
        raise UserError(
            f"hydra/launcher=cluster: expected every machine to hold this very installation, but a job says "
            f"{str(error).splitlines()[-1].strip()!r}; install the same there, at the same path"
        ) from error
    except ray.exceptions.RayError as error:
        ray.shutdown()  # and with it the other jobs: they resume when they are sent again
        raise concurrent.futures.BrokenExecutor from error
    finally:
        launcher.task_function = task
        token.unlink(missing_ok=True)


def _see(address: str) -> None:
    """UserError where nobody listens at HOST:PORT; Ray itself would go on knocking for many minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise _nobody_at(address) from error


def _nobody_at(address: str) -> UserError:
    return UserError(
        f"hydra/launcher=cluster: expected a Ray cluster at {address!r}, but there is none; start one (ray start "
        "--head), or give hydra.launcher.ray.init.address=HOST:PORT"
    )
