"""The tunes that units are probed on: held-out human ones, generated ones, and those that figures show."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import Vocabulary
from charrnn.studies.tune_sets import load_human_tunes, read_tunes

SELECTIVITY_CHARACTERS = 50_000
ABLATION_CHARACTERS = 20_000
SHOWN_CHARACTERS = 2000
HELD_OUT = "held-out"
MAX_TUNES = 5000  # a limit for networks that generate only empty tunes


@dataclass(frozen=True)
class ProbeTunes:
    """Tunes for AUCs and other tunes for ablation; if there are too few, the same tunes are in both."""

    selectivity: list[str]
    ablation: list[str]

    @classmethod
    def of(cls, tunes: list[str]) -> "ProbeTunes":
        """Whole tunes: the first SELECTIVITY_CHARACTERS and the last ABLATION_CHARACTERS."""
        return cls(
            take_characters(tunes, SELECTIVITY_CHARACTERS), take_characters(reversed(tunes), ABLATION_CHARACTERS)
        )


def take_characters(tunes: Iterable[str], count: int) -> list[str]:
    """The first tunes that have at least `count` characters together; empty tunes are left out."""
    taken: list[str] = []
    total = 0
    for tune in tunes:
        if total >= count:
            break
        if tune:
            taken.append(tune)
            total += len(tune)
    return taken


def held_out_tunes(ckpt: str, vocab: Vocabulary) -> list[str]:
    """The validation and test tunes of the run's data that its alphabet can write; none if it cannot be read."""
    human = load_human_tunes(ckpt)
    return [tune for tune in human.tunes if set(tune) <= set(vocab.characters)] if human else []


def generate_tunes(model: CharRNN, vocab: Vocabulary, seed: int) -> list[str]:
    """Tunes of SELECTIVITY_CHARACTERS, sampled at temperature 1."""
    tunes = sample(model, vocab, temperature=1.0, num_tunes=MAX_TUNES, seed=seed)
    return take_characters((tune.text for tune in tunes), SELECTIVITY_CHARACTERS)


def tunes_to_show(text: str | None, vocab: Vocabulary, human: list[str], generated: list[str]) -> list[str]:
    """Tunes for figures and page, SHOWN_CHARACTERS at most or one tune: of the file `text`, held out, or generated."""
    if text is None:
        if shown := _cut(tune for tune in generated if _has_line(tune)) or _cut(human):
            return shown
        raise UserError("text: expected a network that composes a whole line; train it longer, or give text=FILE")
    if text == HELD_OUT:
        if not human:
            raise UserError(f"text={HELD_OUT}: expected a run whose data can be read; give text=FILE, or leave it out")
        return _cut(human)
    file = Path(text).expanduser()
    tunes, _ = read_tunes(file)
    for tune in tunes:
        vocab.encode(tune, "text")
    if not any(map(_has_line, tunes)):
        raise UserError(f"text: expected at least a whole line, got {len(max(tunes, key=len))} characters in {text!r}")
    return _cut(tune for tune in tunes if _has_line(tune))


def _has_line(tune: str) -> bool:
    return "\n" in tune.strip()


def _cut(tunes: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for tune in tunes:
        if kept and sum(map(len, kept)) + len(tune) > SHOWN_CHARACTERS:
            break
        kept.append(tune)
    return kept
