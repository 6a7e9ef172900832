"""The path of a GPU: calls of torch a window, counted anywhere; launches, waits and speed where there is a GPU.

Nobody has run the second half yet.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import at_least, at_most
from charrnn.learning.model import CharRNN
from charrnn.learning.optimizers import make_optimizer
from charrnn.learning.step import AutogradStep

V, T, B, HIDDEN = 95, 32, 64, 512
CELLS: dict[str, type[nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
WINDOWS = 50


class Calls(TorchDispatchMode):
    """Counts what reaches a kernel, forward and backward."""

    number = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.number += not func.is_view
        return func(*args, **(kwargs or {}))


def our_window(cell: str, device: str, precision: torch.dtype = torch.float32) -> Callable[[], None]:
    model = CharRNN(V, cell=cell, hidden=HIDDEN, layers=1).to(device)
    step, optimizer = AutogradStep(model), make_optimizer(model, name="adam", lr=1e-3, weight_decay=0.0, momentum=0.0)
    ids, targets = torch.randint(0, V, (2, T, B), device=device)

    def window() -> None:
        with torch.autocast(device, precision, enabled=precision == torch.bfloat16):
            step.gradients(ids, targets, None, None, T * B)
        step.clip(5.0)
        optimizer.step()

    return window


def bare_window(cell: str, device: str) -> Callable[[], None]:
    rnn, output = CELLS[cell](V, HIDDEN).to(device), nn.Linear(HIDDEN, V).to(device)
    parameters = [*rnn.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    ids, targets = torch.randint(0, V, (2, T, B), device=device)

    def window() -> None:
        loss = F.cross_entropy(output(rnn(F.one_hot(ids, V).float())[0]).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()

    return window


def seconds(window: Callable[[], None]) -> float:
    """Median of five times some windows, the GPU waited for at their end."""
    times = []
    for _ in range(6):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(WINDOWS):
            window()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) / WINDOWS)
    return statistics.median(times[1:])


def on_gpu(cell: str) -> None:
    window = our_window(cell, "cuda")
    window()
    with torch.profiler.profile() as profile:
        window()
    counts = {event.key: event.count for event in profile.key_averages()}
    launches = sum(count for key, count in counts.items() if "LaunchKernel" in key)
    waits = sum(count for key, count in counts.items() if "Synchronize" in key) - 1  # the profiler's own
    print(at_most(f"GPU, {cell}: launches a window", launches, "", 120), flush=True)
    print(at_most(f"GPU, {cell}: waits a window", waits, "", 0), flush=True)
    ours, bare = seconds(window), seconds(bare_window(cell, "cuda"))
    print(at_least(f"GPU, {cell}, H {HIDDEN}: times as fast as bare torch", bare / ours, "×", 1.0), flush=True)
    half = seconds(our_window(cell, "cuda", torch.bfloat16))
    print(at_least(f"GPU, {cell}, H {HIDDEN}: bfloat16, times as fast", ours / half, "×", 1.0), flush=True)


def main() -> None:
    torch.set_num_threads(1)
    window = our_window("lstm", "cpu")  # the one cell that is one kernel a window on the CPU, as all are on a GPU
    window()
    with Calls() as calls:
        window()
    print(at_most("calls of torch a window, lstm, one layer", calls.number, "", 80), flush=True)
    if torch.cuda.is_available():
        for cell in CELLS:
            on_gpu(cell)


if __name__ == "__main__":
    main()
