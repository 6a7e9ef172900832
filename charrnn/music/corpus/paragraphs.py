"""An ABC tune book: which of its paragraphs are tunes, and what the fields before the first mean for all.

A tune begins at a line X: and ends before the first blank line (ABC 2.1, section 2.2). Books in the world leave out X:,
or break a tune with a blank line; what is clearly music is kept all the same.
"""

import re
from collections.abc import Iterator

from charrnn.music.corpus.log import Log

_FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)")
_KEY = re.compile(r"^K:", re.MULTILINE)
FILE_FIELDS = "MLUm"
"""Fields of a file header that say how its tunes are read (ABC 2.1, section 2.2.2)."""


def split_tune_book(text: str, log: Log) -> Iterator[str]:
    """The tunes of a file. Text outside of them is dropped, fields for all of them are put in; both are counted."""
    head, *numbered = re.split(r"^(?=X:)", text, flags=re.MULTILINE)
    paragraphs = _paragraphs(head)
    defaults = _file_header(paragraphs, log)
    given = 0
    for paragraph in paragraphs:
        if _is_tune(paragraph, is_numbered=bool(numbered)):
            given += 1
            log.repair("numbers_given", 1, f"X:{given} {paragraph}")
            yield _with(defaults, f"X:{given}\n{paragraph}", log)
        else:
            log.drop("characters_outside_tunes", len(paragraph), paragraph)
    for tune in numbered:
        music, *rest = _paragraphs(tune)
        while rest and _continues(music, rest[0]):
            log.repair("blank_lines", 1, rest[0])
            music = f"{music}\n{rest.pop(0)}"
        yield _with(defaults, music, log)
        for paragraph in rest:
            if _is_tune(paragraph, is_numbered=True):
                given += 1
                number = len(numbered) + given
                log.repair("numbers_given", 1, f"X:{number} {paragraph}")
                yield _with(defaults, f"X:{number}\n{paragraph}", log)
            else:
                log.drop("characters_outside_tunes", len(paragraph), paragraph)


def _paragraphs(text: str) -> list[str]:
    paragraphs = (paragraph.strip("\n") for paragraph in re.split(r"\n[ \t]*(?=\n)", text))
    return [paragraph for paragraph in paragraphs if paragraph.strip()]


def _file_header(paragraphs: list[str], log: Log) -> dict[str, list[str]]:
    """The fields of the first paragraph, if that is no tune: it is taken from the paragraphs."""
    defaults: dict[str, list[str]] = {}
    if not paragraphs or _KEY.search(paragraphs[0]):
        return defaults
    for line in paragraphs.pop(0).split("\n"):
        match = _FIELD.match(line)
        if match is None:
            if not line.startswith("%"):
                log.drop("characters_outside_tunes", len(line.strip()), line)
        elif match[1] in FILE_FIELDS:
            defaults.setdefault(match[1], []).append(line)
        else:
            log.ignore("file_header_fields", 1, line)
    return defaults


def _with(defaults: dict[str, list[str]], tune: str, log: Log) -> str:
    """The tune with those fields of the file's header that its own header lacks, before its K:."""
    if not defaults:
        return tune
    lines = tune.split("\n")
    key = next((i for i, line in enumerate(lines) if line.startswith("K:")), 1)
    own = {line[0] for line in lines[:key] if _FIELD.match(line)}
    added = [line for letter, of_letter in defaults.items() if letter not in own for line in of_letter]
    log.repair("fields_of_the_file", len(added), *added)
    return "\n".join([*lines[:key], *added, *lines[key:]])


def _is_tune(paragraph: str, *, is_numbered: bool) -> bool:
    """Whether a paragraph without X: is a tune: fields with K:, and music behind.

    In a book whose tunes have numbers it begins with more than K:, which may stand where a tune goes on.
    """
    lines = paragraph.split("\n")
    first = _FIELD.match(lines[0])
    at = next((i for i, line in enumerate(lines) if not _FIELD.match(line)), len(lines))
    has_key = any(line.startswith("K:") for line in lines[:at])
    return bool(first and has_key and at < len(lines) and not (is_numbered and first[1] in "KPVwW"))


def _continues(tune: str, paragraph: str) -> bool:
    """Whether a paragraph behind a blank line belongs to the tune before it, which without it has no music.

    Either the tune has no K: so far, and the paragraph has fields with K:; or the tune ends with K:, and the paragraph
    begins with music.
    """
    lines = paragraph.split("\n")
    if _KEY.search(tune) is None:
        return _FIELD.match(lines[0]) is not None and _is_tune(paragraph, is_numbered=False) and lines[0][0] not in "T"
    return tune.rpartition("\n")[2].startswith("K:") and "|" in lines[0]
