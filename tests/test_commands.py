"""Every command of README as a real subprocess, and what bad input gets."""

import contextlib
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import struct
import termios
from pathlib import Path

import pandas as pd
import pytest
import torch
from conftest import ROOT, SMOKE, TUNES, Commands

FAST = (*SMOKE, "trainer.limit_blocks=1")


def test_a_run_says_what_it_read_how_it_went_and_what_it_composes_in_this_order(commands: Commands):
    done = commands.run("train", *SMOKE)
    assert done.returncode == 0, done.stderr
    parts_in_order = ["data  ", "split  ", "epoch   1", "best  ", "n-gram  ", "run  ", "--- tune 0", "--- tune 1"]
    places = [done.stdout.index(part) for part in parts_in_order]
    assert places == sorted(places)
    assert re.search(r"best .*nats, .*bits per character", done.stdout)
    (folder,) = commands.runs()
    assert str(folder.relative_to(commands.home)) in done.stdout
    for file in ("config.yaml", "data.json", "train.log", "status.json", "metrics.csv", "best.ckpt", "last.ckpt"):
        assert (folder / file).stat().st_size > 0, file
    assert list(folder.glob("events.out.tfevents.*"))
    result = json.loads((folder / "result.json").read_text())
    assert result["identity"] == folder.name[-8:] and result["test_loss"] > 0
    assert json.loads((folder / "data.json").read_text())["dropped"]["characters_outside_tunes"] > 0


@pytest.mark.parametrize(
    ("grid", "count"),
    [
        (["model.hidden=50,75,100,150"], 4),
        (["regularization.dropout=0.1,0.2,0.3"], 3),
        (["optim=adagrad,rmsprop"], 2),
    ],
)
def test_a_sweep_trains_every_value_once_and_a_second_call_nothing(commands: Commands, grid: list[str], count: int):
    done = commands.run("train", "-m", *grid, *FAST)
    assert done.returncode == 0, done.stderr
    results = {run: (run / "result.json").stat().st_mtime_ns for run in commands.runs()}
    assert len(results) == count
    again = commands.run("train", "-m", *grid, *FAST)
    assert again.returncode == 0 and again.stdout.count("finished ") == count
    assert {run: (run / "result.json").stat().st_mtime_ns for run in commands.runs()} == results


def test_an_experiment_file_is_a_sweep_with_seeds(commands: Commands):
    done = commands.run("train", "experiment=cells", *FAST, "seed=3,4")
    assert done.returncode == 0, done.stderr
    table = [json.loads((run / "result.json").read_text()) for run in commands.runs()]
    assert sorted(r["seed"] for r in table) == [3, 3, 3, 4, 4, 4]
    assert len({r["parameters"] for r in table}) == 3
    # it ends with its comparison, under the experiment's name
    (settings,) = (commands.home / "report").glob("cells_*/settings.csv")
    assert sorted(pd.read_csv(settings)["setting"]) == ["cell=gru", "cell=lstm", "cell=rnn"]
    assert "not distinguishable" in done.stdout or "better" in done.stdout or "worse" in done.stdout


def test_one_seed_gives_one_metrics_file_alone_and_in_a_sweep(commands: Commands, tmp_path: Path):
    alone = commands.run("train", *SMOKE, "model.hidden=20", "seed=1", "runs_dir=alone", "trainer.max_epochs=3")
    swept = commands.run("train", "-m", *SMOKE, "model.hidden=30,20", "seed=0,1", "trainer.max_epochs=3")
    assert (alone.returncode, swept.returncode) == (0, 0), alone.stderr + swept.stderr
    (first,) = (tmp_path / "alone").glob("*/metrics.csv")
    second = tmp_path / "runs" / first.parent.name / "metrics.csv"
    drop = ["seconds", "chars_per_second"]
    pd.testing.assert_frame_equal(
        pd.read_csv(first).drop(columns=drop), pd.read_csv(second).drop(columns=drop), check_exact=True
    )


