"""The alphabet: which character has which id."""

from collections.abc import Iterable, Sequence

import numpy as np

from charrnn.errors import UserError

# ASCII's own marks for the start and the end of a text: one character each, so the network can say them.
START, END = "\x02", "\x03"


class Vocabulary:
    """Sorted characters, marks included; an id is a character's place in that order, whatever else changes."""

    def __init__(self, characters: Iterable[str]):
        self.characters: list[str] = sorted(set(characters) | {START, END})
        self._ids = {c: i for i, c in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def start(self) -> int:
        return self._ids[START]

    @property
    def end(self) -> int:
        return self._ids[END]

    def encode(self, text: str, what: str = "text") -> np.ndarray:
        """Ids of `text` as int64; a character that is not in the alphabet raises, `what` says whose it is."""
        unknown = sorted(set(text) - self._ids.keys())
        if unknown:
            named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in unknown[:5])
            raise UserError(
                f"{what}: expected characters of the alphabet ({''.join(self.printable)}), got {named}; leave them out"
            )
        return np.array([self._ids[c] for c in text], dtype=np.int64)

    def encode_tunes(self, tunes: Sequence[str]) -> np.ndarray:
        """All tunes behind each other, each between its two marks."""
        return self.encode("".join(f"{START}{tune}{END}" for tune in tunes))

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.characters[i] for i in ids)

    @property
    def printable(self) -> list[str]:
        return [c for c in self.characters if c.isprintable()]
