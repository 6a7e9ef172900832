"""What MusicXML attaches to notes: ornaments and other signs of decorations, ties, beams."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from charrnn.music.engraving.note_values import Bracket
from charrnn.music.notation import Note

# Decorations by what they are called in the text (ABC 2.1, section 4.14): the group of notations, the element.
_ORNAMENTS = {
    **dict.fromkeys((".", "staccato"), ("articulations", "<staccato/>")),
    **dict.fromkeys(("L", "accent", "emphasis", ">"), ("articulations", "<accent/>")),
    "tenuto": ("articulations", "<tenuto/>"),
    "wedge": ("articulations", "<staccatissimo/>"),
    "breath": ("articulations", "<breath-mark/>"),
    **dict.fromkeys(("~", "roll", "turn"), ("ornaments", "<turn/>")),
    "invertedturn": ("ornaments", "<inverted-turn/>"),
    **dict.fromkeys(("T", "trill"), ("ornaments", "<trill-mark/>")),
    **dict.fromkeys(("M", "lowermordent", "mordent"), ("ornaments", "<mordent/>")),
    **dict.fromkeys(("P", "uppermordent", "pralltriller"), ("ornaments", "<inverted-mordent/>")),
    **dict.fromkeys(("u", "upbow"), ("technical", "<up-bow/>")),
    **dict.fromkeys(("v", "downbow"), ("technical", "<down-bow/>")),
    **dict.fromkeys(("+", "plus"), ("technical", "<stopped/>")),
    "open": ("technical", "<open-string/>"),
    "thumb": ("technical", "<thumb-position/>"),
    "snap": ("technical", "<snap-pizzicato/>"),
    **{digit: ("technical", f"<fingering>{digit}</fingering>") for digit in "012345"},
    **dict.fromkeys(("H", "fermata"), ("", "<fermata/>")),
    "invertedfermata": ("", '<fermata type="inverted"/>'),
    "arpeggio": ("", "<arpeggiate/>"),
}


def ornaments(decorations: Iterable[str]) -> list[str]:
    signs = dict.fromkeys(_ORNAMENTS[name] for name in decorations if name in _ORNAMENTS)
    return [f"<{group}>{element}</{group}>" if group else element for group, element in signs]


def ties(notes: Iterable[Note]) -> tuple[set[int], set[int]]:
    """Positions of the notes that ties begin at, and of those they lead to; a tie that leads nowhere is not drawn."""
    notes = [note for note in notes if not note.grace]
    onsets = {(note.onset, note.pitch): note.position for note in notes}
    begins, ends = set(), set()
    for note in notes:
        if note.tied and (held := onsets.get((note.onset + note.duration, note.pitch))):
            begins.add(note.position)
            ends.add(held)
    return begins, ends


def beams(joins: Sequence[bool], brackets: Iterable[Bracket]) -> list[str]:
    """The beam element of every event, of which each `joins` the one before or not.

    A beam holds a tuplet whole or stays inside or outside of it.
    """
    sides: dict[int, str] = {}
    start = 0
    for i in range(1, len(joins) + 1):
        if i < len(joins) and joins[i]:
            continue
        cuts = [start, i]
        for bracket in brackets:
            if not (start <= bracket.first and bracket.last < i):
                cuts += [cut for cut in (bracket.first, bracket.last + 1) if start < cut < i]
        for begin, end in pairwise(sorted(cuts)):
            if end - begin > 1:
                sides |= dict.fromkeys(range(begin, end), "continue") | {begin: "begin", end - 1: "end"}
        start = i
    return [f'<beam number="1">{sides[i]}</beam>' if i in sides else "" for i in range(len(joins))]
