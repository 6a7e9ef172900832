"""Every file below conf/ composes, is checked and builds; a run's folder follows from its configuration."""

import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from charrnn.cli.jobs import compose_jobs
from charrnn.cli.overrides import config_groups
from charrnn.config import TrainConfig, build, plain
from charrnn.config_dir import config_dir
from charrnn.errors import UserError

OPTIONS = [(group, option) for group, options in config_groups().items() for option in options]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_config_file_composes_and_builds(group: str, option: str):
    file = "data.path=../tunes.abc" if (group, option) == ("data", "file") else "seed=0"
    Path("../tunes.abc").write_text("X:1\nK:C\n")
    if group == "analysis":
        assert compose_jobs("analyze", [f"{group}={option}"]).jobs[0].config.analysis.name == option
        return
    notation = ["data.notation=canonical"] if group == "inputs" else []
    batch = compose_jobs("train", [f"{group}={option}", file, *notation])
    assert len(batch.folders) >= 1 and len(set(batch.folders)) == len(batch.folders)


@pytest.mark.parametrize("program", ["sample", "analyze"])
def test_the_other_commands_compose(program: str):
    arguments = ["ckpt=x"] if program == "sample" else []
    assert compose_jobs(program, arguments).folders == []


def folders(*arguments: str) -> list[str]:
    return [folder.name for folder in compose_jobs("train", arguments).folders]


def test_a_folder_is_named_by_what_differs_and_its_identity():
    assert re.fullmatch(r"default_[0-9a-f]{8}", folders()[0])
    assert re.fullmatch(r"hidden-50_seed-1_[0-9a-f]{8}", folders("model.hidden=50", "seed=1")[0])
    assert re.fullmatch(r"cell-lstm_optim-rmsprop_[0-9a-f]{8}", folders("model=lstm", "optim=rmsprop")[0])
    long = folders(
        *(f"{k}=0.123456789" for k in ("regularization.dropout", "optim.lr", "optim.weight_decay", "optim.momentum"))
    )
    assert len(long[0]) <= 80 and re.fullmatch(r"[A-Za-z0-9._-]+", long[0])


def test_what_cannot_change_the_result_does_not_change_the_folder():
    same = [folders(), folders("trainer.threads=2"), folders("trainer.accelerator=cpu"), folders("model.hidden=100")]
    assert len({tuple(names) for names in same}) == 1
    assert folders("optim.lr=0.1") == folders("optim.lr=0.10") == folders("optim.lr=1e-1")


def test_what_can_change_the_result_changes_the_identity():
    arguments = [
        "seed=1",
        "model.layers=2",
        "data=oneill",
        "data.split=contiguous",
        "trainer.max_epochs=61",
        "optim=sgd",
    ]
    identities = {folders(*([a] if a else []))[0][-8:] for a in [None, *arguments]}
    assert len(identities) == len(arguments) + 1


def test_the_same_tunes_elsewhere_are_the_same_run_and_other_tunes_are_not():
    for name, text in (("a.abc", "X:1\nK:C\nCDE|\n"), ("b.abc", "X:1\nK:C\nCDE|\n"), ("c.abc", "X:1\nK:C\nCDF|\n")):
        Path(name).write_text(text)
    a, b, c = (folders("data=file", f"data.path={name}") for name in ("a.abc", "b.abc", "c.abc"))
    assert a == b != c


def test_a_grid_becomes_one_folder_a_job_and_the_command_line_overrides_an_experiment():
    assert len(folders("-m", "model.hidden=50,75", "seed=0,1,2")) == 6
    assert len(folders("experiment=hidden")) == 20
    assert len(folders("experiment=hidden", "model.hidden=50")) == 5


def test_an_impossible_value_anywhere_in_a_grid_is_refused():
    with pytest.raises(UserError, match=r"model.hidden: expected a whole number of at least 1, got 0"):
        compose_jobs("train", ["-m", "model.hidden=50,0"])


def test_a_missing_key_and_a_group_given_as_a_value_are_refused():
    settings = plain(build(TrainConfig, _default()))
    del settings["model"]["hidden"]
    with pytest.raises(UserError, match=r"model.hidden: expected a value"):
        build(TrainConfig, settings)
    with pytest.raises(UserError, match=r"model: expected keys"):
        build(TrainConfig, {**_default(), "model": 3})


def _default() -> dict:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        return OmegaConf.to_container(compose("train"), resolve=True)
