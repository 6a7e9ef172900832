"""What happens to files on their way to tunes: counts by kind, with examples."""

from collections import Counter

EXAMPLES = 3
LONGEST = 60  # characters of an example


class Log:
    """`dropped` is gone, `repaired` is now as it should be, `ignored` is as it was and says nothing to the reader.

    `examples` hold up to EXAMPLES of each kind: where, and what stood there.
    """

    def __init__(self) -> None:
        # Counted even where there are none.
        self.dropped = Counter(
            characters_outside_tunes=0, comments=0, text_blocks=0, control_characters=0, empty_tunes=0
        )
        self.repaired: Counter[str] = Counter()
        self.ignored: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.file = ""  # named in examples if there are several

    def drop(self, kind: str, number: int, *examples: str) -> None:
        self._count(self.dropped, kind, number, examples)

    def repair(self, kind: str, number: int, *examples: str) -> None:
        self._count(self.repaired, kind, number, examples)

    def ignore(self, kind: str, number: int, *examples: str) -> None:
        self._count(self.ignored, kind, number, examples)

    def _count(self, counts: Counter[str], kind: str, number: int, examples: tuple[str, ...]) -> None:
        if number:
            counts[kind] += number
            kept = self.examples.setdefault(kind, [])
            for example in examples[: EXAMPLES - len(kept)]:
                words = shorten(example)
                kept.append(f"{self.file}: {words}" if self.file else words)


def shorten(text: str) -> str:
    """On one line, and no longer than an example."""
    words = " ".join("".join(c if c.isprintable() or c.isspace() else "?" for c in text[: 2 * LONGEST]).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
