"""A whole training step (forward, backward, clipping, Adam) against a loop with torch's own cells on one-hot input."""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks import at_least, in_turns
from charrnn.learning.model import CharRNN
from charrnn.learning.optimizers import make_optimizer
from charrnn.learning.step import AutogradStep
from charrnn.learning.step.fused import FusedStep, can_fuse

V, T, STEPS = 95, 30, 10
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
# lstm runs torch's own kernel: 0.97 is its 1 within the noise of these ratios.
SHAPES = {
    "rnn": [(batch, hidden, 2.1) for batch in (32, 64) for hidden in (100, 150)],
    "gru": [(32, 100, 1.5), (32, 128, 1.5), (64, 256, 1.3)],
    "lstm": [(batch, hidden, 0.97) for batch in (32, 64) for hidden in (50, 150)],
}
TURNS = {"repeats": 15, "clock": time.thread_time}


def batches(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, V, (batch, T), generator=generator), torch.randint(0, V, (batch, T), generator=generator)


def our_steps(cell: str, batch: int, hidden: int, by_autograd: bool = False):
    """As LitCharRNN makes them; `by_autograd` where it would be fused."""
    model = CharRNN(V, cell=cell, hidden=hidden, layers=1)
    optimizer = make_optimizer(model, name="adam", lr=2e-3, weight_decay=0.0, momentum=0.0)
    step = FusedStep(model) if can_fuse(model) and not by_autograd else AutogradStep(model)
    ids, targets = (part.t().contiguous() for part in batches(batch))

    def steps() -> None:
        state = None
        for _ in range(STEPS):
            _, state = step.gradients(ids, targets, None, state, targets.numel())
            step.clip(5.0)
            optimizer.step()

    return steps


def bare_steps(cell: str, batch: int, hidden: int):
    """The loop a PyTorch user writes; the same function of the same parameters."""
    rnn, output = CELLS[cell](V, hidden, batch_first=True), nn.Linear(hidden, V)
    parameters = [*rnn.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    ids, targets = batches(batch)

    def steps() -> None:
        state = None
        for _ in range(STEPS):
            hidden_states, state = rnn(F.one_hot(ids, V).float(), state)
            state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            loss = F.cross_entropy(output(hidden_states).flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()

    return steps


def products_alone(batch: int, hidden: int):
    """The matrix products of our tanh step and nothing else: what no other code could save."""
    h, w, flat = torch.randn(batch, hidden), torch.randn(hidden, hidden), torch.randn(batch * T, hidden)
    out, scores = torch.randn(V, hidden), torch.randn(V, batch * T)

    def steps() -> None:
        for _ in range(STEPS):
            for _ in range(2 * T - 1):
                h @ w
            flat.t() @ flat  # the gradient of W
            out @ flat.t(), scores @ flat, scores.t() @ out  # scores, and the two gradients through them

    return steps


def main() -> None:
    """`python -m benchmarks.step`, `… step rnn`, `… step rnn 64 150`: all rows, those of a cell, one."""
    torch.set_num_threads(1)
    only = sys.argv[1:]
    for cell, shapes in SHAPES.items():
        for batch, hidden, bound in shapes:
            if [cell, str(batch), str(hidden)][: len(only)] != only:
                continue
            _, _, ratio = in_turns(our_steps(cell, batch, hidden), bare_steps(cell, batch, hidden), **TURNS)
            what = f"step, {cell}, B {batch}, H {hidden}: times as fast as bare torch"
            print(at_least(what, ratio, "×", bound), flush=True)
            if cell == "rnn":
                _, _, most = in_turns(products_alone(batch, hidden), bare_steps(cell, batch, hidden), **TURNS)
                print(f"{what}: {most:.2f} × if its matrix products were all", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
