"""The Python interface: what `import charrnn` costs and gives, and that it does what the commands do."""

import doctest
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import hydra
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SMOKE, TUNES, Commands
from hydra.core.global_hydra import GlobalHydra
from hydra.version import VersionBase

import charrnn
from charrnn.cli.tunes import sample_tunes
from charrnn.config import SampleConfig, TrainConfig, build, defaults, plain
from charrnn.music.notation import reading

OVERRIDES = [*SMOKE, "model.hidden=20"]
PUBLIC = [name for name in charrnn.__all__ if name not in ("Result", "UserError")]


@pytest.fixture
def home(tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder as the examples expect it: a finished run, and a file of tunes."""
    shutil.copytree(trained, tmp_path / "runs" / "demo")
    shutil.copy(TUNES, tmp_path / "tunes.abc")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_python(code: str, **options) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], env=environment, text=True, capture_output=True, **options)


def test_the_import_is_quick_and_loads_nothing_slow():
    code = (
        "import sys, time; start = time.perf_counter(); import charrnn; print(time.perf_counter() - start); "
        "print(*sys.modules)"
    )
    printed = [in_python(code).stdout.split("\n") for _ in range(3)]
    assert min(float(lines[0]) for lines in printed) < 0.1
    assert not {"torch", "hydra", "omegaconf", "numpy", "pandas", "yaml"} & set(printed[0][1].split())


def test_every_public_name_is_there_and_others_are_not():
    assert set(charrnn.__all__) <= set(dir(charrnn))
    assert all(getattr(charrnn, name).__doc__ for name in charrnn.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        charrnn.lode  # noqa: B018
    assert (ROOT / "charrnn" / "py.typed").exists()


@pytest.mark.parametrize("name", PUBLIC)
def test_the_examples_of_docstrings_hold(home: Path, name: str):
    finder, runner = doctest.DocTestFinder(recurse=True), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    value = getattr(charrnn, name)
    names = {**vars(sys.modules[value.__module__]), "charrnn": charrnn}
    examples = [test for test in finder.find(value, name, globs=names) if test.examples]
    if name in ("train", "runs", "compare", "load", "read_abc", "read_tune_book", "Tune", "Network", "Run"):
        assert examples
    for test in examples:
        result = runner.run(test, out=lambda text: pytest.fail(text))
        assert result.attempted and not result.failed


def test_the_examples_of_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 8
    names: dict = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert names["run"].result.seed == 1 and names["other"].result.seed == 2
    assert {file.suffix for file in tmp_path.glob("tune.*")} == {".abc", ".musicxml", ".svg", ".png", ".mid", ".ogg"}
    assert names["verdicts"]["setting"].tolist() == ["all"]


def test_defaults_are_those_of_the_command():
    assert charrnn.Network.sample.__kwdefaults__ | {"num_tunes": 2} == {
        name: value for name, value in defaults("sample").items() if name in charrnn.Network.sample.__annotations__
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.8, "seed": 3, "top_p": 0.95, "top_k": 30, "max_chars": 150, "prompt": "X:1\n"},
        {"constraint": "bars", "key": "Gm", "meter": "6/8", "rhythm": "jig", "title": "The Clone", "seed": 1},
        {"constraint": "reject", "max_tries": 2, "max_chars": 60},
    ],
)
@pytest.mark.filterwarnings("ignore:3 of 3 tunes are left out")
def test_tunes_are_those_of_the_command(commands: Commands, trained: Path, settings: dict):
    typed = [f"{name}={value}" for name, value in settings.items()]
    done = commands.run("sample", f"ckpt={trained}", "num_tunes=3", "formats=[abc]", *typed)
    assert done.returncode == 0, done.stderr
    (folder,) = (commands.home / "samples").iterdir()
    rows = [json.loads(line) for line in (folder / "tunes.jsonl").read_text(encoding="utf-8").splitlines()]
    tunes = charrnn.load(trained).sample(3, **settings)
    assert [tune.text for tune in tunes] == [row["text"] for row in rows]
    assert [tune.ended for tune in tunes] == [row["ended"] for row in rows]
    for tune, row in zip(tunes, rows, strict=True):
        np.testing.assert_allclose(tune.log_prob, row["log_prob"], atol=1e-4)
        assert tune.faults == row["faults"]
    assert len(tunes) == (0 if settings.get("constraint") == "reject" else 3)
    book = folder / "tunes.abc"
    assert len(charrnn.read_tune_book(book)) == 3 if tunes else "X:" not in book.read_text()


def test_the_command_reads_every_tune_once(home: Path, monkeypatch: pytest.MonkeyPatch):
    original, texts = reading.read_header, []
    monkeypatch.setattr(reading, "read_header", lambda text, *more: texts.append(text) or original(text, *more))
    settings = {**defaults("sample"), "ckpt": "runs/demo", "num_tunes": 4, "formats": ["abc"], "max_chars": 500}
    for constraint in ("none", "bars", "reject"):
        texts.clear()
        sample_tunes(build(SampleConfig, {**settings, "constraint": constraint, "max_tries": 1}))
        assert len(texts) == len(set(texts)) == 4


def test_rejected_tunes_are_left_out_with_a_warning(trained: Path):
    with pytest.warns(UserWarning, match="2 of 2 tunes are left out: none of 1 tries was well-formed"):
        assert charrnn.load(trained).sample(2, constraint="reject", max_tries=1, max_chars=40) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"num_tunes": 0}, "num_tunes: expected a whole number of at least 1"),
        ({"temperature": -1}, "temperature: expected a number of at least 0"),
        ({"constraint": "bar"}, "constraint: expected one of none, header, syntax, bars, reject"),
        ({"key": "Gm"}, "got constraint=none"),
        ({"top_p": 1.5}, "top_p: expected a number above 0 and at most 1"),
        ({"prompt": "ß"}, "prompt: .*'ß'"),
    ],
)
def test_settings_that_cannot_be_are_refused(trained: Path, settings: dict, words: str):
    with pytest.raises(charrnn.UserError, match=words):
        charrnn.load(trained).sample(**settings)


def test_settings_may_be_numpy_numbers_and_threads_stay_the_callers(trained: Path):
    import torch

    network, before = charrnn.load(trained), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        tunes = network.sample(np.int64(2), seed=np.uint8(3), temperature=np.float32(0.5), max_chars=50)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert tunes == network.sample(2, seed=3, temperature=0.5, max_chars=50)


def test_nats_per_character_are_those_that_the_sampler_gave(trained: Path):
    network = charrnn.load(trained)
    (tune,) = network.sample(1, max_chars=5000, seed=5)
    nats = network.nats_per_character(tune.text)
    assert nats == pytest.approx(-tune.log_prob[: len(tune.text)].mean(), abs=1e-5)
    long = tune.text * (1 + 9000 // len(tune.text))
    ids = network.vocab.encode("\x02" + long)
    import torch

    with torch.inference_mode():
        logits, _ = network.model(torch.from_numpy(ids[None, :-1]))
    expected = -torch.log_softmax(logits[0].double(), -1)[range(len(long)), ids[1:]].mean()
    assert network.nats_per_character(long) == pytest.approx(float(expected), abs=1e-6)
    for text, words in (("", "at least one character"), ("ß", "'ß'")):
        with pytest.raises(charrnn.UserError, match=words):
            network.nats_per_character(text)


def test_a_configuration_is_the_run_of_its_overrides(home: Path):
    run = charrnn.train(OVERRIDES)
    written = (run.folder / "result.json").stat().st_mtime_ns
    assert [charrnn.train(way).folder for way in (OVERRIDES, run.config)] == [run.folder] * 2
    assert (run.folder / "result.json").stat().st_mtime_ns == written
    other = charrnn.train(replace(run.config, seed=7))
    assert other.folder.parent == run.folder.parent != other.folder
    typed = json.loads((other.folder / "status.json").read_text())["command"].split()
    assert typed[:2] == ["charrnn", "train"] and "seed=7" in typed
    assert charrnn.train(typed[2:]).folder == other.folder
    assert "Network(cell=rnn, hidden=20, layers=1" in repr(run.network())


def test_training_leaves_a_callers_hydra_as_it_was(home: Path):
    (home / "conf").mkdir()
    (home / "conf" / "theirs.yaml").write_text("answer: 42\n")
    hydra.initialize_config_dir(str(home / "conf"), version_base="1.2")
    try:
        loader = GlobalHydra.instance().config_loader()
        run = charrnn.train(OVERRIDES)
        assert charrnn.train(run.config).folder == run.folder
        charrnn.compare("runs")
        assert GlobalHydra.instance().config_loader() is loader
        assert str(VersionBase.instance().getbase()) == "1.2"
        assert hydra.compose("theirs").answer == 42
    finally:
        GlobalHydra.instance().clear()
        VersionBase.instance().version_base = None


THEIR_APP = """
import charrnn, hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path="conf", config_name="theirs")
def main(cfg):
    run = charrnn.train([*cfg.overrides, f"seed={cfg.seed}"])
    print("seed", run.result.seed, HydraConfig.get().job.name)

