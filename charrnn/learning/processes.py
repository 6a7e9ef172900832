"""One run in several processes of one machine, each with its share of the streams.

Process 0 is the one that was started: it alone writes. Why this is not one of Lightning's strategies: docs/devices.md.
"""

import contextlib
import datetime
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed

# A process that is silent for longer counts as lost. The longest silence is that of process 0 while it writes to a slow
# disk. A process that died is noticed at once; under NCCL, on GPUs, after this time.
TIMEOUT = datetime.timedelta(seconds=300)


class ProcessLost(Exception):
    """Another process of the run died or fell silent; the run can be continued from its last checkpoint."""


class ProcessGroup:
    """The processes of a run as seen by the one of them with this rank; a group of one communicates nothing."""

    def __init__(self, rank: int = 0, size: int = 1):
        self.rank, self.size = rank, size

    def shard(self, whole: Tensor, dim: int = 0) -> Tensor:
        """This process' part of a tensor that all of them hold, cut along `dim`."""
        return whole.chunk(self.size, dim)[self.rank]

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """Replace the tensors by their sums over all processes, the same bits in each."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])  # one message costs less than many
        with self._all_alive():
            distributed.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def all_gather(self, part: Tensor, dim: int = 0) -> Tensor:
        """The parts of all processes joined along `dim`, in every process: the inverse of `shard`."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part, memory_format=torch.contiguous_format) for _ in range(self.size)]
        with self._all_alive():
            distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts, dim)

    @contextmanager
    def _all_alive(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise ProcessLost(
                f"expected {self.size} processes to train this run, but one was killed or fell silent; "
                "the same command continues it"
            ) from error


@contextmanager
def launch_processes(size: int, target: Callable[..., None], *arguments: Any) -> Iterator[ProcessGroup]:
    """The group as seen by process 0, this one, while `target(group, *arguments)` runs in each of the others.

    The others are new interpreters, so all of this is pickled. They end with this process.
    """
    if size == 1:
        yield ProcessGroup()
        return
    store = distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=TIMEOUT)
    others: list[subprocess.Popen[bytes]] = []
    try:
        for rank in range(1, size):
            others.append(_start(rank, size, store.port, target, *arguments))
        # Joining alone would wait for a process that died on its way here until TIMEOUT.
        while not store.check([_started(rank) for rank in range(1, size)]):
            if any(process.poll() is not None for process in others):
                raise ProcessLost(
                    f"expected {size} processes to start for this run, but one ended; its own message stands above"
                )
            time.sleep(0.05)
        with _joined(store, 0, size) as group:
            yield group
            for process in others:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(TIMEOUT.total_seconds())
    finally:
        for process in others:
            process.kill()
            process.communicate()


def _start(*what: Any) -> subprocess.Popen[bytes]:
    """A process that does `_run(*what)`.

    Not multiprocessing's: it imports the user's script or notebook once more, a copy by fork holds whatever locks other
    threads hold at the moment, and below a worker of joblib no process of it starts.
    """
    command = [sys.executable, "-c", f"from {__name__} import _read_and_run; _read_and_run()"]
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | path)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended, which `launch_processes` notices
        pickle.dump(what, process.stdin)
        process.stdin.flush()
    return process


def _read_and_run() -> None:
    # Whoever sends these to all processes of a run means process 0, which may end in its own time.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    what = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_process_0, daemon=True).start()
    _run(*what)


def _end_with_process_0() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when nobody can write any more; sys.stdin would be locked at the end
    os._exit(1)


def _run(rank: int, size: int, port: int, target: Callable[..., None], *arguments: Any) -> None:
    store = distributed.TCPStore("127.0.0.1", port, is_master=False, timeout=TIMEOUT)
    store.set(_started(rank), "")
    with contextlib.suppress(ProcessLost), _joined(store, rank, size) as group:  # process 0 tells of it
        target(group, *arguments)


@contextmanager
def _joined(store: distributed.TCPStore, rank: int, size: int) -> Iterator[ProcessGroup]:
    # Without a backend named, torch takes Gloo for tensors on the CPU and NCCL for those on a GPU.
    distributed.init_process_group(store=store, rank=rank, world_size=size, timeout=TIMEOUT)
    try:
        yield ProcessGroup(rank, size)
    finally:
        distributed.destroy_process_group()


def _started(rank: int) -> str:
    return f"process {rank} has started"
