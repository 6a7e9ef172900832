"""The paper's figures as parts of the page: loss curves, tunes with score and sound, the 52nd unit on a header."""

import re
from functools import lru_cache
from pathlib import Path

from charrnn import run
from charrnn.learning import checkpoint
from charrnn.learning.activations import trace, units
from charrnn.learning.sampling import sample
from charrnn.music.engraving import Engraver
from charrnn.studies.neurons.unit_choice import PAPER_UNIT
from charrnn.studies.neurons.unit_plots import plot_unit_on_text, unit_title
from charrnn.studies.pages import CommandLine, PagePart, Paragraph, Picture, TuneCard
from charrnn.studies.paper.paper_evidence import PaperEvidence
from charrnn.studies.paper.paper_figures import (
    LOSS_FIGURES,
    TUNE_FIGURES,
    UNIT_FIGURE,
    UNIT_QUOTATION,
    LossFigure,
    TuneFigure,
)
from charrnn.studies.paper.paper_tables import count_noun
from charrnn.studies.plots import plot_loss_curves
from charrnn.studies.style import save_figure


def loss_curve_parts(paper: PaperEvidence, folder: Path) -> list[PagePart]:
    """Every loss figure of the paper, and the commands that trained the runs."""
    parts: list[PagePart] = []
    for figure in LOSS_FIGURES:
        parts += _loss_figure(figure, paper, folder)
    return parts + [CommandLine(line) for line in paper.commands]


def _loss_figure(figure: LossFigure, paper: PaperEvidence, folder: Path) -> list[PagePart]:
    runs = paper.evidence.runs_of(figure.setting)
    title = f"Figure {figure.number}: {figure.title}"
    if runs.empty:
        return [Paragraph(f"{title}. Not run: make reproduce trains it.")]
    epochs = paper.evidence.epochs
    baseline = paper.data.get("baseline", {}).get("val_loss")
    plot = plot_loss_curves(epochs[epochs["run"].isin(runs["run"])], title, baseline)
    save_figure(plot, folder / f"figure_{figure.number:02d}")
    best, best_epoch = runs["best_val_loss"], runs["best_epoch"]
    seeds = count_noun(len(runs), "seeds")
    ours = f"Ours, {seeds}: smallest validation loss {best.mean():.4f} nats, at epoch {best_epoch.mean():.1f}."
    alt = f"Training and validation loss over {int(runs['epochs'].max())} epochs, {figure.title}. {ours}"
    caption = f"{title}. The paper: “{figure.quotation}” {ours}"
    return [Picture(folder / f"figure_{figure.number:02d}.png", alt, caption)]


def tune_parts(paper: PaperEvidence, folder: Path) -> list[PagePart]:
    """For every tune of the paper one of ours, none picked: the first ones that sample.py writes."""
    folder.mkdir(exist_ok=True)
    parts: list[PagePart] = []
    with Engraver() as engraver:
        for figure in TUNE_FIGURES:
            parts += _tune_figure(figure, paper, folder, engraver)
        parts += [Paragraph(f"Scores or sounds are missing: {error}.") for error in engraver.missing]
    return parts


def _tune_figure(figure: TuneFigure, paper: PaperEvidence, folder: Path, engraver: Engraver) -> list[PagePart]:
    ckpt = paper.first_seed(figure.setting)
    if ckpt is None:
        return [Paragraph(f"{figure.title}. Not run: make reproduce trains it.")]
    stem = folder / f"figure_{figure.text:02d}"
    text = _first_tunes(ckpt, figure.temperature)[figure.index]
    if not (stem.with_suffix(".abc").exists() and stem.with_suffix(".abc").read_text("utf-8") == text + "\n"):
        engraver.write(text, stem, ("png", "svg", "mid", "ogg"))
        run.write_text(stem.with_suffix(".abc"), text + "\n")
    line = f"python sample.py ckpt={ckpt} temperature={figure.temperature:g}"
    return [TuneCard(figure.title, text, stem, f"The paper: “{figure.quotation}”"), CommandLine(line)]


@lru_cache(8)  # two pairs of figures share a network and a temperature
def _first_tunes(ckpt: Path, temperature: float) -> list[str]:
    model, vocab = checkpoint.load_model(str(ckpt))
    return [tune.text for tune in sample(model, vocab, temperature=temperature, num_tunes=2, seed=0)]


def unit_parts(paper: PaperEvidence, folder: Path) -> list[PagePart]:
    """The paper's unit on a header and, if the statement was tested, the first seed's unit that is nearest to it."""
    ckpt = paper.first_seed({})
    if ckpt is None:
        return [Paragraph(f"Figure {UNIT_FIGURE}. Not run: make reproduce trains it.")]
    model, vocab = checkpoint.load_model(str(ckpt))
    texts = [tune.text for tune in sample(model, vocab, temperature=1.0, num_tunes=20, seed=0)]
    text = next((_header(text) for text in texts if len(_header(text)) > 40), max(texts, key=len))
    tested = [row["unit"] for row in paper.evidence.units.get("seeds", []) if row["run"] == ckpt.name]
    parts: list[PagePart] = [Paragraph(f"The paper: “{UNIT_QUOTATION}”")]
    if not text:
        return [Paragraph(f"Figure {UNIT_FIGURE}. The network composes no text to show a unit on: train it longer.")]
    activations = trace(model, vocab, [text]).activations
    for unit in dict.fromkeys([PAPER_UNIT, *tested]):
        if unit < units(model):
            name = f"figure_{UNIT_FIGURE}_unit_{unit}"
            save_figure(plot_unit_on_text(activations[:, unit], text, unit_title(unit, [])), folder / name)
            why = "the number that the paper gives" if unit == PAPER_UNIT else "the nearest to the paper's description"
            caption = f"Figure {UNIT_FIGURE}: unit {unit} of {ckpt.name}, {why}; red is high, blue is low."
            parts.append(Picture(folder / f"{name}.png", f"{caption} Text: {text[:120]}", caption))
    return [*parts, CommandLine(f"python analyze.py analysis=neurons ckpt={ckpt}")]


def _header(text: str) -> str:
    """The header and the first line of music."""
    lines = text.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if not re.match(r"[A-Za-z]:", line)), len(lines))
    return "".join(lines[: first + 1])


def remove_figures(folder: Path) -> None:
    """Remove the figures of an earlier call, which may show other runs; samples and unit analyses stay."""
    for older in folder.glob("figure_*.*"):
        older.unlink()
