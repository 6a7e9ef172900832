"""Tunes from ABC text and files, and a tune book, one file with many tunes (ABC 2.1, section 2.2)."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from charrnn.errors import UserError
from charrnn.music.corpus import Source, parse
from charrnn.music.tune import Tune

_BEGINNING = re.compile(r"^(?:X:|<start>)", re.MULTILINE)


def read_abc(source: str | os.PathLike[str]) -> Tune:
    """The one tune of an ABC text or file. Text is a str with a line feed; all else is a path.

    As in training, comments and control characters are dropped. A fragment without X: is a tune, too, though not a
    well-formed one. Raises UserError for a file that cannot be read, and for several tunes: `read_tune_book` reads
    those.

    >>> read_abc("X:1\\nT:A scale\\nM:4/4\\nL:1/8\\nK:D\\nDEFG ABcd|dcBA GFED|").title
    'A scale'
    """
    tunes = read_tune_book(source)
    if len(tunes) > 1:
        raise UserError(f"expected one tune, got {len(tunes)}; read them all with charrnn.read_tune_book")
    return tunes[0]


def read_tune_book(source: str | os.PathLike[str]) -> list[Tune]:
    """All tunes of an ABC text or file, in their order; see `read_abc`.

    >>> [tune.title for tune in read_tune_book("X:1\\nT:One\\nK:C\\nCDE|\\n\\nX:2\\nT:Two\\nK:C\\nEDC|\\n")]
    ['One', 'Two']
    """
    if isinstance(source, str) and "\n" in source:
        name, content = "text", source.encode("utf-8", "replace")
    else:
        name, content = str(source), _content(Path(source).expanduser())
    text = content.decode("utf-8-sig", "replace").replace("\r", "\n")
    if not text.strip():
        raise UserError(f"expected ABC, but {name!r} is empty; name another file")
    if not _BEGINNING.search(text):
        content = b"<start>\n" + content + b"\n<end>\n"  # a fragment, taken as it is
    return [Tune(tune, index) for index, tune in enumerate(parse([Source(name, content)]).tunes)]


def _content(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UserError(
            f"expected ABC text or a file of it, but {str(file)!r} cannot be read: {why}; "
            "text has at least one line feed"
        ) from error
    if b"\0" in content:
        raise UserError(f"expected a text file, but {str(file)!r} is binary (it holds a NUL byte)")
    return content


def tune_book(tunes: Iterable[Tune]) -> str:
    """The text of a tune book, in which the tunes are numbered from 1 and each stays one tune.

    A tune begins at its X: and ends at a blank line, and a network writes both where it likes: further lines X: and
    blank lines become comments.
    """
    return "\n\n".join(["%abc-2.1", *(_numbered(tune.text, number) for number, tune in enumerate(tunes, 1))]) + "\n"


def _numbered(text: str, number: int) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    if lines[0].startswith("X:"):
        del lines[0]
    kept = [f"%{line}" if line.startswith("X:") or not line.strip() else line for line in lines]
    return "\n".join([f"X:{number}", *kept])
