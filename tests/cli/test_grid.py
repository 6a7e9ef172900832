"""Every file below conf/ composes, is checked and builds; how a sweep becomes jobs, and a job its folder."""

import re
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from charrnn.cli.grid import compose_jobs
from charrnn.config import TrainConfig
from charrnn.config_dir import config_dir
from charrnn.errors import UserError
from charrnn.schema import build, plain

FILES = sorted(config_dir().glob("*/**/*.yaml"))
OPTIONS = [(file.parent.relative_to(config_dir()).as_posix(), file.stem) for file in FILES]


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
    if option in ("cluster", "slurm"):
        pytest.importorskip({"cluster": "ray", "slurm": "submitit"}[option])
    jobs = compose_jobs("train", [f"{group}={option}", file, *notation]).jobs
    assert len(jobs) >= 1 and len({job.folder for job in jobs}) == len(jobs)


@pytest.mark.parametrize("program", ["sample", "analyze"])
def test_the_other_commands_compose(program: str):
    arguments = ["ckpt=x"] if program == "sample" else []
    (job,) = compose_jobs(program, arguments).jobs
    assert job.folder is None


def folders(*arguments: str) -> list[str]:
    return [job.folder.name for job in compose_jobs("train", arguments).jobs if job.folder]


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


def overrides(*arguments: str) -> list[list[str]]:
    return [job.overrides for job in compose_jobs("train", ["-m", *arguments]).jobs]


def test_zipped_keys_move_together_within_the_product_of_the_others():
    typed = ("optim=adagrad,rmsprop", "seed=0,1", "optim.lr=0.01,0.001")
    assert len(overrides(*typed)) == 8
    assert overrides(*typed, "zip=[optim,optim.lr]") == [
        [f"optim={name}", f"optim.lr={lr}", f"seed={seed}", "zip=[optim,optim.lr]"]
        for name, lr in (("adagrad", "0.01"), ("rmsprop", "0.001"))
        for seed in (0, 1)
    ]
    two = overrides("model=rnn,lstm", "model.hidden=8,9", *typed, "zip=[[optim,optim.lr],[model,model.hidden]]")
    assert len(two) == 8 and {tuple(line[:2]) for line in two} == {
        ("model=rnn", "model.hidden=8"),
        ("model=lstm", "model.hidden=9"),
    }


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["zip=[optim,optim.lr]", "optim=adam,sgd", "optim.lr=1,2,3"], "optim has 2, optim.lr has 3"),
        (["zip=[optim,optim.lr]", "optim=adam,sgd"], "zip: expected keys with several values, but 'optim.lr'"),
        (["zip=5"], "zip: expected a list of keys, got 5"),
        (["optim.lr=interval(0.1,1)"], "expected a list of values for a grid, got 'optim.lr=interval"),
    ],
)
def test_what_makes_no_grid_is_refused(typed: list[str], sentence: str):
    with pytest.raises(UserError, match=re.escape(sentence)):
        overrides(*typed)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("model.hidden=range(50,53)", ["50", "51", "52"]),
        ("model=choice(rnn,lstm)", ["rnn", "lstm"]),
        ("optim=glob(*,exclude=[adam,sgd])", ["adagrad", "adamw", "rmsprop"]),
        ("model.hidden=sort(3,1,2)", ["1", "2", "3"]),
        ("inputs=chars,[meter]", ["chars", "[meter]"]),
        ("seed=1,1", ["1"]),
    ],
)
def test_every_sweep_of_hydras_grammar_gives_its_values(typed: str, values: list[str]):
    canonical = ["data.notation=canonical"] if "inputs" in typed else []
    assert [lines[0].partition("=")[2] for lines in overrides(typed, *canonical)] == values


def test_experiments_may_be_swept_and_bring_their_own_grids():
    grid = compose_jobs("train", ["-m", "experiment=quick,hidden,cells", "seed=0,1"])
    assert len(grid.jobs) == 1 * 2 + 4 * 2 + 3 * 2 and {job.config.seed for job in grid.jobs} == {0, 1}
    assert grid.swept_keys == ["experiment", "seed", "model.hidden", "model"]


def test_keys_and_groups_may_be_removed_and_added_as_far_as_the_schema_allows():
    assert folders("~experiment") == folders() == folders("++model.hidden=100")
    with pytest.raises(UserError, match=r"model.hidden: expected a value, but the configuration has none"):
        compose_jobs("train", ["~model.hidden"])
    with pytest.raises(UserError, match="unknown key 'x'"):
        compose_jobs("train", ["+x=1"])


def test_a_number_from_the_environment_is_a_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UNITS", "50")
    monkeypatch.setenv("RATE", "1e-3")
    assert folders("model.hidden=${oc.env:UNITS}", "optim.lr=${oc.env:RATE}") == folders(
        "model.hidden=50", "optim.lr=0.001"
    )
    assert compose_jobs("train", ["runs_dir=${oc.env:UNITS}"]).jobs[0].config.runs_dir == "50"


def test_values_far_apart_have_names_apart():
    high, low = folders("-m", "optim.lr=1e38,1e-38")
    assert high.startswith("lr-1e38_") and low.startswith("lr-1e-38_")
