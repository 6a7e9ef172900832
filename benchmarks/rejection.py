"""What the constraint does to tunes, beside rejection: whole tunes sampled again until one is well-formed.

    python -m benchmarks.rejection RUN [tunes=300] [temperature=1]

Both give well-formed tunes; rejection weighs them as the network does, the constraint one character at a time.
"""

import sys

import torch

from charrnn.learning import checkpoint
from charrnn.learning.likelihood import score_tunes
from charrnn.learning.rejection import sample_well_formed
from charrnn.learning.sampling import MAX_CHARS, sample
from charrnn.learning.vocab import END
from charrnn.music.constraint import Constraint
from charrnn.studies.temperature_report import temperature_row
from charrnn.studies.tune_sets import load_human_tunes

TRIES = 400
SHOWN = (
    "notes", "bar_fit", "length_entropy", "same_length", "interval", "stepwise", "copied_share", "similarity",
    "log_prob", "pitch_class_distance", "length_distance", "interval_distance",
)  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    run, *more = sys.argv[1:]
    options = dict(option.split("=") for option in more)
    number, temperature = int(options.get("tunes", 300)), float(options.get("temperature", 1))
    model, vocab = checkpoint.load_model(run)
    human = load_human_tunes(run)
    results = list(sample_well_formed(model, vocab, num_tunes=number, max_tries=TRIES, temperature=temperature, seed=0))
    grammar = Constraint("bars", vocab.characters, END, MAX_CHARS, {})
    kinds = {
        "rejected": [tune for _, tune, _ in results if tune is not None],
        "bars": list(sample(model, vocab, temperature=temperature, num_tunes=number, seed=0, grammar=grammar)),
    }
    tries = sum(tries for _, _, tries in results)
    print(f"{len(kinds['rejected'])} of {number} tunes after {tries} tries\n")
    rows = {}
    for name, tunes in kinds.items():
        texts = [tune.text for tune in tunes]
        scores = list(score_tunes(model, vocab, texts, [tune.ended for tune in tunes]))
        rows[name] = temperature_row(name, texts, scores, temperature, human)
    if human is not None:
        scores = list(score_tunes(model, vocab, human.tunes, [True] * len(human.tunes)))
        rows["human"] = temperature_row("human", human.tunes, scores, 1.0, human)
    print(f"| T = {temperature:g} | " + " | ".join(rows) + " |\n| --- |" + " --- |" * len(rows))
    for key in SHOWN:
        cells = [f"{row[key]:.3f} [{row[f'{key}_low']:.3f}, {row[f'{key}_high']:.3f}]" for row in rows.values()]
        print(f"| {key} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
