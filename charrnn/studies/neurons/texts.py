"""The tunes that units are watched on: human ones the network never saw, its own, and those that are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import UserError
from charrnn.learning.model import CharRNN
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import Vocabulary
from charrnn.studies.tunes import human_tunes, read_tunes

FOLLOWED = 50_000  # characters on which units are held against features
BROKEN = 20_000  # on which units are held at their mean
SHOWN = 2000
HELD_OUT = "held-out"
MOST_TUNES = 5000  # of a network that writes nothing but empty ones


@dataclass(frozen=True)
class Watched:
    """Tunes to find units on, and others to break them on; if there are too few, the same ones stand in both."""

    followed: list[str]
    broken: list[str]

    @classmethod
    def of(cls, tunes: list[str]) -> "Watched":
        """The first FOLLOWED characters of `tunes`, whole tunes, and the last BROKEN."""
        return cls(beginning(tunes, FOLLOWED), beginning(reversed(tunes), BROKEN))


def beginning(tunes: Iterable[str], characters: int) -> list[str]:
    """Whole tunes until they have so many characters."""
    kept: list[str] = []
    total = 0
    for tune in tunes:
        if total >= characters:
            break
        if tune:
            kept.append(tune)
            total += len(tune)
    return kept


def held_out(ckpt: str, vocab: Vocabulary) -> list[str]:
    """The tunes of the run's data that it never trained on; none where the data cannot be read."""
    human = human_tunes(ckpt, must_be=False)
    return [tune for tune in human.tunes if set(tune) <= set(vocab.characters)] if human else []


def generated(model: CharRNN, vocab: Vocabulary, seed: int) -> list[str]:
    """FOLLOWED characters at temperature 1."""
    tunes = sample(model, vocab, temperature=1.0, num_tunes=MOST_TUNES, seed=seed)
    return beginning((tune.text for tune in tunes), FOLLOWED)


def shown(text: str | None, vocab: Vocabulary, human: list[str], own: list[str]) -> list[str]:
    """The tunes that pictures and the page show, SHOWN characters or one tune: of a file, held out, or composed."""
    if text is None:
        if found := _cut(tune for tune in own if _has_line(tune)) or _cut(human):
            return found
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
        if kept and sum(map(len, kept)) + len(tune) > SHOWN:
            break
        kept.append(tune)
    return kept
