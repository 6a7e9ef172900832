"""What is taken out of a text before it is read: blocks of prose or drawings, blanks other than that of ASCII."""

import re

from charrnn.music.notation.records import Problem

_WIDTHS = "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
BLANKS = dict.fromkeys(map(ord, f"\u00a0\u1680{_WIDTHS}\u202f\u205f\u3000"), " ")
"""Blanks of web pages and word processors."""
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Characters without a width: soft hyphen, zero-width blanks and joiners, byte order mark."""
_BLANKS = BLANKS | dict.fromkeys(INVISIBLE, " ")
BLOCK = re.compile(
    r"""^%%[ \t]*begin(?P<what>[a-z]+)\b[^\n\r]*
    (?:[\n\r]+(?!%%[ \t]*end(?P=what)\b)[^\n\r]*)*
    (?P<end>[\n\r]+%%[ \t]*end(?P=what)\b[^\n\r]*)?""",
    re.MULTILINE | re.VERBOSE,
)
"""%%begintext to %%endtext, and others (ABC 2.1, section 2.2.3); without an end, to the end of the text."""


def without_blocks(text: str, problems: list[Problem]) -> str:
    """The text as it is to be read, of the same length: blocks are comments, blanks are those of ASCII."""
    if not text.isascii():
        text = text.translate(_BLANKS)
    if "%%" not in text or "begin" not in text:
        return text

    def commented(match: re.Match[str]) -> str:
        if match["end"] is None:
            problems.append(Problem("unclosed block", match.start(), match[0][:20], f"%%end{match['what']} behind it"))
        return "%" * len(match[0])

    return BLOCK.sub(commented, text)
