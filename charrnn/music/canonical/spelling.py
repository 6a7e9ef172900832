"""How the tunes of a collection are spelled for a network, and which are left out for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from charrnn.music.canonical.keys import transposed, whitened
from charrnn.music.canonical.melody import LeftOut
from charrnn.music.canonical.writing import canonical
from charrnn.music.notation import read

Tonics = Mapping[str, Mapping[str, int]]
"""How many tunes of each mode have which tonic."""


class Spelling:
    """`notation` is raw or canonical; `key` as_written or white; without `titles` every tune is Untitled."""

    def __init__(self, notation: str, key: str, titles: bool):
        self.notation, self.key, self.titles = notation, key, titles
        self._left_out: Counter[str] = Counter()
        self._tonics: dict[str, Counter[str]] = {}

    def all(self, tunes: Sequence[str]) -> list[str]:
        """The tunes that can be spelled so; the others are counted."""
        return list(tunes) if self.notation == "raw" else [text for tune in tunes if (text := self._one(tune))]

    def _one(self, tune: str) -> str | None:
        try:
            text = canonical(tune, title=self.titles)
            if self.key == "white":
                key = read(text).header.key
                text = whitened(text)
                if key is not None:
                    self._tonics.setdefault(key.mode, Counter())[key.tonic] += 1
        except LeftOut as reason:
            self._left_out[str(reason)] += 1
            return None
        return text

    def reasons(self) -> str:
        return ", ".join(f"{reason} {count}" for reason, count in self._left_out.most_common())

    def report(self) -> dict[str, Any]:
        """For data.json: what was left out and why, and the tonics that white tunes had."""
        is_raw = self.notation == "raw"
        return {
            "notation": self.notation,
            "left_out": None if is_raw else dict(self._left_out.most_common()),
            "tonics": {mode: dict(sorted(t.items())) for mode, t in sorted(self._tonics.items())} or None,
        }


def with_drawn_key(text: str, tonics: Tonics, uniform: float) -> str:
    """A tune of a white network in a key that the collection has, by a number in [0, 1); as it is if it has no key."""
    key = read(text).header.key
    of_mode = tonics.get({"ion": "maj", "aeo": "min"}.get(key.mode, key.mode), {}) if key is not None else {}
    left = uniform * sum(of_mode.values())
    for tonic, count in of_mode.items():
        left -= count
        if left < 0:
            return with_tonic(text, tonic)
    return text


def with_tonic(text: str, tonic: str) -> str:
    """The tune on this tonic, or as it is where it cannot be moved there."""
    try:
        return transposed(text, tonic)
    except LeftOut:
        return text
