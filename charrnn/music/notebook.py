"""A tune in a notebook: score, player and text in one piece of HTML that asks for no file."""

import base64
import html
import tempfile
from pathlib import Path

from charrnn.music.engraving import Engraver
from charrnn.music.tune import Tune


def tune_html(tune: Tune) -> str:
    """The HTML, every text in it escaped; a sentence stands for what could not be made."""
    title = html.escape(tune.title or f"tune {tune.index}")
    with tempfile.TemporaryDirectory() as folder, Engraver() as engraver:
        stem = Path(folder) / "tune"
        errors = engraver.write(tune.text, stem, ("ogg", "svg")).errors
        sound, score = (_data_uri(stem.with_suffix(suffix)) for suffix in (".ogg", ".svg"))
    parts = [
        f'<img alt="Score of {title}" src="{score}" style="background: white; max-width: 100%">'
        if score
        else f"<p>No score: {html.escape(errors.get('svg', ''))}</p>",
        f'<audio controls aria-label="Play {title}" src="{sound}"></audio>'
        if sound
        else f"<p>No sound: {html.escape(errors.get('ogg', ''))}</p>",
        f"<details><summary>ABC</summary><pre>{html.escape(tune.text)}</pre></details>",
    ]
    return f'<article class="charrnn-tune">{"".join(parts)}</article>'


_KINDS = {".svg": "image/svg+xml", ".ogg": "audio/ogg"}


def _data_uri(file: Path) -> str | None:
    if not file.exists():
        return None
    return f"data:{_KINDS[file.suffix]};base64,{base64.b64encode(file.read_bytes()).decode()}"
