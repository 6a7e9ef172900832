"""From files to tunes, without what a network should not learn."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from charrnn.errors import UserError
from charrnn.music.corpus.decoding import decode
from charrnn.music.corpus.log import Log
from charrnn.music.corpus.paragraphs import split_tune_book
from charrnn.music.corpus.sources import Source
from charrnn.music.notation.blocks import BLOCK

REQUIRED_FIELDS = "XTMLK"
_COURSE_TUNE = re.compile(r"^<start>[ \t]*\n(.*?)(?:^<end>[ \t]*$|^(?=<start>)|\Z)", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)%.*")


@dataclass
class Corpus:
    """Tunes in the order of their files, and what happened on the way to them.

    `report` counts what was read, `dropped`, `repaired` and `ignored`, with examples; data.json holds it as it is.
    """

    tunes: list[str]
    report: dict[str, object] = field(default_factory=dict)


def parse(sources: list[Source]) -> Corpus:
    """Turn files into tunes without end-of-line, comment or control characters the network should not learn.

    A file with `<start>` lines is read in the course's format, any other as an ABC tune book. Tunes that miss a header
    field stay, counted.
    """
    log = Log()
    tunes: list[str] = []
    for source in sources:
        log.file = source.name if len(sources) > 1 else ""
        text = _without_blocks(decode(source.data, log), log)
        is_course = re.search(r"^<start>", text, re.MULTILINE) is not None
        for raw in _course_tunes(text, log) if is_course else split_tune_book(text, log):
            tune = _without_comments(raw, log).strip("\n")
            if tune.strip():
                tunes.append(tune)
            else:
                log.drop("empty_tunes", 1, raw)
    if not tunes:
        raise UserError(
            "data: expected tunes (from a line X: on, or lines with K: and music between blank lines, or between "
            f"<start> and <end>), found none in {len(sources)} file(s); check data.path"
        )
    missing = {f: sum(not re.search(rf"^{f}:", tune, re.MULTILINE) for tune in tunes) for f in REQUIRED_FIELDS}
    report: dict[str, object] = {
        "files": len(sources),
        "bytes": sum(len(source.data) for source in sources),
        "tunes": len(tunes),
        "characters": sum(map(len, tunes)),
        "missing_fields": missing,
        "dropped": dict(log.dropped),
        "repaired": dict(log.repaired),
        "ignored": dict(log.ignored),
        "examples": log.examples,
    }
    return Corpus(tunes, report)


def body(tune: str) -> str:
    """The music of a tune: all lines that are no fields, after the first `K:` if there is one."""
    _, _, after = tune.partition("\nK:")
    lines = (after or tune).split("\n")[1 if after else 0 :]
    return "\n".join(line for line in lines if not re.match(r"[A-Za-z+]:(?![|:])", line))


def _course_tunes(text: str, log: Log) -> Iterator[str]:
    end = 0
    for match in _COURSE_TUNE.finditer(text):
        _drop_text(text[end : match.start()], log)
        yield match[1]
        end = match.end()
    _drop_text(text[end:], log)


def _drop_text(text: str, log: Log) -> None:
    log.drop("characters_outside_tunes", len(text.strip()), text)


def _without_blocks(text: str, log: Log) -> str:
    """%%begintext to %%endtext and the like, which may hold blank lines; one without an end goes to the next tune."""
    if "%%" not in text or "begin" not in text:
        return text

    def kept(match: re.Match[str]) -> str:
        block, rest = match[0], ""
        if match["end"] is None and (tune := re.search(r"^(?=X:|<end>)", block, re.MULTILINE)):
            block, rest = block[: tune.start()], "\n" + block[tune.start() :]
        log.drop("text_blocks", 1, block)
        return rest

    return BLOCK.sub(kept, text)


def _without_comments(tune: str, log: Log) -> str:
    if "%" not in tune:
        return tune
    kept = []
    for line in tune.split("\n"):
        bare = _COMMENT.sub("", line)
        if bare != line:
            log.drop("comments", 1, line[len(bare) :])
            bare = bare.rstrip()
            if not bare:
                continue
        kept.append(bare)
    return "\n".join(kept)
