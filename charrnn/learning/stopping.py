"""Signals that end a run where it can be continued."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


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
