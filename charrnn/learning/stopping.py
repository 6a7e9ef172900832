"""Signals that end a run where it can be continued."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl


class Interrupted(BaseException):
    """The process was asked to end by `signum`; the run can be continued."""

    def __init__(self, signum: int):
        super().__init__(signum)
        self.signum = signum


@contextmanager
def stop_at_block_end(signals: Sequence[int]) -> Iterator[list[int]]:
    """These signals become a wish, granted where the run can be continued exactly; the same again aborts at once.

    Elsewhere than in the main thread signals cannot be caught, and nothing is.
    """
    wishes: list[int] = []

    def wish(signum: int, frame: Any) -> None:
        if signum in wishes:
            raise Interrupted(signum)
        wishes.append(signum)

    if threading.current_thread() is not threading.main_thread():
        yield wishes
        return
    before = {number: signal.signal(number, wish) for number in signals}
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class SigtermAsBefore(pl.Callback):
    """Leaves SIGTERM to the handler that stood there when this was made.

    Lightning adds one that ends the fit wherever it is, as if the run were done: a job that Slurm preempts, and queues
    again unless it ended by itself, would be lost.
    """

    def __init__(self) -> None:
        self.handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.handler)
