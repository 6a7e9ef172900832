"""What a page is made of; each part gives its own HTML, in which no text is a tag and no file is asked for."""

import base64
import contextlib
import html
from collections.abc import Collection
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Protocol

import pandas as pd

PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}
SLOWEST = 0.6  # of libsndfile's compression from 0 to 1: speech and one flute lose nothing that a telephone plays


class Part(Protocol):
    """Anything that a section may hold."""

    def html(self) -> str:
        """The part as HTML, every text in it escaped."""
        ...


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str

    def html(self) -> str:
        return f"<p>{html.escape(self.text)}</p>"


@dataclass(frozen=True)
class Command:
    """What a person types to have this part again."""

    line: str

    def html(self) -> str:
        return f"<pre class=command tabindex=0>{html.escape(self.line)}</pre>"


@dataclass(frozen=True)
class Picture:
    """A PNG or SVG file with what it shows in words, for those who do not see it, and a caption for all."""

    file: Path
    alt: str
    caption: str = ""

    def html(self) -> str:
        source = _uri(PICTURES[self.file.suffix], self.file.read_bytes())
        words = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure><img alt="{html.escape(self.alt)}" src="{source}">{words}</figure>'


@dataclass(frozen=True)
class Tune:
    """A tune as text and, of what was written beside `stem`, as score (PNG) and sound (OGG)."""

    title: str
    text: str
    stem: Path
    note: str = ""

    def html(self) -> str:
        title = html.escape(self.title)
        score, sound = self.stem.with_suffix(".png"), self.stem.with_suffix(".ogg")
        seen = Picture(score, f"Score of {self.title}").html() if score.exists() else ""
        heard = f'<audio controls aria-label="Play {title}" src="{_sound(sound)}"></audio>' if sound.exists() else ""
        lacks = " and ".join(name for name, there in (("score", seen), ("sound", heard)) if not there)
        lacking = f"<p>No {lacks}: the engine could not be used, or had nothing to show or play.</p>" if lacks else ""
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        text = f"<pre class=tune tabindex=0>{html.escape(self.text)}</pre>"
        return f"<article><h3>{title}</h3>{note}{heard}{lacking}{seen}{text}</article>"


@dataclass(frozen=True)
class Table:
    """A table of texts; on a narrow screen every row is a card. Cells that say one of `marked` stand out."""

    table: pd.DataFrame
    caption: str
    marked: Collection[str] = field(default=())

    def html(self) -> str:
        columns = [html.escape(str(column)) for column in self.table.columns]
        head = "".join(f'<th scope="col">{column}</th>' for column in columns)
        rows = []
        for values in self.table.itertuples(index=False):
            cells = "".join(
                f'<td data-label="{column}"><span{self._mark(value)}>{html.escape(str(value))}</span></td>'
                for column, value in zip(columns, values, strict=True)
            )
            rows.append(f"<tr>{cells}</tr>")
        caption = f"<caption>{html.escape(self.caption)}</caption>"
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        return f'<div class=wide role=region aria-label="Table" tabindex=0>{table}</div>'

    def _mark(self, value: object) -> str:
        return f' class="mark {str(value).replace(" ", "-")}"' if value in self.marked else ""


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _sound(file: Path) -> str:
    """As MP3, which every browser plays; older telephones know no OGG. As OGG where MP3 cannot be written."""
    with contextlib.suppress(ImportError, RuntimeError, ValueError, TypeError):
        import soundfile

        samples, rate = soundfile.read(file, dtype="float32")
        written = BytesIO()
        soundfile.write(written, samples, rate, format="MP3", compression_level=SLOWEST)
        return _uri("audio/mpeg", written.getvalue())
    return _uri("audio/ogg", file.read_bytes())
