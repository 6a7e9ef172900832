"""Tunes seen and heard: `Engraver` writes score, MIDI and sound of any text."""

from charrnn.music.engraving.engraver import FORMATS, Engraved, Engraver

__all__ = ["FORMATS", "Engraved", "Engraver"]
