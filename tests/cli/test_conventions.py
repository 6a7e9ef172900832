"""What a daily user of Hydra tries works, or is refused in one sentence; docs/frameworks.md lists it.

The commands run in this process and train nothing.
"""

import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, SMOKE

from charrnn.cli.main import main
from charrnn.errors import UserError

Call = Callable[..., tuple[int, str, str]]
OWN = {
    "experiment/own.yaml": """\
# @package _global_
defaults:
  - override /model: big
hydra: {mode: MULTIRUN, sweeper: {params: {seed: "0,1"}}}
""",
    "experiment/nested/deep.yaml": """\
# @package _global_
defaults: [/experiment/own, _self_]
model: {layers: 2}
""",
    "experiment/elsewhere.yaml": """\
# @package _global_
defaults:
  - override /hydra/launcher: cores
""",
    "model/big.yaml": "cell: gru\nhidden: 12\n",
    "model/broken.yaml": "cell: gru\nhidden: [1\nlayers: 2\n",
    "mine.yaml": "defaults: [train, _self_]\nseed: 7\n",
}


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Call:
    """A command in a folder of its own, beside mine/ with a user's configuration: exit code, output, errors."""
    for name, content in OWN.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(content)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")

    def run_command(program: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(logging.getLogger(), "handlers", [])
        monkeypatch.setattr(sys, "argv", [str(ROOT / f"{program}.py"), *arguments])
        with pytest.raises(SystemExit) as end:
            main(program)
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err and isinstance(end.value.code, int)
        return end.value.code, shown.out, shown.err

    return run_command


@pytest.fixture
def planned(call: Call) -> Callable[..., list[str]]:
    """The names of the runs that a dry run of train lists."""

    def names(*arguments: str) -> list[str]:
        code, out, err = call("train", *arguments, *SMOKE, "dry_run=true")
        assert code == 0, err
        return [line.split()[0].removeprefix("data-file_") for line in out.splitlines() if " new " in line]

    return names


@pytest.fixture
def refused(call: Call) -> Callable[..., str]:
    def sentence(*arguments: str, program: str = "train") -> str:
        code, _, err = call(program, *arguments)
        assert code == 2 and err.startswith("error: ") and err.count("\n") == 1, err
        return err.removeprefix("error: ")

    return sentence


SMOKY = "max-epochs-1_limit-blocks-2"
BIG = ["cell-gru_hidden-12_max-epochs-1_limit-blocks-2"]


def without_identity(names: list[str]) -> list[str]:
    return [name[:-9] for name in names]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--config-dir", "../mine", "model=big"], BIG),
        (["hydra.searchpath=[file://../mine]", "model=big"], BIG),
        (["-cd=../mine", "-m", "model=big,rnn"], [*BIG, SMOKY]),
        (["-cd=../mine", "experiment=own"], [*BIG, f"{BIG[0]}_seed-1"]),
        (["-cd=../mine", "experiment=own", "seed=5"], [f"{BIG[0]}_seed-5"]),
        (["-cd=../mine", "-m", "experiment=own,nested/deep", "seed=5", "model.layers=1"], [f"{BIG[0]}_seed-5"]),
        (["-cd=../mine", "-cn=mine"], [f"{SMOKY}_seed-7"]),
        (["-cp=../mine", "-cn=mine", f"hydra.searchpath=[file://{ROOT / 'conf'}]"], [f"{SMOKY}_seed-7"]),
    ],
)  # fmt: skip
def test_configuration_of_a_users_own_is_found_swept_and_named(planned, arguments: list[str], names: list[str]):
    assert without_identity(planned(*arguments)) == names


def test_a_nested_experiment_stands_on_another(planned):
    names = planned("--config-dir", "../mine", "experiment=nested/deep")
    assert len(names) == 2 and all("cell-gru_hidden-12_layers-2" in name for name in names)


