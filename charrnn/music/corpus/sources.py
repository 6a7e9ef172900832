"""The files that tunes are read from: those of the installed collections, or the user's."""

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charrnn.errors import UserError

# Folders inside music21's corpus. The collections carry no licence of their own, so they are read from the installed
# package and never copied (music21 corpus/license.txt).
COLLECTIONS = {
    "ryan": ("ryansMammoth",),
    "oneill": ("oneills1850",),
    "aird": ("airdsAirs",),
    "all": ("ryansMammoth", "oneills1850", "airdsAirs"),
    # Never in all: music21 may pass it on for what is not commercial, and its status is unclear (docs/inputs.md).
    "essen": ("essenFolksong",),
}
SUFFIXES = (".abc", ".txt")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""


@dataclass(frozen=True)
class Source:
    """One file as it lies on disk; `name` is relative to the folder the user named."""

    name: str
    data: bytes


def find_sources(source: str, path: str | None = None) -> list[Source]:
    """Read the files of a bundled collection, or of `path` when `source` is "file"."""
    if source == "file":
        return list(_user_files(path))
    root = _music21_corpus()
    sources = [
        Source(f"{folder}/{file.name}", file.read_bytes())
        for folder in COLLECTIONS[source]
        for file in sorted((root / folder).glob("*.abc"))
    ]
    if not sources:
        raise UserError(
            f"data={source}: expected ABC files of the package music21 below its folder corpus, found none; "
            "install the full music21 (pip install music21), or read your own with data=file data.path=…"
        )
    return sources


def fingerprint(sources: list[Source]) -> str:
    """SHA-256 of all bytes in reading order; names do not count, so a moved folder is the same data."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(len(source.data).to_bytes(8, "big"))
        digest.update(source.data)
    return digest.hexdigest()


def _music21_corpus() -> Path:
    # Asking for the spec finds the package without importing it, which would take a second.
    spec = importlib.util.find_spec("music21")
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "expected the package music21, which carries the bundled tunes; install it: pip install music21"
        )
    return Path(spec.submodule_search_locations[0]) / "corpus"


def _user_files(path: str | None) -> Iterator[Source]:
    if not path:
        raise UserError("data=file needs data.path=… : a file or a folder with .abc or .txt files")
    root = Path(os.path.expanduser(path))
    if not root.exists():
        raise UserError(f"data.path: expected a file or a folder, but there is nothing at {path!r}; check the path")
    files = (
        [root] if root.is_file() else sorted(f for f in root.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())
    )
    if not files:
        raise UserError(f"data.path: expected .abc or .txt files, but the folder {path!r} holds none, at any depth")
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise UserError(f"data.path: cannot read {str(file)!r}: {error.strerror}") from error
        if b"\0" in data and not data.startswith(UTF_16):
            raise UserError(f"data.path: expected a text file, but {str(file)!r} is binary (it holds a NUL byte)")
        yield Source(str(file.relative_to(root)) if root.is_dir() else file.name, data)