def test_sampling_prints_and_writes_the_tunes(commands: Commands, trained: Path):
    done = commands.run(
        "sample", f"ckpt={trained}", "temperature=2", "num_tunes=2", "seed=0", "prompt=X:1", "max_chars=80"
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (commands.home / "samples").iterdir()
    assert folder.name.startswith(f"{trained.name}_T2_s0")
    tunes = [json.loads(line) for line in (folder / "tunes.jsonl").read_text().splitlines()]
    assert [t["index"] for t in tunes] == [0, 1]
    for tune in tunes:
        assert tune["text"].startswith("X:1") and tune["text"] in done.stdout
        assert (folder / f"{tune['index']:03d}.abc").read_text() == tune["text"] + "\n"
        assert len(tune["log_prob"]) == len(tune["text"]) + tune["ended"]
        # 80 characters of an untrained network are no tune, and every problem says where
        assert tune["well_formed"] is False and tune["faults"] and tune["problems"]
        assert {"kind", "position", "found", "expected"} == set(tune["problems"][0])
    assert re.search(r"^quality   0 of 2 well-formed \(human \d+%\)\n +without K: ", done.stdout, re.MULTILINE)
    fewer = commands.run("sample", f"ckpt={trained}", "temperature=2", "num_tunes=1", "prompt=X:1", "max_chars=80")
    assert fewer.returncode == 0 and len(list(folder.glob("0*.abc"))) == 1


def test_an_engine_that_is_missing_is_said_once(commands: Commands, trained: Path):
    engines = commands.home / "engines"
    engines.mkdir()
    for name in ("verovio", "symusic"):
        (engines / f"{name}.py").write_text(f'raise ModuleNotFoundError("No module named {name!r}")\n')
    environment = commands.environment()
    environment["PYTHONPATH"] += os.pathsep + str(engines)
    done = commands.run(
        "sample", f"ckpt={trained}", "num_tunes=2", "max_chars=99", "prompt=X:1\nK:C\nCD|", env=environment
    )
    assert done.returncode == 0, done.stderr
    assert re.findall("^scores .*", done.stdout, re.MULTILINE) == [
        f"scores    no {kinds}: No module named '{name}'; install what is missing, or leave {kinds} out of formats=[…]"
        for kinds, name in (("mid, ogg", "symusic"), ("svg, png", "verovio"))
    ]
    (folder,) = (commands.home / "samples").iterdir()
    assert {file.suffix for file in folder.iterdir()} == {".abc", ".musicxml", ".svg", ".png", ".jsonl", ".html"}


def test_tunes_are_measured_beside_human_ones(commands: Commands, trained: Path):
    assert commands.run("sample", f"ckpt={trained}", "num_tunes=5", "max_chars=200").returncode == 0
    (samples,) = (commands.home / "samples").iterdir()
    done = commands.run("analyze", "analysis=quality", f"tunes={samples}")
    assert done.returncode == 0, done.stderr
    assert "these, 5 tunes" in done.stdout and "human, 2 tunes" in done.stdout
    report = commands.home / "report" / f"quality_{samples.name}"
    assert len(pd.read_csv(report / "tunes.csv")) == 5
    made = (report / "index.html").read_text()
    assert "human, 2 tunes" in made and made.count("<article>") == 5
    shutil.copy(TUNES, commands.home / "ours.abc")
    alone = commands.run("analyze", "analysis=quality", "tunes=ours.abc")
    assert alone.returncode == 0 and re.search(r"well-formed +\d+\.\d% \[", alone.stdout)
    assert "human" not in alone.stdout and (commands.home / "report" / "quality_ours.abc" / "quality.json").exists()
    made = (commands.home / "report" / "quality_ours.abc" / "index.html").read_text()
    assert made.count("<article>") == made.count("<audio") == made.count('<img alt="Score') == 6
    assert made.count("Form: ") == made.count('<img alt="How alike') > 0
    assert "tunes=" in commands.refused("analyze", "analysis=quality")
    hot = commands.run("analyze", "analysis=temperature", f"ckpt={trained}", "num_tunes=3", f"tunes={samples}")
    assert hot.returncode == 0, hot.stderr
    assert re.search(r"^T = 0.25 +3 tunes .*likeliest T 0\.\d+$", hot.stdout, re.MULTILINE)
    assert hot.stdout.count("likeliest temperature") == 5
    folder = commands.home / "report" / f"temperature_{trained.name}"
    table = pd.read_csv(folder / "temperature.csv").set_index("temperature")
    assert list(table.index) == ["0.25", "0.5", "0.7", "1", "1.4", "2", "human"]
    assert table["entropy"].iloc[:6].is_monotonic_increasing
    assert sorted(f.stem for f in (folder / "tunes").glob("*.abc")) == [
        f"T{t}_{i}" for t in ("0.5", "1", "2") for i in "01"
    ]
    assert (folder / "temperature.png").exists() and "human tunes" in (folder / "temperature.svg").read_text()
    assert "ckpt" in commands.refused("analyze", "analysis=temperature")
    assert "ckpt" in commands.refused("analyze", "analysis=quality", f"tunes={TUNES}", "ckpt=nowhere")


def test_sampling_sweeps_temperatures(commands: Commands, trained: Path):
    done = commands.run("sample", "-m", f"ckpt={trained / 'best.ckpt'}", "temperature=0.5,1,2", "max_chars=50")
    assert done.returncode == 0, done.stderr
    assert sorted(f.name for f in (commands.home / "samples").glob("[!.]*")) == [
        f"{trained.name}_T{t}_s0_n50" for t in ("0.5", "1", "2")
    ]


def test_a_moved_run_folder_still_samples_and_a_prompt_arrives_as_typed(commands: Commands, trained: Path):
    odd = commands.home / "it's, [a] {b}=c #d (e)"
    shutil.copytree(trained, odd)
    prompt = commands.home / "prompt, x.abc"
    prompt.write_text("X:1\nT:The Two Cores\n")
    done = commands.run("sample", f"ckpt={odd}", f"prompt_file={prompt}", "num_tunes=1", "max_chars=40")
    assert done.returncode == 0, done.stderr
    (tunes,) = (commands.home / "samples").glob("*/tunes.jsonl")
    assert json.loads(tunes.read_text())["text"].startswith("X:1\nT:The Two Cores")


def test_analysis_lists_runs_with_their_state(commands: Commands, trained: Path):
    runs = commands.home / "runs"
    shutil.copytree(trained, runs / trained.name)
    shutil.copytree(trained, runs / "cut")
    (runs / "cut" / "result.json").write_text('{"best_')
    done = commands.run("analyze", f"runs={runs}")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(commands.home / "report" / "runs" / "runs.csv").set_index("run")
    assert table.loc[trained.name, "state"] == "finished" and table.loc["cut", "state"] == "damaged"
    assert table.loc[trained.name, "model.hidden"] == 20
    report = commands.home / "report" / "runs"
    assert (report / "curves.png").read_bytes().startswith(b"\x89PNG") and "<svg" in (report / "curves.svg").read_text()


@pytest.mark.parametrize(
    ("program", "arguments", "expected"),
    [
        ("train", ["--help"], "gru, lstm, rnn"),
        ("sample", ["--help"], "divides the logits"),
        ("analyze", ["--help"], "a folder of runs"),
        ("train", ["--cfg", "job"], "hidden: 100"),
        ("train", ["-sc", "query=bash"], "model=lstm"),
        ("train", ["model.hiden=3"], "model.hidden"),
    ],
)
def test_questions_and_typing_errors_are_answered_without_torch(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, program: str, arguments: list[str], expected: str
):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    monkeypatch.setenv("COMP_LINE", "python train.py model=")
    monkeypatch.setenv("COMP_POINT", "22")
    done = commands.run(program, *arguments)
    assert expected in done.stdout + done.stderr
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "hydra" in imported and not imported & {"torch", "pytorch_lightning", "pandas"}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["model.hidden=0"], ["model.hidden", "at least 1", "0"]),
        (["model.hidden=abc"], ["model.hidden", "whole number", "'abc'"]),
        (["model.hidden="], ["model.hidden", "whole number"]),
        (["model.hiden=50"], ["'model.hiden'", "'model.hidden'"]),
        (["hidden=50"], ["'hidden'", "did you mean"]),
        (["optim=adagrda"], ["optim", "adagrad", "did you mean 'adagrad'"]),
        (["optim.lr=nan"], ["optim.lr", "above 0", "nan"]),
        (["regularization.dropout=1"], ["dropout", "below 1"]),
        (["seed=1.5"], ["seed", "whole number", "1.5"]),
        (["foo"], ["key=value", "'foo'"]),
        (["--seed=3"], ["'--seed=3'", "seed="]),
        (["+x=1"], ["'x'", "known are"]),
        (["experiment=hiden"], ["experiment", "hiden"]),
        (["model.hidden=50,75"], ["'model.hidden=50,75'", "-m"]),
        (["-m", "model.hidden=50,0"], ["model.hidden", "at least 1"]),
        (["experiment=hidden,best"], ["'experiment=hidden,best'", "-m"]),
        (["data=file"], ["data.path"]),
        (["data.path=x"], ["data.path", "data=file"]),
        (["data=file", "data.path=no, such=place"], ["data.path", "'no, such=place'"]),
        (["runs_dir=/dev/null/x"], ["/dev/null/x"]),
        (["trainer=gpu"], ["GPU", "accelerator=auto"]),
    ],
)
def test_a_bad_argument_gets_one_sentence(commands: Commands, arguments: list[str], parts: list[str]):
    if "trainer=gpu" in arguments and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    sentence = commands.refused("train", *arguments)
    for part in parts:
        assert part in sentence
    assert "trainer=gpu" in arguments or not commands.runs()


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("empty.abc", b"", ["found none"]),
        ("binary.abc", b"X:1\nT:\0", ["binary", "NUL"]),
        ("prose.txt", b"no music here\n", ["found none"]),
        ("one.abc", b"X:1\nT:One\nM:4/4\nL:1/8\nK:G\nGABc d2e2|\n", ["too few tunes"]),
        ("short.abc", b"".join(b"X:%d\nK:G\n%s\n\n" % (i, bytes([65 + i]) * 9) for i in range(12)), ["characters"]),
    ],
)
def test_bad_data_gets_one_sentence(commands: Commands, name: str, content: bytes, parts: list[str]):
    path = _write(commands.home / name, content)
    sentence = commands.refused("train", "data=file", f"data.path={path}", "trainer=smoke")
    for part in parts:
        assert part in sentence


