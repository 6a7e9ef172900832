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
        self._codes = np.array([ord(c) for c in self.characters], dtype=np.uint32)

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def start(self) -> int:
        return self.characters.index(START)

    @property
    def end(self) -> int:
        return self.characters.index(END)

    def encode(self, text: str, what: str = "text") -> np.ndarray:
        """Ids of `text` as int64; a character that is not in the alphabet raises, `what` says whose it is."""
        codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        ids = np.searchsorted(self._codes, codes)
        ids[ids == len(self)] = 0
        if (self._codes[ids] != codes).any():
            unknown = sorted(set(text) - set(self.characters))
            named = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in unknown[:5])
            raise UserError(
                f"{what}: expected characters of the alphabet ({''.join(self.printable)}), got {named}; leave them out"
            )
        return ids

    def encode_tunes(self, tunes: Sequence[str]) -> np.ndarray:
        """All tunes behind each other, each between its two marks, as int32."""
        chunks = ("".join(f"{START}{t}{END}" for t in tunes[i : i + 1000]) for i in range(0, len(tunes), 1000))
        return np.concatenate([np.empty(0, np.int32), *(self.encode(c).astype(np.int32) for c in chunks)])

    def decode_tunes(self, ids: Iterable[int]) -> list[str]:
        """The tunes of `encode_tunes`; what a split at a character cut off counts as a tune."""
        return [tune.lstrip(START) for tune in self.decode(ids).split(END) if tune.strip(START)]

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.characters[i] for i in ids)

    @property
    def printable(self) -> list[str]:
        return [c for c in self.characters if c.isprintable()]
