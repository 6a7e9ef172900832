"""python analyze.py analysis=neurons ckpt=RUN: which unit responds to what, learned or not, and what ablation costs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from charrnn import run
from charrnn.config import AnalyzeConfig
from charrnn.errors import UserError
from charrnn.learning import checkpoint
from charrnn.learning.activations import trace, units
from charrnn.learning.model import CharRNN
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import features_of
from charrnn.studies.neurons import unit_plots
from charrnn.studies.neurons.ablation import ablate_units, with_ablation
from charrnn.studies.neurons.across_seeds_report import report_across_seeds
from charrnn.studies.neurons.messages import feature_messages
from charrnn.studies.neurons.probe_tunes import (
    HELD_OUT,
    SELECTIVITY_CHARACTERS,
    ProbeTunes,
    generate_tunes,
    held_out_tunes,
    tunes_to_show,
)
from charrnn.studies.neurons.selectivity import feature_auc, learned_features
from charrnn.studies.neurons.unit_choice import most_selective_units, requested_units, units_to_ablate
from charrnn.studies.neurons.unit_page import render_unit_page
from charrnn.studies.neurons.untrained import untrained_networks
from charrnn.studies.style import save_figure

DEFAULT_RUNS = "runs"  # the default of runs=: no seeds are compared
MOST_SELECTIVE = 5  # units that get a figure, beside the paper's
GENERATED = "generated"


def report_neurons(config: AnalyzeConfig) -> None:
    """Write report/<name>/neurons/ for the run `ckpt`, and for the seeds `runs` if they are given."""
    if config.ckpt is None and config.runs == DEFAULT_RUNS:
        raise UserError("ckpt: expected a run folder or a checkpoint, got none; give ckpt=…, or seeds: runs='PATTERN'")
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other
    if config.ckpt is not None:
        _report_run(config, config.ckpt)
    if config.runs != DEFAULT_RUNS:
        report_across_seeds(config)


@dataclass(frozen=True)
class UnitAnalysis:
    """One network's AUCs on "held-out" and "generated" tunes, its ablations, its best units, and their messages."""

    auc_tables: dict[str, pd.DataFrame]
    ablation: pd.DataFrame
    best: pd.DataFrame
    messages: dict[str, str]

    @property
    def auc(self) -> pd.DataFrame:
        """The AUCs on human tunes, or on generated ones if there are no others."""
        return next(iter(self.auc_tables.values()))


def _report_run(config: AnalyzeConfig, ckpt: str) -> None:
    model, vocab = checkpoint.load_model(ckpt)
    requested = requested_units(config.unit, units(model))
    human, generated = held_out_tunes(ckpt, vocab), generate_tunes(model, vocab, config.seed)
    shown = tunes_to_show(config.text, vocab, human, generated)
    print(_probe_line(human, generated))
    analysis = _analyze(model, vocab, human, generated)
    print(*analysis.messages.values(), sep="\n")
    folder = Path(config.report_dir) / (config.name or checkpoint.find(ckpt).resolve().parent.name) / "neurons"
    folder.mkdir(parents=True, exist_ok=True)
    files = _write_tables(folder, analysis)
    traced, selective = trace(model, vocab, shown), most_selective_units(analysis.best)
    title = f"Units of {folder.parent.name}"
    first_unit = next(iter(requested if config.unit is not None else selective), 0)
    page = render_unit_page(title, shown, traced, vocab, analysis.auc, analysis.messages, first_unit)
    run.write_text(folder / "index.html", page)
    plotted = requested if config.unit is not None else list(dict.fromkeys([*selective[:MOST_SELECTIVE], *requested]))
    files += _save_figures(folder, analysis, traced.activations[: len(shown[0])], shown[0], plotted)
    print(f"report    {folder}: index.html, {', '.join(files)}")


def _probe_line(human: list[str], generated: list[str]) -> str:
    if not human:
        return "held-out  none: the run's data cannot be read; units are probed on generated tunes"
    count = sum(map(len, ProbeTunes.of(human).selectivity))
    too_few = count < SELECTIVITY_CHARACTERS
    warning = f", fewer than {SELECTIVITY_CHARACTERS:,}: large AUCs may be chance" if too_few else ""
    return f"probed    {count:,} characters of held-out tunes, {sum(map(len, generated)):,} of generated ones{warning}"


def _analyze(model: CharRNN, vocab: Vocabulary, human: list[str], generated: list[str]) -> UnitAnalysis:
    probe = ProbeTunes.of(human or generated)
    features = features_of(probe.selectivity)
    activations = trace(model, vocab, probe.selectivity).activations
    auc = feature_auc(activations, features)
    if auc["auc"].isna().all():
        raise UserError(f"ckpt: expected more text to probe units on than {len(activations)} characters; train longer")
    untrained = [
        feature_auc(trace(network, vocab, probe.selectivity).activations, features, shifts=False)
        for network in untrained_networks(model)
    ]
    best = learned_features(auc, untrained)
    ablated = units_to_ablate(units(model), best["unit"].to_list())
    ablation = ablate_units(model, vocab, probe.ablation, ablated, activations.mean(0))
    best = with_ablation(best, ablation)
    tables = {HELD_OUT: auc} if human else {}
    if generated:
        own_activations = trace(model, vocab, generated).activations
        tables[GENERATED] = feature_auc(own_activations, features_of(generated)) if human else auc
    return UnitAnalysis(tables, ablation, best, feature_messages(best, tables.get(GENERATED), human=bool(human)))


def _write_tables(folder: Path, analysis: UnitAnalysis) -> list[str]:
    auc = pd.concat([table.assign(text=name) for name, table in analysis.auc_tables.items()], ignore_index=True)
    best = analysis.best.assign(message=pd.Series(analysis.messages)).reset_index()
    tables = {"feature_auc.csv": auc, "best_units.csv": best, "ablation.csv": analysis.ablation}
    for name, table in tables.items():
        run.write_text(folder / name, table.to_csv(index=False, float_format="%.6g"))
    return list(tables)


def _save_figures(
    folder: Path, analysis: UnitAnalysis, activations: np.ndarray, text: str, plotted: list[int]
) -> list[str]:
    """All activations on the text, the `plotted` units on it, AUCs, ablations; figures of other units are removed."""
    for older in folder.glob("unit_*.*"):
        older.unlink()
    files = save_figure(unit_plots.plot_activations(activations, text), folder / "activations")
    best_unit = analysis.best["unit"]
    for unit in plotted:
        title = unit_plots.unit_title(unit, [str(name) for name in best_unit.index[best_unit == unit]])
        figure = unit_plots.plot_unit_on_text(activations[:, unit], text, title)
        files += save_figure(figure, folder / f"unit_{unit}")
    source = "held-out tunes" if HELD_OUT in analysis.auc_tables else "generated tunes"
    title = f"every unit and feature, on {source}"
    files += save_figure(unit_plots.plot_feature_auc(analysis.auc, analysis.best, title), folder / "feature_auc")
    return files + save_figure(unit_plots.plot_ablation(analysis.ablation, analysis.best), folder / "ablation")