def test_a_folder_without_tunes_gets_one_sentence(commands: Commands):
    (commands.home / "tunes").mkdir()
    assert "holds none" in commands.refused("train", "data=file", "data.path=tunes")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["ckpt", "expected a value"]),
        (["ckpt=nothing"], ["ckpt", "nothing there"]),
        (["ckpt=EMPTY"], ["best.ckpt"]),
        (["ckpt=TRUNCATED"], ["truncated"]),
        (["ckpt=FOREIGN"], ["another program"]),
        (["ckpt=PICKLE"], ["carries code"]),
        (["ckpt={run}", "temperature=-1"], ["temperature", "at least 0", "-1"]),
        (["ckpt={run}", "temperature=nan"], ["temperature", "nan"]),
        (["ckpt={run}", "temperature=hot"], ["temperature", "'hot'"]),
        (["ckpt={run}", "prompt=T:Café"], ["prompt", "'é'"]),
        (["ckpt={run}", "top_k=0"], ["top_k", "at least 1"]),
        (["ckpt={run}", "prompt_file=none.abc"], ["prompt_file", "none.abc"]),
        (["ckpt={run}", "samples_dir=/dev/null/x"], ["/dev/null/x"]),
    ],
)
def test_a_bad_sampling_command_gets_one_sentence(
    commands: Commands, trained: Path, arguments: list[str], parts: list[str]
):
    home = commands.home
    (home / "EMPTY").mkdir()
    _write(home / "TRUNCATED", (trained / "best.ckpt").read_bytes()[:5000])
    torch.save({"epoch": 3}, home / "FOREIGN")
    torch.save({"state_dict": Path("x"), "hyper_parameters": {}}, home / "PICKLE")
    sentence = commands.refused("sample", *[a.replace("{run}", str(trained)) for a in arguments])
    for part in parts:
        assert part in sentence


