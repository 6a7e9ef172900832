"""Networks built by hand and tunes with known features: what an analysis must find."""

import numpy as np
import torch

from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary

WORDS = ("mountain", "harpist", "stormy", "thrushly", "lionships")
MUSIC = "ABcdefg"


def tunes(count: int) -> list[str]:
    """Tunes with a header each; K stands in the key field alone, and no letter of the music in a title."""
    random = np.random.default_rng(0)
    planted = []
    for number in range(count):
        title = " ".join(random.choice(WORDS, 4))
        bars = ["".join(random.choice([*MUSIC], 6)) for _ in range(8)]
        lines = ["|".join(bars[i : i + 4]) + "|" for i in (0, 4)]
        planted.append(f"X:{number}\nT:{title}\nM:C|\nL:1/8\nK:G\n" + "\n".join(lines))
    return planted


def network(vocab: Vocabulary, hidden: int = 12) -> CharRNN:
    """Small random weights, all but silent, for a unit or two to be written into."""
    torch.manual_seed(1)
    model = CharRNN(len(vocab), cell="rnn", hidden=hidden, layers=1).eval()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(0.3)
    return model


def plant_header(model: CharRNN, vocab: Vocabulary) -> None:
    """Unit 3 is 1 in headers and -1 behind them, unit 0 is 1 from the K of the key on; the guesses read unit 3.

    Unit 3 goes off at the line feed behind K and stays so: 3 · before - 2 · line feed - 2 · K seen is then negative.
    """
    layer, gain = model.layers[0], 5.0
    ids = {name: vocab.characters.index(name) for name in ("K", "\n")}
    with torch.no_grad():
        for unit in (0, 3):
            for weights in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0):
                weights[unit] = 0
            layer.weight_hh_l0[:, unit] = 0
        layer.weight_ih_l0[0, ids["K"]], layer.weight_hh_l0[0, 0] = 4 * gain, gain
        layer.weight_ih_l0[0, vocab.start] = -4 * gain
        layer.weight_hh_l0[3, 3], layer.weight_hh_l0[3, 0] = 3 * gain, -2 * gain
        layer.weight_ih_l0[3, ids["\n"]], layer.weight_ih_l0[3, vocab.start] = -2 * gain, 8 * gain
        for number, character in enumerate(vocab.characters):
            model.output.weight[number, 3] = -2.0 if character in MUSIC else 0 if character in "\n|" else 2.0


def plant_line_end(model: CharRNN, vocab: Vocabulary, unit: int) -> None:
    """This unit is low behind a colon, and behind a small letter; the guess of the line feed reads it."""
    layer = model.layers[0]
    with torch.no_grad():
        layer.weight_hh_l0[unit], layer.weight_hh_l0[:, unit] = 0, 0
        layer.bias_ih_l0[unit], layer.bias_hh_l0[unit] = 0, 0
        for number, character in enumerate(vocab.characters):
            layer.weight_ih_l0[unit, number] = -2.0 if character == ":" else -1.0 if character.islower() else 2.0
        model.output.weight[vocab.characters.index("\n"), unit] = 4.0
