"""Scores of several tunes on one sheet: whether they have form is seen at a glance."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from charrnn import run
from charrnn.music.engraving import Engraver

WIDTH, COLUMNS, GAP = 640, 2, 16  # pixels of a score, scores side by side, pixels between them
TALLEST = 420  # pixels of a score; what is longer is cut


def write_contact_sheet(file: Path, texts: Sequence[str]) -> bool:
    """Write the scores of `texts` as one PNG, in their order, row by row; False where there is no engine for it."""
    scores = _scores(texts)
    if not scores:
        return False
    rows = [scores[start : start + COLUMNS] for start in range(0, len(scores), COLUMNS)]
    heights = [max(score.height for score in row) for row in rows]
    size = COLUMNS * (WIDTH + GAP) + GAP, sum(heights) + GAP * (len(rows) + 1)
    sheet, top = Image.new("L", size, "white"), GAP
    for row, height in zip(rows, heights, strict=True):
        for column, score in enumerate(row):
            sheet.paste(score, (GAP + column * (WIDTH + GAP), top))
        top += height + GAP
    with run.replacing(file) as part:
        sheet.quantize(16).save(part, format="PNG", optimize=True)
    return True


def _scores(texts: Sequence[str]) -> list[Image.Image]:
    scores = []
    with tempfile.TemporaryDirectory() as folder, Engraver() as engraver:
        for number, text in enumerate(texts):
            stem = Path(folder) / f"{number:03d}"
            if "png" in engraver.write(text, stem, ["png"]).files:
                with Image.open(stem.with_suffix(".png")) as score:
                    gray = score.convert("L")
                small = gray.resize((WIDTH, round(gray.height * WIDTH / gray.width)), Image.Resampling.LANCZOS)
                scores.append(small.crop((0, 0, WIDTH, min(small.height, TALLEST))))
    return scores