def test_a_full_disk_gets_one_sentence_and_leaves_no_result(commands: Commands):
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = commands.run("train", *FAST, preexec_fn=small_files_only)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert "error: cannot read or write" in done.stderr
    (folder,) = commands.runs()
    assert not (folder / "result.json").exists()
    assert commands.run("train", *FAST).returncode == 0


def test_on_a_terminal_a_bar_shows_loss_and_speed_and_lines_stay_lines(commands: Commands):
    reader, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with commands.start("train", *SMOKE, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # what reading a terminal raises once nobody writes to it
            while part := os.read(reader, 4096):
                shown += part
    os.close(reader)
    assert process.returncode == 0
    lines = re.split(r"[\r\n]+", shown.decode())
    assert any(re.search(r"Epoch 0.*loss=\d.*char/s=\d+k", line) for line in lines)
    assert any(line.startswith("epoch   1  train") for line in lines)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_the_command_with_its_code_and_the_next_call_goes_on(commands: Commands, signum: int, code: int):
    long_run = (*SMOKE[:2], "trainer.max_epochs=400", "trainer.patience=null", "trainer.accelerator=cpu")
    with commands.start("train", "-m", *long_run, "seed=0,1") as process:
        assert process.stdout is not None and process.stderr is not None
        while "epoch   2" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signum)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code and "the same command continues it" in err and "Traceback" not in err
    (folder,) = commands.runs()
    assert json.loads((folder / "status.json").read_text())["state"] == "stopped"
    with commands.start("train", *long_run, "seed=0") as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any("resuming" in line for line in lines)
        assert re.search(r"epoch +[3-9]", next(line for line in lines if line.startswith("epoch")))
        process.kill()
        process.communicate()


def test_a_failed_job_leaves_the_others_alone_and_says_how_to_run_it_again(commands: Commands):
    done = commands.run("train", "-m", "optim=sgd", "optim.lr=0.1,1e38", "optim.gradient_clip=1e30", *SMOKE)
    assert done.returncode != 0
    assert sum((run / "result.json").exists() for run in commands.runs()) == 1
    (folder,) = [run for run in commands.runs() if not (run / "result.json").exists()]
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "failed" and "epoch 1" in status["error"] and "step" in status["error"]
    assert folder.name in done.stderr and status["command"] in done.stderr
    assert "Traceback" in (folder / "train.log").read_text()


def test_the_repository_keeps_every_config_file_composable():
    files = sorted((ROOT / "conf").rglob("*.yaml"))
    assert files
    assert {f.relative_to(ROOT / "conf").parts[0] for f in files} >= {"train.yaml", "sample.yaml", "analyze.yaml"}
    assert os.access(TUNES, os.R_OK)
