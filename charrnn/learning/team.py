"""One run in several processes of one machine, each on its share of the streams; what they tell each other.

Not Lightning's strategies: "ddp" types the command once more for every process, which in a sweep is the whole sweep and
finds its run locked; "ddp_spawn" needs everything pickled and brings back little more than weights. Checkpoints of both
hold the carried state and the random state of the first process alone.
"""

import contextlib
import datetime
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.distributed import ProcessGroupGloo, TCPStore

# Beyond this a silent process counts as lost; the longest silence is that of the first one writing to a slow disk.
# A process that died is noticed at once.
TIMEOUT = datetime.timedelta(seconds=300)


class Lost(Exception):
    """Another process of the run ended or fell silent; the run can be continued from its last checkpoint."""


class Team:
    """Process `rank` of `size`, the first of which leads: it alone writes. Alone, nothing is communicated."""

    def __init__(self, rank: int = 0, size: int = 1, group: Any = None):
        self.rank, self.size, self._group = rank, size, group

    def share(self, rows: Tensor, dim: int = 0) -> Tensor:
        """This process' part of what all have, cut along `dim`."""
        return rows.chunk(self.size, dim)[self.rank]

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace the tensors by their sums over the processes, the same bits in each."""
        if self._group is None:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        self._wait(self._group.allreduce([flat]))
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def gather(self, part: Tensor, dim: int) -> Tensor:
        """The parts of all, in every process: the inverse of `share`."""
        if self._group is None:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        self._wait(self._group.allgather([parts], [part.contiguous()]))
        return torch.cat(parts, dim)

    def _wait(self, work: Any) -> None:
        try:
            work.wait()
        except RuntimeError as error:
            raise Lost(
                f"expected {self.size} processes to train this run, but one was killed or fell silent; "
                "the same command continues it"
            ) from error


@contextmanager
def leading(size: int, member: Callable[..., None], *arguments: Any) -> Iterator[Team]:
    """The first process' team, while `member(team, *arguments)` runs in each of the others, which end with it."""
    if size == 1:
        yield Team()
        return
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=TIMEOUT)
    # Not forked: a copy would hold whatever locks this process' threads hold at the moment.
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_join, args=(i, size, store.port, member, *arguments)) for i in range(1, size)]
    try:
        for process in others:
            process.start()
        while not store.check([_here(rank) for rank in range(1, size)]):
            if not all(process.is_alive() for process in others):
                raise Lost("expected the other processes of this run to start, but one ended; see its words above")
            time.sleep(0.05)
        yield Team(0, size, ProcessGroupGloo(store, 0, size, TIMEOUT))
        for process in others:
            process.join(TIMEOUT.total_seconds())
    finally:
        for process in others:
            process.kill()


def _join(rank: int, size: int, port: int, member: Callable[..., None], *arguments: Any) -> None:
    threading.Thread(target=_end_with_leader, daemon=True).start()
    # Who sends these to all processes of a run means the first one, and that it may end in its own time.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    store = TCPStore("127.0.0.1", port, is_master=False, timeout=TIMEOUT)
    store.set(_here(rank), "")
    with contextlib.suppress(Lost):  # the first one tells of it
        member(Team(rank, size, ProcessGroupGloo(store, rank, size, TIMEOUT)), *arguments)


def _here(rank: int) -> str:
    return f"process {rank} is here"


def _end_with_leader() -> None:
    leader = multiprocessing.parent_process()
    assert leader is not None
    leader.join()
    os._exit(1)
