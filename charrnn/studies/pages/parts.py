"""The parts of a page. Each renders itself as HTML with all text escaped and all files embedded."""

import base64
import contextlib
import html
from collections.abc import Collection
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Protocol

import pandas as pd

IMAGE_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
MP3_COMPRESSION = 0.6  # from 0 to 1 (libsndfile); a single melody loses nothing that a phone's speaker plays


class PagePart(Protocol):
    """Anything that a section can hold."""

    def html(self) -> str:
        """The part as HTML, with all its text escaped."""
        ...


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: str

    def html(self) -> str:
        return f"<p>{html.escape(self.text)}</p>"


@dataclass(frozen=True)
class CommandLine:
    """The command that makes this part again."""

    line: str

    def html(self) -> str:
        return f"<pre class=command tabindex=0>{html.escape(self.line)}</pre>"


@dataclass(frozen=True)
class Picture:
    """A PNG or SVG file with its alt text and, optionally, a caption."""

    file: Path
    alt: str
    caption: str = ""

    def html(self) -> str:
        source = _uri(IMAGE_TYPES[self.file.suffix], self.file.read_bytes())
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure><img alt="{html.escape(self.alt)}" src="{source}">{caption}</figure>'


@dataclass(frozen=True)
class TuneCard:
    """A tune: its text, the score (PNG) and sound (OGG) beside `stem` where they exist, and one more picture of it."""

    title: str
    text: str
    stem: Path
    note: str = ""
    picture: Picture | None = None

    def html(self) -> str:
        title = html.escape(self.title)
        score, sound = self.stem.with_suffix(".png"), self.stem.with_suffix(".ogg")
        picture = Picture(score, f"Score of {self.title}").html() if score.exists() else ""
        player = f'<audio controls aria-label="Play {title}" src="{_audio(sound)}"></audio>' if sound.exists() else ""
        missing = " and ".join(name for name, part in (("score", picture), ("sound", player)) if not part)
        warning = f"<p>No {missing}: the engine is missing, or the tune has no notes.</p>" if missing else ""
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        text = f"<pre class=tune tabindex=0>{html.escape(self.text)}</pre>"
        beside = self.picture.html() if self.picture else ""
        return f"<article><h3>{title}</h3>{note}{player}{warning}{picture}{beside}{text}</article>"


@dataclass(frozen=True)
class Table:
    """A table; on a narrow screen every row is a card. Cells whose text is one of `marked` are highlighted."""

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


def _audio(file: Path) -> str:
    """As MP3, since older phones play no OGG; as OGG where MP3 cannot be written."""
    with contextlib.suppress(ImportError, RuntimeError, ValueError, TypeError):
        import soundfile

        samples, rate = soundfile.read(file, dtype="float32")
        mp3 = BytesIO()
        soundfile.write(mp3, samples, rate, format="MP3", compression_level=MP3_COMPRESSION)
        return _uri("audio/mpeg", mp3.getvalue())
    return _uri("audio/ogg", file.read_bytes())
