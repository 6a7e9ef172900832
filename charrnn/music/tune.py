"""A tune: its text, what was read in it, and, if a network composed it, how."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from charrnn import run
from charrnn.errors import UserError
from charrnn.music.engraving import FORMATS, Engraver
from charrnn.music.notation import Note, Problem, Reading, read


def _empty() -> np.ndarray:
    return np.zeros(0, np.float32)


@dataclass(frozen=True)
class Tune:
    """A tune in ABC notation. Its text is read once, when `notes`, `problems` or `well_formed` are first used.

    `index` is its place, from 0, in its file or among the tunes that were sampled together. For a sampled tune, `ended`
    is whether the network ended it; False means that it was cut at `max_chars`. `log_prob` holds, for each character
    and then for the end mark if there is one, the logarithm (nats, at temperature 1) of the probability that the
    network gave it. `ruled_out` holds, for each of them, the probability, at the temperature of the tune, of all that
    the constraint did not allow there; the sum is the expected number of characters that it changed. Both arrays are
    empty for a tune that was not sampled. `strict` is how a sampled tune is judged: more than the standard asks for, it
    needs a meter and enough notes, and its repeats must come out even.

    >>> tune = Tune("X:1\\nT:A scale\\nM:4/4\\nL:1/8\\nK:D\\nDEFG ABcd|dcBA GFED|")
    >>> [note.pitch for note in tune.notes[:3]]
    [62, 64, 66]
    >>> tune.well_formed, tune.problems
    (True, [])
    """

    text: str
    index: int = 0
    ended: bool = True
    log_prob: np.ndarray = field(default_factory=_empty, repr=False, compare=False)
    ruled_out: np.ndarray = field(default_factory=_empty, repr=False, compare=False)
    strict: bool = False

    def __str__(self) -> str:
        return self.text

    @cached_property
    def reading(self) -> Reading:
        """Header, fields, notes, bars and problems."""
        return read(self.text, strict=self.strict)

    @property
    def notes(self) -> list[Note]:
        """The written notes in the order of the text."""
        return self.reading.notes

    @property
    def problems(self) -> list[Problem]:
        """Everything in the text that the standard does not allow."""
        return self.reading.problems

    @property
    def faults(self) -> list[str]:
        """What keeps the tune from being well-formed."""
        return self.reading.faults

    @property
    def well_formed(self) -> bool:
        """Whether the header is complete, the text is free of junk, and the notes fill the bars."""
        return self.reading.well_formed

    @property
    def title(self) -> str:
        """The title (T:), or an empty text."""
        return self.reading.header.title

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the tune in the format that the name ends in: .abc, .musicxml, .svg, .png, .mid or .ogg.

        A picture of a tune that has no score shows its text with the first problem marked. Raises UserError for any
        other ending, and where the format cannot be written.
        """
        file = Path(path).expanduser()
        kind = file.suffix.removeprefix(".")
        if kind not in ("abc", *FORMATS):
            known = ", ".join(f".{name}" for name in ("abc", *FORMATS))
            raise UserError(f"expected a file name that ends in one of {known}, got {str(path)!r}; name another one")
        if not file.parent.is_dir():
            raise UserError(f"expected a file in a folder that exists, got {str(path)!r}; make the folder first")
        if kind == "abc":
            run.write_text(file, self.text + "\n")
            return file
        with Engraver() as engraver:
            engraved = engraver.write(self.text, file.with_suffix(""), [kind])
        if kind not in engraved.files:
            raise UserError(f"expected a tune that {kind} can hold, got {self.title!r}: {engraved.errors[kind]}")
        return file

    def _repr_html_(self) -> str:
        from charrnn.music.notebook import tune_html

        return tune_html(self)
