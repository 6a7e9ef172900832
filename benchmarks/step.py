"""A whole training step (forward, backward, clipping, Adam) against a loop with torch's own cells on one-hot input."""

import sys

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks import at_least, in_turns
from charrnn.learning.model import CharRNN
from charrnn.learning.module import make_optimizer, summed_loss

V, T, STEPS = 95, 30, 40
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
# gru and lstm run torch's own kernels: 0.97 is their 1 within the noise of these ratios.
TARGETS = {"rnn": 1.4, "gru": 0.97, "lstm": 0.97}


def batches(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, V, (batch, T), generator=generator), torch.randint(0, V, (batch, T), generator=generator)


def our_steps(cell: str, batch: int, hidden: int):
    model = CharRNN(V, cell=cell, hidden=hidden, layers=1)
    optimizer = make_optimizer(model, name="adam", lr=2e-3, weight_decay=0.0, momentum=0.0)
    ids, targets = batches(batch)

    def steps() -> None:
        state = None
        for _ in range(STEPS):
            logits, state = model(ids, state)
            state = state.detach()
            loss = summed_loss(logits, targets) / targets.numel()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
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
    out, scores = torch.randn(V, hidden), torch.randn(batch * T, V)

    def steps() -> None:
        for _ in range(STEPS):
            for _ in range(2 * T - 1):
                h @ w
            flat.t() @ flat  # the gradient of W
            flat @ out.t(), scores @ out, scores.t() @ flat  # scores, and the two gradients through them

    return steps


def main() -> None:
    torch.set_num_threads(1)
    for cell in sys.argv[1:] or CELLS:
        for batch in (32, 64):
            for hidden in (50, 100, 150):
                _, _, ratio = in_turns(our_steps(cell, batch, hidden), bare_steps(cell, batch, hidden))
                what = f"step, {cell}, B {batch}, H {hidden}: times as fast as bare torch"
                print(at_least(what, ratio, "×", TARGETS[cell]), flush=True)
    ours, products, _ = in_turns(our_steps("rnn", 32, 100), products_alone(32, 100))
    print(
        f"rnn, B 32, H 100: {ours / STEPS * 1e3:.2f} ms a step, its products alone {products / STEPS * 1e3:.2f} ms",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
