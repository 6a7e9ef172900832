"""From files to tunes: what is read, what is dropped and what is repaired, all counted."""

import hashlib
import importlib.util
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from charrnn.errors import UserError

# Folders inside music21's corpus. The collections carry no licence of their own, so they are read from the installed
# package and never copied (music21 corpus/license.txt).
COLLECTIONS = {
    "ryan": ("ryansMammoth",),
    "oneill": ("oneills1850",),
    "aird": ("airdsAirs",),
    "all": ("ryansMammoth", "oneills1850", "airdsAirs"),
    # Never in all: music21's licence file calls its status unclear and allows what is not commercial (docs/inputs.md).
    "essen": ("essenFolksong",),
}
SUFFIXES = (".abc", ".txt")
REQUIRED_FIELDS = "XTMLK"
DROPPED = ("characters_outside_tunes", "comments", "control_characters", "empty_tunes")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COURSE_TUNE = re.compile(r"^<start>[ \t]*\n(.*?)(?:^<end>[ \t]*$|^(?=<start>)|\Z)", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%.*")


@dataclass(frozen=True)
class Source:
    """One file as it lies on disk; `name` is relative to the folder the user named."""

    name: str
    data: bytes


@dataclass
class Corpus:
    """Tunes in the order of their files, and what happened on the way to them.

    `report` counts what was read, `dropped` and `repaired`; it is written to data.json as it is.
    """

    tunes: list[str]
    report: dict[str, object] = field(default_factory=dict)


def find_sources(source: str, path: str | None = None) -> list[Source]:
    """Read the files of a bundled collection, or of `path` when `source` is "file"."""
    if source == "file":
        return list(_user_files(path))
    root = _music21_corpus()
    found = [
        Source(f"{folder}/{file.name}", file.read_bytes())
        for folder in COLLECTIONS[source]
        for file in sorted((root / folder).glob("*.abc"))
    ]
    if not found:
        raise UserError(
            f"data={source}: expected ABC files of the package music21 below its folder corpus, found none; "
            "install the full music21 (pip install music21), or read your own with data=file data.path=…"
        )
    return found


def fingerprint(sources: list[Source]) -> str:
    """SHA-256 of all bytes in reading order; names do not count, so a moved folder is the same data."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(len(source.data).to_bytes(8, "big"))
        digest.update(source.data)
    return digest.hexdigest()


def parse(sources: list[Source]) -> Corpus:
    """Turn files into tunes without end-of-line, comment or control characters the network should not learn.

    A file with `<start>` lines is read in the course's format, any other as an ABC tune book: a tune begins at a line
    `X:` and ends before the first blank line (ABC 2.1, section 2.2). Tunes that miss a header field stay, counted.
    """
    dropped = Counter(dict.fromkeys(DROPPED, 0))
    repaired: Counter[str] = Counter()
    tunes: list[str] = []
    for source in sources:
        text = _decode(source, repaired)
        text, count = _CONTROL.subn("", text)
        dropped["control_characters"] += count
        is_course = re.search(r"^<start>", text, re.MULTILINE) is not None
        for raw in _course_tunes(text, dropped) if is_course else _tune_book(text, dropped):
            tune = _without_comments(raw, dropped).strip("\n")
            if tune.strip():
                tunes.append(tune)
            else:
                dropped["empty_tunes"] += 1
    if not tunes:
        raise UserError(
            f"data: expected tunes (from a line X: on, or between <start> and <end>), found none in {len(sources)} "
            "file(s); check data.path"
        )
    missing = {f: sum(not re.search(rf"^{f}:", tune, re.MULTILINE) for tune in tunes) for f in REQUIRED_FIELDS}
    report: dict[str, object] = {
        "files": len(sources),
        "bytes": sum(len(source.data) for source in sources),
        "tunes": len(tunes),
        "characters": sum(map(len, tunes)),
        "missing_fields": missing,
        "dropped": dict(dropped),
        "repaired": dict(repaired),
    }
    return Corpus(tunes, report)


def body(tune: str) -> str:
    """The music of a tune: all lines that are no fields, after the first `K:` if there is one."""
    _, _, after = tune.partition("\nK:")
    lines = (after or tune).split("\n")[1 if after else 0 :]
    return "\n".join(line for line in lines if not re.match(r"[A-Za-z+]:(?![|:])", line))


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
        if b"\0" in data:
            raise UserError(f"data.path: expected a text file, but {str(file)!r} is binary (it holds a NUL byte)")
        yield Source(str(file.relative_to(root)) if root.is_dir() else file.name, data)


def _decode(source: Source, repaired: Counter[str]) -> str:
    data = source.data
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        repaired["byte_order_marks"] += 1
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        repaired["latin1_files"] += 1
    if "\r" in text:
        repaired["line_ends"] += text.count("\r")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _course_tunes(text: str, dropped: Counter[str]) -> Iterator[str]:
    end = 0
    for match in _COURSE_TUNE.finditer(text):
        dropped["characters_outside_tunes"] += len(text[end : match.start()].strip())
        yield match[1]
        end = match.end()
    dropped["characters_outside_tunes"] += len(text[end:].strip())


def _tune_book(text: str, dropped: Counter[str]) -> Iterator[str]:
    head, *tunes = re.split(r"^(?=X:)", text, flags=re.MULTILINE)
    dropped["characters_outside_tunes"] += len(head.strip())
    for tune in tunes:
        music, *rest = re.split(r"\n[ \t]*\n", tune, maxsplit=1)
        dropped["characters_outside_tunes"] += len("".join(rest).strip())
        yield music


def _without_comments(tune: str, dropped: Counter[str]) -> str:
    if "%" not in tune:
        return tune
    kept = []
    for line in tune.split("\n"):
        bare = _COMMENT.sub("", line)
        if bare != line:
            dropped["comments"] += 1
            bare = bare.rstrip()
            if not bare:
                continue
        kept.append(bare)
    return "\n".join(kept)
