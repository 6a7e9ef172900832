"""Sections of parts become one HTML file that opens anywhere, without network, server or build."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from charrnn import run
from charrnn.studies.pages.parts import PagePart, Paragraph

TEMPLATE = Path(__file__).with_name("report_page.html")


@dataclass(frozen=True)
class Section:
    """A heading and the parts below it."""

    title: str
    parts: Sequence[PagePart]


def render_page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The page as HTML: title, lead sentence, table of contents, and the sections that are not empty."""
    shown = [section for section in sections if section.parts]
    links = "".join(f'<li><a href="#s{n}">{html.escape(s.title)}</a></li>' for n, s in enumerate(shown))
    body = "".join(
        f'<section id="s{n}"><h2>{html.escape(section.title)}</h2>{"".join(part.html() for part in section.parts)}'
        "</section>"
        for n, section in enumerate(shown)
    )
    values = {"title": html.escape(title), "lead": html.escape(lead), "links": links, "body": body}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(values)


def provenance(runs_commits: Sequence[str] = ()) -> list[PagePart]:
    """The versions that numbers depend on, and the commits of this program and of the runs."""
    made_by = run.origin()
    versions = ", ".join(f"{name} {version}" for name, version in made_by["versions"].items())
    parts: list[PagePart] = [
        Paragraph(f"Versions: {versions}."),
        Paragraph(f"Page made by commit {made_by['commit'] or 'unknown'}."),
    ]
    if runs_commits:
        parts.append(Paragraph(f"Runs trained by commit {', '.join(sorted(set(runs_commits)))}."))
    return parts
