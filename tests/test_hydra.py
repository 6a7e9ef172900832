"""Sweeps that train, by whatever sweeper, launcher and callback of Hydra's: each owes its runs the same."""

import json
import re
import signal
import textwrap
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import SMOKE, Commands
from test_sweeps import wait_for, weights_and_metrics

FAST = (*SMOKE, "trainer.limit_blocks=1", "model.hidden=8")
FAILING = ("optim=sgd", "optim.gradient_clip=1e30", "optim.lr=0.1,1e38")


def manifest(commands: Commands) -> tuple[str, dict]:
    (file,) = (commands.home / "runs" / "sweeps").glob("*.yaml")
    return file.stem, yaml.safe_load(file.read_text())


def test_a_zipped_sweep_trains_pairs_and_its_manifest_and_comparison_know_them(commands: Commands):
    done = commands.run("train", "-m", "optim=adagrad,rmsprop", "optim.lr=0.01,0.001", "zip=[optim,optim.lr]", *FAST)
    assert done.returncode == 0, done.stderr
    name, content = manifest(commands)
    pairs = [{"optim.name": "adagrad", "optim.lr": 0.01}, {"optim.name": "rmsprop", "optim.lr": 0.001}]
    assert list(content["runs"].values()) == pairs and "zip=[optim,optim.lr]" in content["command"]
    settings = pd.read_csv(commands.home / "report" / name / "settings.csv")
    assert sorted(settings["setting"]) == ["optim=adagrad lr=0.01", "optim=rmsprop lr=0.001"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen", [("hydra/sweeper=basic",), ("hydra/launcher=joblib",), ("hydra.sweeper.max_batch_size=1",)]
)
def test_whoever_sweeps_and_launches_all_runs_are_kept_listed_and_compared(commands: Commands, chosen: tuple[str]):
    done = commands.run("train", "-m", *FAILING, *FAST, *chosen)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert len(manifest(commands)[1]["runs"]) == 2
    assert re.search(r"^runs +1 finished, 1 failed", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^error: .*Diverged", done.stderr, re.MULTILINE)) == 1 and "  rerun  python" in done.stderr
    again = commands.run("train", "-m", *FAILING, *FAST, *chosen)
    assert again.returncode == 1 and again.stdout.count("finished  runs/") == 1


def test_a_finished_sweep_is_answered_from_disk(commands: Commands, monkeypatch: pytest.MonkeyPatch):
    grid = ("-m", "seed=0,1", *FAST)
    first = commands.run("train", *grid)
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    again = commands.run("train", *grid)
    assert first.returncode == again.returncode == 0 and again.stdout.count("finished  ") == 2
    comparison = again.stdout.partition("\n\n")[2]
    assert comparison.count("report    ") == 1 and first.stdout.endswith(comparison)
    imported = {line.rsplit("|", 1)[-1].strip() for line in again.stderr.splitlines() if line.startswith("import time")}
    assert "hydra" in imported and not imported & {"torch", "pandas", "matplotlib"}
    alone = commands.run("train", *FAST, "seed=0")
    assert alone.returncode == 0 and "finished  " in alone.stdout
    more = commands.run("train", *FAST, "seed=0")
    imported = {line.rsplit("|", 1)[-1].strip() for line in more.stderr.splitlines() if line.startswith("import time")}
    assert more.stdout == alone.stdout and "torch" not in imported


@pytest.mark.slow
def test_a_sweeps_report_lies_beside_its_runs(commands: Commands):
    done = commands.run("train", "-m", "seed=0,1", *FAST, f"runs_dir={commands.home / 'far' / 'runs'}")
    assert done.returncode == 0, done.stderr
    assert list((commands.home / "far" / "report").glob("seed_*/index.html"))
    assert not (commands.home / "report").exists()


def test_a_users_callback_hears_of_every_job_and_of_its_failure(commands: Commands):
    (commands.home / "mine.py").write_text(
        textwrap.dedent("""\
        from hydra.experimental.callback import Callback

        class Heard(Callback):
            def on_job_end(self, config, job_return, **kwargs):
                print("heard", job_return.status.name, config.hydra.job.name, flush=True)

            def on_multirun_end(self, config, **kwargs):
                print("heard the end", flush=True)
        """)
    )
    environment = commands.environment()
    environment["PYTHONPATH"] += f":{commands.home}"
    mine = "+hydra.callbacks.mine._target_=mine.Heard"
    done = commands.run("train", "-m", *FAILING, *FAST, mine, "hydra.job.name=study", env=environment)
    heard = [line for line in done.stdout.splitlines() if line.startswith("heard")]
    assert heard == ["heard COMPLETED study", "heard FAILED study", "heard the end"]
    single = commands.run("train", *FAILING[:2], "optim.lr=1e38", *FAST, mine, env=environment)
    assert single.returncode == 1 and "heard FAILED train" in single.stdout
    assert re.fullmatch(r"error: Diverged: .*\n", single.stderr)


@pytest.mark.slow
def test_verbose_shows_what_hydra_and_the_run_log(commands: Commands):
    done = commands.run("train", "-m", *FAST, "seed=1", "hydra.verbose=[hydra,charrnn]")
    assert done.returncode == 0 and "hydra._internal.core_plugins.basic_launcher: Launching 1 jobs" in done.stderr
    assert "matplotlib" not in done.stderr
    logged = commands.run("train", *FAST, "seed=2", "hydra/job_logging=default")
    assert logged.returncode == 0 and "[charrnn][INFO] - data " in logged.stdout
    assert "[charrnn][INFO] - network" in (commands.home / "runs" / "train.log").read_text()


SEARCH = ("-m", "hydra/sweeper=search", "optim.lr=tag(log,interval(1e-3,3e-1))", "model=rnn,lstm", *FAST)


@pytest.mark.slow
def test_a_search_of_twenty_trials_is_killed_and_goes_on_to_twenty(commands: Commands):
    optuna = pytest.importorskip("optuna", reason="the extra [optuna] is not installed")
    search = (*SEARCH, "hydra.sweeper.n_trials=20")
    with commands.start("train", *search) as process:
        wait_for(lambda: len(list((commands.home / "runs").glob("*/result.json"))) >= 5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finished = {file: file.stat().st_mtime_ns for file in (commands.home / "runs").glob("*/result.json")}
    done = commands.run("train", *search)
    assert done.returncode == 0, done.stderr
    assert all(file.stat().st_mtime_ns == when for file, when in finished.items())
    (file,) = (commands.home / "runs" / "sweeps").glob("*.journal")
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(file)))
    trials = optuna.load_study(study_name=None, storage=storage).trials
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    assert len(complete) == 20 and {trial.params["model"] for trial in complete} == {"rnn", "lstm"}
    losses = [json.loads(f.read_text())["best_val_loss"] for f in (commands.home / "runs").glob("*/result.json")]
    assert min(losses) == min(trial.value for trial in complete)
    assert f"found     {min(losses):.4f} nats: optim.lr=" in done.stdout
    again = commands.run("train", *search)
    assert again.returncode == 0 and "found" in again.stdout
    assert not any(line.startswith("trial ") for line in again.stdout.splitlines())  # nothing was trained


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dry_run=true"], "expected only with hydra/sweeper=grid"),
        (["model.hidden=0,8"], "model.hidden: expected a whole number of at least 1, got 0"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_a_trial(commands: Commands, arguments: list[str], sentence: str):
    pytest.importorskip("optuna", reason="the extra [optuna] is not installed")
    assert sentence in commands.refused("train", *SEARCH, *arguments)
    assert not commands.runs()


def test_more_epochs_go_on_from_the_finished_run_as_if_from_scratch(commands: Commands):
    short = (*SMOKE, "model.hidden=12", "regularization.dropout=0.2", "trainer.patience=null")
    assert commands.run("train", *short, "trainer.max_epochs=2").returncode == 0
    (old,) = commands.runs()
    before = {file: file.stat().st_mtime_ns for file in old.rglob("*")}
    done = commands.run("train", *short, "trainer.max_epochs=5")
    assert done.returncode == 0, done.stderr
    assert f"continues runs/{old.name} after its epoch 2" in done.stdout and "epoch   2 " not in done.stdout
    assert {file: file.stat().st_mtime_ns for file in old.rglob("*")} == before
    (new,) = (folder for folder in commands.runs() if folder.name != old.name)
    assert commands.run("train", *short, "trainer.max_epochs=5", "runs_dir=scratch").returncode == 0
    assert weights_and_metrics(new) == weights_and_metrics(commands.home / "scratch" / new.name)
    falling = commands.run("train", *short, "trainer.max_epochs=2", "optim.schedule=cosine")
    longer = commands.run("train", *short, "trainer.max_epochs=3", "optim.schedule=cosine")
    assert falling.returncode == longer.returncode == 0 and "continues" not in longer.stdout


def test_a_prompt_takes_a_line_break_as_it_is_written(commands: Commands, trained: Path):
    done = commands.run("sample", f"ckpt={trained}", r"prompt=X:1\nT:A", "num_tunes=1", "max_chars=40", "formats=[abc]")
    assert done.returncode == 0, done.stderr
    (tunes,) = (commands.home / "samples").glob("*/tunes.jsonl")
    assert json.loads(tunes.read_text())["text"].startswith("X:1\nT:A")
