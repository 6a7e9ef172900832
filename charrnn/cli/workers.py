"""Jobs in other processes: workers end with their parent, and the parent prints a line for every run."""

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
from charrnn.studies.run_cost import read_epoch_rows

POLL_SECONDS = 1.0
# After the parent's end; a block of training takes 0.03 to 2 s, a checkpoint 0.05 s.
SECONDS_TO_STOP = 3.0


def stop_with_parent() -> None:
    """Have this worker stop its training and end within 5 s of its parent's end, whatever ended the parent."""
    parent = multiprocessing.parent_process()
    assert parent is not None and parent.pid is not None
    if not any(thread.name == stop_with_parent.__name__ for thread in threading.enumerate()):
        # Not os.getppid(): the parent may have died while this process was starting.
        threading.Thread(target=_watch_parent, args=(parent.pid,), name=stop_with_parent.__name__, daemon=True).start()


def _watch_parent(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)  # a run in training writes its checkpoint first
    time.sleep(SECONDS_TO_STOP)
    os._exit(128 + signal.SIGTERM)


@contextmanager
def supervise_workers(folders: Sequence[Path], since: float, stop_message: str) -> Iterator[None]:
    """While jobs run in workers, print a line for every run that ends, and on a terminal one for every run in training.

    A failure before the time `since`, in seconds since 1970, does not count: that run is tried again.
    Ctrl-C and SIGTERM are passed on to the workers of this machine, which stop where they can be continued; then this
    process prints `stop_message` and ends with 128 + signal.
    """
    done = threading.Event()
    lines = threading.Thread(target=_ProgressLines(folders, since).update_until, args=(done,), daemon=True)

    def stop(signum: int, frame: Any) -> None:
        workers = multiprocessing.active_children()
        for worker in workers:
            if worker.pid is not None:
                os.kill(worker.pid, signal.SIGTERM)
        end = time.monotonic() + SECONDS_TO_STOP + 2 * POLL_SECONDS
        while time.monotonic() < end and any(worker.is_alive() for worker in workers):
            time.sleep(0.05)
        print(f"stopped: {stop_message}", file=sys.stderr, flush=True)
        # Not by an exception: joblib would wait for its pool, as long as the runs take.
        os._exit(128 + signum)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    lines.start()
    try:
        yield
    finally:
        done.set()
        lines.join()
        for number, handler in before.items():
            signal.signal(number, handler)


class _ProgressLines:
    """Reads the runs' progress from their folders; workers print nothing to the terminal."""

    def __init__(self, folders: Sequence[Path], since: float):
        self.waiting, self.count, self.since = list(folders), len(folders), since
        self.width = max((len(folder.name) for folder in folders), default=0)
        self.bars: dict[Path, Any] = {}
        self.started: dict[Path, float] = {}

    def update_until(self, done: threading.Event) -> None:
        try:
            while not done.wait(POLL_SECONDS):
                self.update()
            self.update()
        except BrokenPipeError:  # nobody reads the lines: the command ends as a single run does
            os.kill(os.getpid(), signal.SIGTERM)
            return
        for bar in self.bars.values():
            bar.close()

    def update(self) -> None:
        for folder in list(self.waiting):
            if (end := describe_end(folder, self.since)) is not None:
                self.waiting.remove(folder)
                if folder in self.bars:
                    self.bars.pop(folder).close()
                count = f"{self.count - len(self.waiting)} of {self.count}"
                tqdm.write(f"{count:<10}{folder.name:<{self.width}}  {end}", file=sys.stdout)
                sys.stdout.flush()
            elif sys.stderr.isatty() and run.is_running(folder):
                self.update_bar(folder)

    def update_bar(self, folder: Path) -> None:
        if folder not in self.bars:
            self.bars[folder] = tqdm(bar_format="{desc}", leave=False, file=sys.stderr)
            self.started[folder] = time.monotonic()
        seconds = int(time.monotonic() - self.started[folder])
        line = f"{folder.name:<{self.width}}  {_progress(folder)}  {seconds // 60}:{seconds % 60:02d}"
        self.bars[folder].set_description_str(line)


def describe_end(folder: Path, since: float) -> str | None:
    """How the run ended, in a few words; None while it has not, or failed only before the time `since`."""
    if (result := run.read_result(folder)) is not None:
        return (
            f"best epoch {result['best_epoch'] + 1} of {result['last_epoch'] + 1} ({result['stop_reason']}): "
            f"{result['best_val_loss']:.4f} nats"
        )
    return None if (error := run.failure(folder, since)) is None else f"failed: {error}"


def _progress(folder: Path) -> str:
    try:
        last = read_epoch_rows(folder)[-1]
        return f"epoch {int(last['epoch']) + 1:3d}  val {float(last['val/loss']):.4f} nats"
    except (LookupError, ValueError):
        return "epoch   0"
