"""The HTML page of every report: text, tables, pictures and playable tunes in one self-contained file."""

from charrnn.studies.pages.parts import CommandLine, PagePart, Paragraph, Picture, Table, TuneCard
from charrnn.studies.pages.report_page import Section, provenance, render_page

__all__ = [
    "CommandLine",
    "PagePart",
    "Paragraph",
    "Picture",
    "Section",
    "Table",
    "TuneCard",
    "provenance",
    "render_page",
]  # fmt: skip
