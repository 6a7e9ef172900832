"""ABC 2.1 as tunes are written: `read` gives notes, bars and problems of any text, `played` the notes as they sound."""

from charrnn.music.notation.playing import played
from charrnn.music.notation.reading import Reading, read
from charrnn.music.notation.records import Bar, Field, Navigation, Note, Part, Problem

__all__ = ["Bar", "Field", "Navigation", "Note", "Part", "Problem", "Reading", "played", "read"]
