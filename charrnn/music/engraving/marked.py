"""A picture for a tune that has no score: its text, with the first problem marked."""

from xml.sax.saxutils import escape

from charrnn.music.engraving.directions import plain_text
from charrnn.music.notation import Reading

COLUMNS, LINES = 100, 60
_WIDTH, _HEIGHT = 9.04, 20  # of a character of 15 px DejaVu Sans Mono, and of a line


def marked(reading: Reading, why: str) -> str:
    """An SVG of up to LINES lines around the first problem; longer lines are cut."""
    problem = reading.problems[0] if reading.problems else None
    before = reading.text[: problem.position] if problem else ""
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    lines = reading.text.split("\n")
    first = max(0, min(line - LINES // 2, len(lines) - LINES))
    shown = [_visible(text)[:COLUMNS] for text in lines[first : first + LINES]]
    words = [f"no score: {why}"]
    if problem:
        words.append(
            f"first problem, line {line + 1}: {problem.kind}; found {problem.found!r}, expected {problem.expected}"
        )
    width = round(_WIDTH * max([40, *map(len, shown), *(len(w) for w in words)])) + 40
    height = _HEIGHT * (len(shown) + len(words) + 2) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    style = 'font-family="DejaVu Sans Mono, monospace" font-size="15" xml:space="preserve"'
    red = 'font-weight="bold" fill="#B00000"'
    for i, word in enumerate(words):
        parts.append(f'<text x="20" y="{_HEIGHT * (i + 1) + 5}" {style} {red}>{escape(plain_text(word))}</text>')
    top = _HEIGHT * (len(words) + 1) + 10
    if problem and column < COLUMNS:
        x, y = 20 + _WIDTH * column, top + _HEIGHT * (line - first) + 4
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{_WIDTH}" height="{_HEIGHT - 2}" fill="#FFB0B0"/>')
    parts += [
        f'<text x="20" y="{top + _HEIGHT * i + 18}" {style}>{escape(text)}</text>'
        for i, text in enumerate(shown)
        if text
    ]
    return "".join(parts) + "</svg>"


def _visible(text: str) -> str:
    """Every character one column wide, and none that XML forbids."""
    return "".join(c if c.isprintable() else "·" for c in text)
