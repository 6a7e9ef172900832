"""Tunes under the constraint: do they parse, for three readers, and what does it cost.

    python -m benchmarks.constraint RUN [RUN…] [tunes=1000] [abcjs=FOLDER]

For each run its tunes at T = 0.5, 1 and 2; then with key and meter fixed; then the time. abc2midi is Debian's; FOLDER
is where "npm install abcjs" was run.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks import Row, at_least, at_most, in_turns
from charrnn.learning import checkpoint
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import MAX_CHARS, sample
from charrnn.learning.vocab import END, Vocabulary
from charrnn.music.constraint import Constraint
from charrnn.music.notation import read
from charrnn.music.notation.lexer import State, tokens
from charrnn.music.quality import summarize
from charrnn.music.tune import Tune

FIXED = ({"K": "Gm", "M": "6/8"}, {"K": "Gm", "M": "9/8"}, {"K": "Gm", "M": "C|"})
TIMED, LENGTH = 256, 1000
MOST = {"rnn": 3.0, "lstm": 1.25}


def composed(
    model: CharRNN, vocab: Vocabulary, level: str, temperature: float, number: int, **fixed: str
) -> list[Tune]:
    grammar = Constraint(level, vocab.characters, END, MAX_CHARS, fixed)
    return list(sample(model, vocab, temperature=temperature, num_tunes=number, seed=0, grammar=grammar))


def without_error(tunes: Sequence[str]) -> float:
    """Percent of tunes of which abc2midi names no error; it checks and writes nothing."""
    fine = 0
    with tempfile.TemporaryDirectory() as folder:
        for tune in tunes:
            (Path(folder) / "tune.abc").write_text(tune + "\n", encoding="utf-8")
            done = subprocess.run(["abc2midi", "tune.abc", "-c"], cwd=folder, capture_output=True, check=False)
            fine += done.returncode == 0 and b"Error" not in done.stdout + done.stderr
    return 100 * fine / len(tunes)


def parsed(tunes: Sequence[str]) -> float:
    """Percent of tunes that music21 reads to a score with as many notes, rests apart, as it finds."""
    from music21 import converter

    fine = 0
    for tune in tunes:
        try:
            fine += len(converter.parseData(tune, format="abc").flatten().notes) > 0
        except Exception as error:
            print(f"music21: {type(error).__name__}: {error}", file=sys.stderr)
    return 100 * fine / len(tunes)


def warned(tunes: Sequence[str], abcjs: str) -> float:
    """Percent of tunes of which abcjs, installed in that folder, warns."""
    script = (
        "const tunes = JSON.parse(require('fs').readFileSync(0));"
        "const warned = tunes.filter(tune => (require('abcjs').parseOnly(tune)[0].warnings || []).length);"
        "console.log(warned.length)"
    )
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(tunes), cwd=abcjs, capture_output=True, text=True, check=True
    )
    return 100 * int(done.stdout) / len(tunes)


def longest_slur(tune: str) -> int:
    """In bars, those counted in which it begins and ends; 0 of a tune without slurs."""
    begun, lines, longest = [], 0, 0
    for kind, _, _ in tokens(tune)[read(tune).header.tokens :]:
        if kind == State.SLUR:
            begun.append(lines)
        elif kind == State.SLUR_END and begun:
            longest = max(longest, lines - begun.pop() + 1)
        lines += kind == State.BAR
    return longest


def rates(what: str, tunes: Sequence[Tune], abcjs: str | None) -> None:
    texts = [tune.text for tune in tunes]
    readings = [read(text, strict=True) for text in texts]
    print(at_least(f"{what}: well-formed", 100 * sum(r.well_formed for r in readings) / len(texts), "%", 100))
    print(at_most(f"{what}: longest slur", max(map(longest_slur, texts)), "bars", 2))
    print(Row(f"{what}: notes a tune", sum(len(r.notes) for r in readings) / len(texts), "", "told", True))
    if abcjs:
        print(at_most(f"{what}: abcjs warns", warned(texts, abcjs), "%", 0))
    if shutil.which("abc2midi"):
        print(at_least(f"{what}: abc2midi without an error", without_error(texts), "%", 99))
    print(at_least(f"{what}: parsed by music21", parsed(texts), "%", 99))
    changed = sum(float(tune.ruled_out.sum()) for tune in tunes) / sum(len(tune.ruled_out) for tune in tunes)
    print(Row(f"{what}: characters that the grammar chose", 100 * changed, "%", "told", True), flush=True)


def timed(model: CharRNN, vocab: Vocabulary) -> float:
    """Time of a character with the constraint, in that of one without: tunes that end only where they have to."""
    with torch.no_grad():
        model.output.bias[vocab.end] = -1e9
    grammar = Constraint("bars", vocab.characters, END, LENGTH, {})
    settings = {"temperature": 1.0, "num_tunes": TIMED, "seed": 0, "max_chars": LENGTH}
    lengths = {}

    def tunes(**more) -> None:
        lengths[bool(more)] = sum(len(tune.text) for tune in sample(model, vocab, **settings, **more))

    _, _, ratio = in_turns(tunes, lambda: tunes(grammar=grammar), repeats=5)
    return ratio * lengths[False] / lengths[True]


def main() -> None:
    torch.set_num_threads(1)
    options = dict(argument.split("=", 1) for argument in sys.argv[1:] if argument.startswith(("tunes=", "abcjs=")))
    number, abcjs = int(options.get("tunes", 1000)), options.get("abcjs")
    for run in (a for a in sys.argv[1:] if not a.startswith(("tunes=", "abcjs="))):
        model, vocab = checkpoint.load_model(run)
        cell = type(model.layers[0]).__name__.lower()
        name = f"{cell} {model.layers[0].hidden_size}"
        for temperature in (0.5, 1.0, 2.0):
            tunes = composed(model, vocab, "bars", temperature, number)
            rates(f"{name}, T = {temperature:g}, {number} tunes", tunes, abcjs)
        for fixed in FIXED:
            what = " ".join(f"{letter}:{value}" for letter, value in fixed.items())
            tunes = composed(model, vocab, "bars", 1.0, number // 5, **fixed)
            rates(f"{name}, {what}, {number // 5} tunes", tunes, abcjs)
        readings = [tune.reading for tune in composed(model, vocab, "header", 1.0, number // 5)]
        missing = 100 * (summarize(readings)["key_missing"] or 0.0)
        print(at_most(f"{name}, constraint=header: K: missing", missing, "%", 0))
        what = f"{name}: time of a character, {TIMED} tunes at once"
        print(at_most(what, timed(model, vocab), "×", MOST[cell]), flush=True)


if __name__ == "__main__":
    main()