main()
"""


def test_a_hydra_app_of_the_users_own_trains(home: Path):
    (home / "conf").mkdir()
    (home / "conf" / "theirs.yaml").write_text(json.dumps({"overrides": OVERRIDES, "seed": 0}))
    (home / "app.py").write_text(THEIR_APP)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "app.py", "-m", "seed=5,6"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.findall("^seed .*", done.stdout, re.MULTILINE) == ["seed 5 app", "seed 6 app"]


def test_training_works_from_another_thread(home: Path):
    runs: list[charrnn.Run] = []
    thread = threading.Thread(target=lambda: runs.append(charrnn.train([*OVERRIDES, "seed=4"])))
    thread.start()
    thread.join()
    assert runs[0].result.seed == 4


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (["model.hiden=3"], "unknown key 'model.hiden'; did you mean 'model.hidden'"),
        (["model.hidden=0"], "model.hidden: expected a whole number of at least 1"),
        (["seed=0,1"], r"a sweep of 2; charrnn train -m seed=0,1"),
        (["experiment=hidden"], "a sweep of 20"),
        (["dry_run=true"], "expected overrides of one run, got 'dry_run=true'"),
        (["hydra/launcher=cores"], "expected overrides of one run"),
        ("seed=0", "expected a list of overrides"),
        ({"seed": 0}, "data: expected a value"),
        ([*OVERRIDES, "runs_dir=/dev/null/x"], "/dev/null/x"),
        ([*OVERRIDES, "optim=sgd", "optim.lr=1e38", "optim.gradient_clip=1e30"], "the loss is nan|inf"),
    ],
)
def test_what_cannot_be_trained_is_a_user_error(home: Path, config, words: str):
    with pytest.raises(charrnn.UserError, match=words):
        charrnn.train(config)


def test_no_run_is_a_user_error(tmp_path: Path):
    for call in (charrnn.load, charrnn.Run, charrnn.runs, charrnn.compare):
        with pytest.raises(charrnn.UserError, match="nowhere"):
            call(tmp_path / "nowhere")


def test_a_comparison_is_that_of_the_command(commands: Commands, fabricate: Callable[..., Path]):
    for seed in range(3):
        fabricate([2.0, 1.5 + seed / 100], hidden=50, seed=seed)
        fabricate([2.0, 1.4 + seed / 100 + seed**2 / 1000], hidden=100, seed=seed)
    done = commands.run("analyze", "runs=runs", "base=hidden=50")
    assert done.returncode == 0, done.stderr
    expected = pd.read_csv(commands.home / "report" / "runs" / "settings.csv")
    folder = commands.home / "runs"
    ours = charrnn.compare(folder, base="hidden=50")
    assert ours["verdict"].tolist() == expected["verdict"].tolist() == ["base", "better"]
    shared = [name for name in expected if name in ours]
    assert {"difference", "difference_low", "p_holm", "best_val_loss"} <= set(shared)
    for name in shared:
        assert ours[name].tolist() == pytest.approx(expected[name].tolist(), nan_ok=True), name
    table = charrnn.runs(folder)
    pd.testing.assert_frame_equal(charrnn.compare(table, base="hidden=50"), ours)
    fewer = charrnn.compare(table[table["seed"] < 2], base="hidden=50")
    assert fewer["finished"].tolist() == [2, 2]
    with pytest.raises(charrnn.UserError, match="at least one run"):
        charrnn.compare(table[:0])


USER_SCRIPT = """
import charrnn
run = charrnn.train(["seed=1"])
reveal_type(run.result.best_val_loss)
reveal_type(run.epochs)
reveal_type(charrnn.load("runs/x").sample(2, temperature=0.5))
reveal_type(charrnn.read_abc("x.abc").notes[0].pitch)
reveal_type(charrnn.compare("runs"))
charrnn.load("x").sample(temprature=1)
charrnn.lode
"""


@pytest.mark.slow
def test_a_users_script_is_type_checked(tmp_path: Path):
    (tmp_path / "script.py").write_text(USER_SCRIPT)
    # Our own types and pandas' are followed; those of torch alone would take minutes.
    large = "torch.*,pytorch_lightning.*,matplotlib.*,scipy.*,hydra.*,omegaconf.*,symusic.*"
    (tmp_path / "mypy.ini").write_text(
        f"[mypy]\nignore_missing_imports = true\n[mypy-{large}]\nfollow_imports = skip\n"
    )
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--config-file", "mypy.ini"]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run([*command, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("script.py")]
    revealed = [re.search(r'Revealed type is "(.*)"', line) for line in lines]
    types = [match[1].removeprefix("builtins.") for match in revealed if match]
    assert types == [
        "float",
        "pandas.core.frame.DataFrame",
        "list[charrnn.music.tune.Tune]",
        "int",
        "pandas.core.frame.DataFrame",
    ]
    errors = [line for line in lines if "error" in line]
    assert len(errors) == 2 and "temprature" in errors[0] and "lode" in errors[1]


@pytest.mark.slow
def test_an_interrupt_stops_training_where_the_same_call_goes_on(home: Path):
    what = [*SMOKE[:2], "trainer.max_epochs=400", "trainer.patience=null", "trainer.accelerator=cpu", "model.hidden=20"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = f"import charrnn; charrnn.train({what!r})"
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True) as process:
        while len(list(home.glob("runs/*/metrics.csv"))) < 2:  # with that of runs/demo
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode != 0 and "KeyboardInterrupt" in err
    (status,) = [f for f in home.glob("runs/*/status.json") if f.parent.name != "demo"]
    assert json.loads(status.read_text())["state"] == "stopped"
    assert (status.parent / "last.ckpt").exists()


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import nbclient
    import nbformat

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(ROOT / "docs" / "tour.ipynb", as_version=4)
    assert len(notebook.cells) == 10 and not any(cell.get("outputs") for cell in notebook.cells)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [[output.get("data", {}) for output in cell.get("outputs", [])] for cell in notebook.cells]
    assert shown[5][-1]["text/plain"] == "[True, True, True, True]"
    assert "data:image/svg+xml" in shown[7][-1]["text/html"] and "<audio" in shown[7][-1]["text/html"]
    assert "hidden=32" in shown[9][-1]["text/plain"]


def test_a_configuration_is_built_from_itself_also_one_of_a_zipped_sweep(default_config: TrainConfig):
    for config in (default_config, replace(default_config, zip=(("optim", "optim.lr"),))):
        assert build(TrainConfig, plain(config)) == config
