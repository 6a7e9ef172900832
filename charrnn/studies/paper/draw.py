"""The paper's figures of our runs: curves, tunes with score and sound, and the 52nd unit on a header."""

import re
from functools import lru_cache
from pathlib import Path

from charrnn import run
from charrnn.learning import checkpoint
from charrnn.learning.activations import trace, units
from charrnn.learning.sampling import sample
from charrnn.music.engraving import Engraver
from charrnn.studies.figures import loss_curves
from charrnn.studies.look import save
from charrnn.studies.neurons.asked import PAPERS_UNIT
from charrnn.studies.neurons.pictures import caption, on_text
from charrnn.studies.page import Command, Part, Picture, Text, Tune
from charrnn.studies.paper.figures import CURVES, HEAT_MAP, HEAT_MAP_SAID, TUNES, Composed, Curves
from charrnn.studies.paper.gather import Gathered
from charrnn.studies.paper.words import counted

SAYS = "The paper: "


def curves(found: Gathered, folder: Path) -> list[Part]:
    parts: list[Part] = []
    for figure in CURVES:
        parts += _curves(figure, found, folder)
    return parts + [Command(line) for line in found.commands]


def _curves(figure: Curves, found: Gathered, folder: Path) -> list[Part]:
    runs = found.evidence.runs_of(figure.setting)
    title = f"Figure {figure.number}: {figure.title}"
    if runs.empty:
        return [Text(f"{title}. Not run: make reproduce trains it.")]
    epochs = found.evidence.epochs
    baseline = found.data.get("baseline", {}).get("val_loss")
    drawn = loss_curves(epochs[epochs["run"].isin(runs["run"])], title, baseline)
    save(drawn, folder / f"figure_{figure.number:02d}")
    best, at = runs["best_val_loss"], runs["best_epoch"]
    seeds = counted(len(runs), "seeds")
    ours = f"Ours, {seeds}: smallest validation loss {best.mean():.4f} nats, at epoch {at.mean():.1f}."
    alt = f"Training and validation loss over {int(runs['epochs'].max())} epochs, {figure.title}. {ours}"
    return [Picture(folder / f"figure_{figure.number:02d}.png", alt, f"{title}. {SAYS}“{figure.said}” {ours}")]


def tunes(found: Gathered, folder: Path) -> list[Part]:
    """Every tune of the paper as one of ours, none picked: those that sample.py draws first."""
    folder.mkdir(exist_ok=True)
    parts: list[Part] = []
    with Engraver() as engraver:
        for figure in TUNES:
            parts += _tune(figure, found, folder, engraver)
        parts += [Text(f"Scores or sounds are missing: {error}.") for error in engraver.missing]
    return parts


def _tune(figure: Composed, found: Gathered, folder: Path, engraver: Engraver) -> list[Part]:
    ckpt = found.first(figure.setting)
    if ckpt is None:
        return [Text(f"{figure.title}. Not run: make reproduce trains it.")]
    stem = folder / f"figure_{figure.text:02d}"
    text = _first(ckpt, figure.temperature)[figure.index]
    if not (stem.with_suffix(".abc").exists() and stem.with_suffix(".abc").read_text("utf-8") == text + "\n"):
        engraver.write(text, stem, ("png", "svg", "mid", "ogg"))
        run.write_text(stem.with_suffix(".abc"), text + "\n")
    line = f"python sample.py ckpt={ckpt} temperature={figure.temperature:g}"
    return [Tune(figure.title, text, stem, f"{SAYS}“{figure.said}”"), Command(line)]


@lru_cache(8)  # two figures' pairs are of the same network and temperature
def _first(ckpt: Path, temperature: float) -> list[str]:
    model, vocab = checkpoint.load(str(ckpt))
    return [tune.text for tune in sample(model, vocab, temperature=temperature, num_tunes=2, seed=0)]


def heat_map(found: Gathered, folder: Path) -> list[Part]:
    """The paper's unit and, where the statement was judged, the unit of the first seed that comes nearest to it."""
    ckpt = found.first({})
    if ckpt is None:
        return [Text(f"Figure {HEAT_MAP}. Not run: make reproduce trains it.")]
    model, vocab = checkpoint.load(str(ckpt))
    texts = [tune.text for tune in sample(model, vocab, temperature=1.0, num_tunes=20, seed=0)]
    text = next((_header(text) for text in texts if len(_header(text)) > 40), max(texts, key=len))
    seeds = found.evidence.units.get("seeds", [])
    judged = [row["unit"] for row in seeds if row["run"] == ckpt.name]
    parts: list[Part] = [Text(f"{SAYS}“{HEAT_MAP_SAID}”")]
    if not text:
        return [Text(f"Figure {HEAT_MAP}. The network composes no text to show a unit on: train it longer.")]
    values = trace(model, vocab, [text]).activations
    for unit in dict.fromkeys([PAPERS_UNIT, *judged]):
        if unit < units(model):
            name = f"figure_{HEAT_MAP}_unit_{unit}"
            save(on_text(values[:, unit], text, caption(unit, [])), folder / name)
            why = "the number the paper gives" if unit == PAPERS_UNIT else "the nearest to the paper's words"
            words = f"Figure {HEAT_MAP}: unit {unit} of {ckpt.name}, {why}; red is high, blue is low."
            parts.append(Picture(folder / f"{name}.png", f"{words} Text: {text[:120]}", words))
    return [*parts, Command(f"python analyze.py analysis=neurons ckpt={ckpt}")]


def _header(text: str) -> str:
    """As far as the music, with one line of it."""
    lines = text.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if not re.match(r"[A-Za-z]:", line)), len(lines))
    return "".join(lines[: first + 1])


def clear(folder: Path) -> None:
    """Figures of an older call, whose runs may be others; what was asked of networks stays."""
    for older in folder.glob("figure_*.*"):
        older.unlink()