def test_a_users_group_and_the_same_keys_typed_are_one_run(planned):
    assert planned("-cd=../mine", "model=big") == planned("model=gru", "model.hidden=12")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--config-dir", "../mine", "model=broken"],
            r"/mine/model/broken.yaml, line 3: expected YAML, but expected ','",
        ),
        (["--config-dir", "nowhere"], "--config-dir: expected a folder, but 'nowhere' is none"),
        (["--config-name", "nothing"], "Cannot find primary config 'nothing'"),
        (["-cd=../mine", "-m", "experiment=own,elsewhere"], "expected one launcher for the whole sweep"),
        (["model.hiden=3"], "unknown key 'model.hiden'; did you mean 'model.hidden'?"),
        (["modle=gru"], "unknown key 'modle'; did you mean 'model'?"),
        (["-m", "model=gru,lstmm"], "model: expected one of gru, lstm, rnn, got 'lstmm'; did you mean 'lstm'?"),
        (["hydra/launcher=coers"], "hydra/launcher: expected one of .*did you mean 'cores'"),
        (["hydra/sweeper=gird"], "hydra/sweeper: expected one of .*did you mean 'grid'"),
        (["model.hidden=50,75"], "expected one value, got 'model.hidden=50,75'; add -m"),
        (["model.hidden=[5"], "expected key=value in Hydra's grammar, got 'model.hidden="),
        (["model@other=lstm"], "model@other"),
        (["-"], "expected key=value, got '-'"),
        (["+model.hidden=5"], "An item is already at 'model.hidden'"),
        (["~colour"], "Could not delete from config. 'colour' does not exist"),
        (["-m", "hydra.launcher.n_jobs=1,2"], "Sweeping over Hydra's configuration is not supported"),
        (["-m", "seed=0,1", "hydra/launcher=cores", "hydra.launcher.n_jobs=0"], "hydra.launcher.n_jobs: expected"),
        (["-m", "seed=0,1", "hydra.sweeper.max_batch_size=0"], "hydra.sweeper.max_batch_size: expected"),
        (["-m", "seed=0,1", "hydra.launcher.colour=1"], "Key 'colour' not in 'BasicLauncherConf'"),
        (["hydra.run.dir=x"], r"hydra.run.dir: expected '\$\{runs_dir\}', got 'x'; .*runs_dir="),
        (["-m", "hydra.sweep.dir=x", "seed=0,1"], "hydra.sweep.dir: expected .* got 'x'"),
        (["-m", "hydra.sweep.subdir=x", "seed=0,1"], "hydra.sweep.subdir: expected '.', got 'x'"),
        (["hydra.output_subdir=.hydra"], "hydra.output_subdir: expected None, got '.hydra'"),
        (["hydra.job.chdir=true"], "hydra.job.chdir: expected False, got True"),
        (["+hydra.callbacks.mine._target_=nowhere.Callback"], "Error locating target 'nowhere.Callback'"),
        (["-m", "hydra/sweeper=basic", "seed=0,1", "dry_run=true"], "dry_run: expected only with hydra/sweeper=grid"),
        (["-m", "hydra/sweeper=basic", "seed=0,1", "zip=[a,b]"], "zip: expected only with hydra/sweeper=grid"),
        (["-m", "optim.lr=interval(0,1)"], "expected a list of values for a grid"),
        (["--cfg", "job", "--info"], "Only one of --run, --multirun, --cfg, --info"),
        (["--multirun", "--run"], "Only one of --run, --multirun"),
        (["-sc", "query=tcsh"], "No completion plugin for 'tcsh' found"),
        (["-sc"], "Expecting one subcommand from"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(refused, arguments: list[str], sentence: str):
    assert re.search(sentence, refused(*arguments))
    assert not list(Path("runs").glob("*"))


def test_a_wrong_package_is_refused(call: Call):
    assert call("train", "--cfg", "job", "-p", "nowhere")[::2] == (2, "package 'nowhere' not found in config\n")


def test_cfg_shows_what_a_job_gets_and_with_m_what_every_job_gets(call: Call):
    _, one, _ = call("train", "--cfg", "job", "model.hidden=5", "-p", "model")
    assert one == "# @package model\nhidden: 5\nlayers: 1\ncell: rnn\n"
    _, whole, _ = call("train", "--cfg", "job", "experiment=best", "--resolve")
    assert yaml.safe_load(whole)["model"] == {"hidden": 512, "layers": 1, "cell": "lstm"} and "hydra" not in whole
    _, every, _ = call("train", "--cfg", "job", "-m", "model=lstm,gru", "seed=1,2", "-p", "model.cell")
    assert every == "---\n".join(f"# model={c} seed={s}\n{c}\n" for c in ("lstm", "gru") for s in (1, 2))
    _, swept, _ = call("train", "-m", "--cfg", "job", "seed=1,2")
    assert [part["seed"] for part in yaml.safe_load_all(swept)] == [1, 2]
    _, hydras, _ = call("train", "--cfg", "hydra", "-p", "hydra.sweeper._target_")
    assert "hydra_plugins.charrnn.GridSweeper" in hydras


@pytest.mark.parametrize("info", ["all", "config", "defaults", "defaults-tree", "plugins", "searchpath"])
def test_info_answers(call: Call, info: str):
    code, out, err = call("train", "--info", info, "model=lstm")
    assert code == 0 and err == "" and out


def test_help_names_every_key_with_its_value_and_meaning(call: Call):
    for program, key, line in (
        ("train", "model.hidden", r"  model.hidden +100 +units in a layer \(≥ 1\)"),
        ("sample", "temperature", r"  temperature +1.0 +divides the logits"),
        ("analyze", "runs", r"  runs +runs +a folder of runs"),
    ):
        code, out, err = call(program, "--help")
        assert code == 0 and err == "" and re.search(rf"^{line}", out, re.MULTILINE), key
        assert "owered by" not in out and "optuna" not in out and "python" in out.splitlines()[0]
    _, out, _ = call("train", "--help", "-cd=../mine", "model=big", "seed=3")
    assert re.search(r"^  model +big +big, broken, gru, lstm, rnn$", out, re.MULTILINE)
    assert re.search(r"^  seed +3 ", out, re.MULTILINE) and re.search("^  model.hidden +12 ", out, re.MULTILINE)
    assert call("train", "--version")[1].startswith("charrnn ")
    assert call("train", "--hydra-help")[0] == 0


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("train.py model=", "model=lstm"),
        ("train.py hydra/sweeper=", "hydra/sweeper=search"),
        ("train.py tra", "trainer."),
    ],
)
def test_completion_offers(call: Call, monkeypatch: pytest.MonkeyPatch, line: str, offered: str):
    monkeypatch.setenv("COMP_LINE", f"python {line}")
    monkeypatch.setenv("COMP_POINT", str(len(line) + 7))
    code, out, err = call("train", "-sc", "query=bash")
    assert code == 0 and offered in out and err == ""


def test_modes_may_be_named_in_every_way(planned):
    grid = planned("-m", "seed=1,2")
    assert len(grid) == 2 and planned("seed=1,2", "--multirun") == grid == planned("hydra.mode=MULTIRUN", "seed=1,2")
    assert planned("-r", "seed=1") == planned("seed=1") == planned("hydra.mode=RUN", "seed=1")


def test_an_environment_is_copied_and_set_for_the_job(planned, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_SEED", "4")
    assert planned("seed=${oc.env:MY_SEED}") == planned("seed=4")
    before = dict(os.environ)
    assert planned("+hydra.job.env_set.MY_SEED=5", "hydra.job.env_copy=[HOME]")
    assert {**before} == dict(os.environ)


def test_under_full_error_a_traceback_is_kept(call: Call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(sys, "argv", ["train.py", "model=lstmm"])
    with pytest.raises(UserError, match="did you mean 'lstm'"):
        main("train")
