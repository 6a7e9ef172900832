"""256 tunes at once against the loop everybody writes: one tune, one character at a time."""

import tracemalloc

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks import at_least, at_most, in_turns
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import Vocabulary

TUNES, CHARACTERS, ALONE = 256, 200, 600
CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM}


def our_tunes(cell: str, vocab: Vocabulary, length: int = CHARACTERS):
    model = CharRNN(len(vocab), cell=cell, hidden=100, layers=1).eval()
    with torch.no_grad():
        model.output.bias[vocab.end] = -1e9  # every tune as long as asked for

    def tunes() -> None:
        for _ in sample(model, vocab, temperature=1.0, num_tunes=TUNES, seed=0, max_chars=length):
            pass

    return tunes


def one_at_a_time(cell: str, vocab: Vocabulary):
    size = len(vocab)
    rnn, output = CELLS[cell](size, 100, batch_first=True), nn.Linear(100, size)

    def characters() -> None:
        ids, state = torch.tensor([[vocab.start]]), None
        with torch.inference_mode():
            for _ in range(ALONE):
                hidden, state = rnn(F.one_hot(ids, size).float(), state)
                ids = torch.multinomial(torch.softmax(output(hidden[:, -1]), -1), 1)

    return characters


def peak_of(task) -> int:
    tracemalloc.start()
    task()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    torch.set_num_threads(1)
    vocab = Vocabulary(map(chr, range(32, 125)))
    for cell in CELLS:
        ours, alone, _ = in_turns(our_tunes(cell, vocab), one_at_a_time(cell, vocab))
        ratio = (alone / ALONE) / (ours / (TUNES * CHARACTERS))
        print(at_least(f"sampling, {cell} 100: times as many characters as one at a time", ratio, "×", 20), flush=True)
    # Beyond the tunes themselves, 20 bytes a character: what four times the length adds.
    short, long = (peak_of(our_tunes("rnn", vocab, n)) for n in (500, 2000))
    print(at_most("sampling: bytes that a further character of a tune costs", (long - short) / (TUNES * 1500), "B", 20))


if __name__ == "__main__":
    main()
