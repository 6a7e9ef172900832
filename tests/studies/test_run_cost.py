"""What a run will cost, against the real network and fabricated runs of a known speed."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from charrnn import run
from charrnn.config import Model, TrainConfig, plain
from charrnn.learning.model import CharRNN
from charrnn.studies.run_cost import estimate_epoch_seconds, measure_slowdown, parameter_count


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(("hidden", "layers", "alphabet"), [(5, 1, 7), (100, 1, 96), (20, 3, 11)])
def test_parameters_are_those_of_the_real_network(cell: str, hidden: int, layers: int, alphabet: int):
    network = CharRNN(alphabet, cell=cell, hidden=hidden, layers=layers)
    assert parameter_count(Model(cell, hidden, layers), alphabet) == sum(p.numel() for p in network.parameters())


def test_an_epoch_costs_more_with_more_units_layers_and_characters_and_less_when_it_is_cut(default_config: TrainConfig):
    base = estimate_epoch_seconds(default_config, 96, 350_000)
    wider = replace(default_config, model=replace(default_config.model, hidden=150))
    deeper = replace(default_config, model=replace(default_config.model, layers=2))
    cut = replace(default_config, trainer=replace(default_config.trainer, limit_blocks=2))
    assert base < estimate_epoch_seconds(wider, 96, 350_000) < estimate_epoch_seconds(deeper, 96, 350_000)
    assert estimate_epoch_seconds(default_config, 96, 700_000) == pytest.approx(2 * base, rel=0.01)
    # 364 windows of 32 × 30 characters, of which two blocks of ten are left
    assert estimate_epoch_seconds(cut, 96, 350_000) == pytest.approx(base * 20 / 364)


def test_the_speed_is_the_median_over_runs_on_disk_and_damaged_ones_do_not_count(
    tmp_path: Path, default_config: TrainConfig
):
    estimate = estimate_epoch_seconds(default_config, 96, 350_000)
    for name, factor in (("a", 2.0), ("b", 3.0), ("c", 7.0)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.yaml").write_text(yaml.safe_dump(plain(default_config)))
        run.write_json(folder / "data.json", {"alphabet": 96, "split": {"train": {"characters": 350_000}}})
        # the second epoch was cut by a resume and has no time
        (folder / "metrics.csv").write_text(f"epoch,seconds\n0,{factor * estimate}\n1,\n2,{factor * estimate}\n")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "config.yaml").write_text("{")
    assert measure_slowdown(sorted(tmp_path.iterdir())) == (pytest.approx(3.0), 3)
    assert measure_slowdown([]) == (1.0, 0)
