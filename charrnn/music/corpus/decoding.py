"""From bytes to text: encodings, ends of lines, blanks, characters that print nothing."""

import re
from collections.abc import Iterator
from itertools import islice

from charrnn.music.corpus.log import EXAMPLES, Log
from charrnn.music.corpus.sources import UTF_16
from charrnn.music.notation.blocks import BLANKS, INVISIBLE

# I:abc-charset of ABC 2.1, and what files in the world call it.
_CHARSET = re.compile(rb"^(?:%%|I:)[ \t]*abc-charset[ \t]+(utf-8|us-ascii|iso-8859-1?[0-9])[ \t\r]*$", re.M | re.I)
_OTHER_LINE_ENDS = re.compile("[\x0b\x0c\u2028\u2029]")
# What a second encoding left: DOS letters (code page 437) within words, else Windows-1252, quotes above all.
_LEFT_OVER = re.compile("[\x80-\x9f]")
_DOS_LETTER = re.compile(r"(?<=[^\W\d_])[\x80-\x9a](?=[^\W\d_])")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f" + "".join(map(chr, INVISIBLE)) + "]")
_BLANKS = re.compile("[" + "".join(map(chr, BLANKS)) + "]")


def decode(data: bytes, log: Log) -> str:
    """The text of a file, whose lines end with a newline and whose blanks are blanks and tabs.

    A line that is not UTF-8 is read in the encoding that abc-charset names, or else as Windows-1252, which is Latin-1
    with quotes and dashes: files are put together from others.
    """
    if data.startswith(UTF_16):
        text = data.decode("utf-16", "replace")
        log.repair("utf_16_files", 1, text[:60])
    else:
        if data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
            log.repair("byte_order_marks", 1, "the first character")
        text = _by_line(data, log)
    if "\r" in text:
        log.repair("line_ends", text.count("\r"), "carriage returns")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    log.repair("left_over_bytes", len(_LEFT_OVER.findall(text)), *islice(_lines_with(_LEFT_OVER, text), EXAMPLES))
    text = _DOS_LETTER.sub(lambda match: match[0].encode("latin-1").decode("cp437"), text)
    text = _LEFT_OVER.sub(lambda match: match[0].encode("latin-1").decode("cp1252", "ignore"), text)
    text, number = _OTHER_LINE_ENDS.subn("\n", text)
    log.repair("other_line_ends", number, "vertical tabs, form feeds, line and paragraph separators")
    log.repair("blanks", len(_BLANKS.findall(text)), *islice(_lines_with(_BLANKS, text), EXAMPLES))
    text = _BLANKS.sub(" ", text)
    log.drop("control_characters", len(_CONTROL.findall(text)), *islice(_lines_with(_CONTROL, text), EXAMPLES))
    return _CONTROL.sub("", text)


def _lines_with(characters: re.Pattern[str], text: str) -> Iterator[str]:
    """The first lines that hold one of these characters."""
    end = -1
    for match in characters.finditer(text):
        if match.start() > end:
            end = text.find("\n", match.start()) % (len(text) + 1)
            yield text[text.rfind("\n", 0, match.start()) + 1 : end]


def _by_line(data: bytes, log: Log) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    charset = _CHARSET.search(data)
    name = charset[1].decode().lower() if charset else "utf-8"
    lines = []
    for line in data.split(b"\n"):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(_decoded(line, name))
            log.repair("lines_not_in_utf_8", 1, lines[-1])
    return "\n".join(lines)


def _decoded(line: bytes, charset: str) -> str:
    if charset not in ("utf-8", "us-ascii", "iso-8859-1"):
        try:
            return line.decode(charset)
        except (UnicodeDecodeError, LookupError):
            pass
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:  # five bytes stand for nothing in it
        return line.decode("latin-1")
