"""ABC 2.1 as tunes are written: `read` any text, `played` as it sounds, `lyrics` under its notes."""

from charrnn.music.notation.lyrics import Syllable, lyrics
from charrnn.music.notation.playing import played
from charrnn.music.notation.reading import Reading, read
from charrnn.music.notation.records import Bar, Field, Navigation, Note, Part, Problem

__all__ = ["Bar", "Field", "Navigation", "Note", "Part", "Problem", "Reading", "Syllable", "lyrics", "played", "read"]
