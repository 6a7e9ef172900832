"""Sections of parts become one file that opens anywhere, without network, server or build."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from charrnn import run
from charrnn.studies.page.parts import Part, Text

TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    parts: Sequence[Part]


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The page as text: title, a sentence, a list of what it holds, the sections that hold anything."""
    shown = [section for section in sections if section.parts]
    links = "".join(f'<li><a href="#s{n}">{html.escape(s.title)}</a></li>' for n, s in enumerate(shown))
    body = "".join(
        f'<section id="s{n}"><h2>{html.escape(section.title)}</h2>{"".join(part.html() for part in section.parts)}'
        "</section>"
        for n, section in enumerate(shown)
    )
    words = {"title": html.escape(title), "lead": html.escape(lead), "links": links, "body": body}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(words)


def origin(runs_commits: Sequence[str] = ()) -> list[Part]:
    """What numbers depend on: versions, and the commits of the program and of the runs."""
    found = run.origin()
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    parts: list[Part] = [Text(f"Versions: {versions}."), Text(f"Page made by commit {found['commit'] or 'unknown'}.")]
    if runs_commits:
        parts.append(Text(f"Runs trained by commit {', '.join(sorted(set(runs_commits)))}."))
    return parts
