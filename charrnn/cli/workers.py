"""Jobs in other processes: what a worker on this machine owes its parent, and a line of progress a job."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from charrnn import run
from charrnn.studies.cost import epochs

SECONDS_BETWEEN_LOOKS = 1.0
# From the moment the parent is missed; a block of training takes 0.03 to 2 s, a checkpoint 0.05 s.
SECONDS_TO_STOP = 3.0


def follow_parent() -> None:
    """From now on this worker stops its training and ends within 5 s of its parent's end, whatever ended it."""
    parent = multiprocessing.parent_process()
    assert parent is not None and parent.pid is not None
    if not any(thread.name == "follow_parent" for thread in threading.enumerate()):
        # Its own number, not that of whoever is the parent now: it may have died while this process was starting.
        threading.Thread(target=_follow, args=(parent.pid,), name="follow_parent", daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)  # a run in training writes its checkpoint first
    time.sleep(SECONDS_TO_STOP)
    os._exit(128 + signal.SIGTERM)


@contextmanager
def supervised(folders: Sequence[Path], since: float, farewell: str) -> Iterator[None]:
    """While jobs run in workers: a line for every run that ends, live ones on a terminal, and one end for all.

    What failed before the time `since`, in seconds since 1970, is tried again and no end.
    Ctrl-C and SIGTERM reach the workers of this machine, which stop where they can be continued; this process says what
    becomes of the jobs and ends with 128 + signal.
    """
    over = threading.Event()
    lines = threading.Thread(target=_Lines(folders, since).show, args=(over,), daemon=True)

    def stop(signum: int, frame: Any) -> None:
        workers = multiprocessing.active_children()
        for worker in workers:
            if worker.pid is not None:
                os.kill(worker.pid, signal.SIGTERM)
        end = time.monotonic() + SECONDS_TO_STOP + 2 * SECONDS_BETWEEN_LOOKS
        while time.monotonic() < end and any(worker.is_alive() for worker in workers):
            time.sleep(0.05)
        print(f"stopped: {farewell}", file=sys.stderr, flush=True)
        # Not by an exception: joblib would start to tidy up its pool, which takes as long as the runs.
        os._exit(128 + signum)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    lines.start()
    try:
        yield
    finally:
        over.set()
        lines.join()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Lines:
    """Reads from the run folders how their runs stand; the runs themselves write nothing to the terminal."""

    def __init__(self, folders: Sequence[Path], since: float):
        self.waiting, self.count, self.since = list(folders), len(folders), since
        self.width = max((len(folder.name) for folder in folders), default=0)
        self.bars: dict[Path, Any] = {}
        self.started: dict[Path, float] = {}

    def show(self, over: threading.Event) -> None:
        try:
            while not over.wait(SECONDS_BETWEEN_LOOKS):
                self.look()
            self.look()
        except BrokenPipeError:  # nobody reads the lines: the command ends as a single run does
            os.kill(os.getpid(), signal.SIGTERM)
            return
        for bar in self.bars.values():
            bar.close()

    def look(self) -> None:
        for folder in list(self.waiting):
            if (end := outcome(folder, self.since)) is not None:
                self.waiting.remove(folder)
                if folder in self.bars:
                    self.bars.pop(folder).close()
                done = f"{self.count - len(self.waiting)} of {self.count}"
                tqdm.write(f"{done:<10}{folder.name:<{self.width}}  {end}", file=sys.stdout)
                sys.stdout.flush()
            elif sys.stderr.isatty() and run.is_running(folder):
                self.draw(folder)

    def draw(self, folder: Path) -> None:
        if folder not in self.bars:
            self.bars[folder] = tqdm(bar_format="{desc}", leave=False, file=sys.stderr)
            self.started[folder] = time.monotonic()
        seconds = int(time.monotonic() - self.started[folder])
        shown = f"{folder.name:<{self.width}}  {_progress(folder)}  {seconds // 60}:{seconds % 60:02d}"
        self.bars[folder].set_description_str(shown)


def outcome(folder: Path, since: float) -> str | None:
    """How the run ended, in a few words; None while it has not, or has failed before the time `since` only."""
    if (result := run.read_result(folder)) is not None:
        return (
            f"best epoch {result['best_epoch'] + 1} of {result['last_epoch'] + 1} ({result['stop_reason']}): "
            f"{result['best_val_loss']:.4f} nats"
        )
    return None if (error := failure(folder, since)) is None else f"failed: {error}"


def failure(folder: Path, since: float) -> str | None:
    """The error with which the run has failed after the time `since`, in seconds since 1970."""
    file = folder / "status.json"
    if not file.exists() or file.stat().st_mtime < since:
        return None
    status = run.read_status(folder)
    return status["error"] if status["state"] == "failed" else None


def _progress(folder: Path) -> str:
    try:
        last = epochs(folder)[-1]
        return f"epoch {int(last['epoch']) + 1:3d}  val {float(last['val/loss']):.4f} nats"
    except (LookupError, ValueError):
        return "epoch   0"
