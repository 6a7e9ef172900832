"""One self-contained HTML page of any study: text, tables, pictures and tunes that sound, all in one file."""

from charrnn.studies.page.page import Section, origin, page
from charrnn.studies.page.parts import Command, Part, Picture, Table, Text, Tune

__all__ = ["Command", "Part", "Picture", "Section", "Table", "Text", "Tune", "origin", "page"]
