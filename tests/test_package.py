"""The command charrnn, and the package installed from its archives, as somebody without the repository has it."""

import os
import pty
import re
import select
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, SMOKE, Commands

from charrnn import run
from charrnn.cli.command import typed_command

MODULE = (sys.executable, "-m", "charrnn")


def call(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run([*map(str, command)], cwd=cwd, env=variables, capture_output=True, text=True, timeout=1800)


@pytest.fixture
def charrnn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script that pip writes for the command, in a folder that is first on PATH."""
    script = tmp_path / "bin" / "charrnn"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom charrnn.__main__ import main\nsys.exit(main())\n")
    script.chmod(0o755)
    monkeypatch.setenv(
        "PATH", os.pathsep.join(map(str, (script.parent, Path(sys.executable).parent, "/usr/bin", "/bin")))
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return script


def test_charrnn_answers_in_plain_sentences_without_hydra(tmp_path: Path):
    here = {"cwd": tmp_path, "PYTHONPATH": str(ROOT), "PYTHONPROFILEIMPORTTIME": "1"}
    answers = {name: call(*MODULE, *name.split(), **here) for name in ("", "--help", "-h", "--version", "tarin", "-x")}
    for name, done in answers.items():
        assert done.returncode == (0 if name in ("--help", "-h", "--version") else 2)
        assert "hydra" not in done.stderr and "Traceback" not in done.stderr
    assert answers["--help"].stdout == answers["-h"].stdout and "charrnn train " in answers["--help"].stdout
    assert answers["--help"].stdout in answers[""].stderr
    assert re.fullmatch(r"charrnn \d+\.\d+\.\d+\n", answers["--version"].stdout)
    assert answers["tarin"].stderr.endswith("got 'tarin'; did you mean 'train'?\n")
    assert answers["-x"].stderr.endswith("got '-x'; see charrnn --help\n")


@pytest.mark.parametrize(
    ("program", "arguments", "code"),
    [
        ("train", ["--help"], 0),
        ("analyze", ["--cfg", "job", "--resolve"], 0),
        ("train", ["model.hiden=3"], 2),
        ("train", ["--config-dir", ".", "experiment=mine"], 2),
    ],
)
def test_charrnn_answers_as_the_script_does(commands: Commands, program: str, arguments: list[str], code: int):
    script = commands.run(program, *arguments)
    module = call(*MODULE, program, *arguments, cwd=commands.home, PYTHONPATH=str(ROOT))
    assert (module.returncode, module.stdout, module.stderr) == (script.returncode, script.stdout, script.stderr)
    assert script.returncode == code and (code == 0 or script.stderr.startswith("error: "))
    assert not commands.runs()


@pytest.mark.parametrize(
    ("argument", "typed"),
    [
        ("train.py", "python train.py"),
        ("../my checkout/train.py", "python '../my checkout/train.py'"),
        ("/venv/bin/charrnn", "charrnn train"),
        ("/venv/lib/charrnn/__main__.py", "python -m charrnn train"),
    ],
)
def test_the_command_is_told_as_it_was_typed(monkeypatch: pytest.MonkeyPatch, argument: str, typed: str):
    monkeypatch.setattr(sys, "argv", [argument, "seed=1"])
    assert typed_command("train") == typed


def test_a_run_that_fails_in_a_worker_names_the_command_as_it_was_typed(commands: Commands, charrnn: Path):
    bad = ("optim=sgd", "optim.lr=1e38", "optim.gradient_clip=1e30", *SMOKE)
    done = call(charrnn, "train", "-m", *bad, "seed=3", "hydra/launcher=cores", cwd=commands.home)
    assert done.returncode == 1, done.stderr
    (folder,) = commands.runs()
    (line,) = re.findall(r"^  rerun  (charrnn train optim=sgd .*)$", done.stderr, re.MULTILINE)
    assert run.read_status(folder)["command"] == line
    (manifest,) = (commands.home / "runs" / "sweeps").glob("*.yaml")
    assert manifest.read_text().startswith("command: charrnn train -m optim=sgd")


class Bash:
    """An interactive shell on a terminal."""

    def __init__(self, cwd: Path):
        self.terminal, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "INPUTRC": os.devnull, "PS1": "> "}
        command = ["bash", "--norc", "--noprofile", "-i"]
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def type(self, keys: str, expected: str) -> None:
        """Press these keys and wait for what is expected on the screen."""
        os.write(self.terminal, keys.encode())
        shown, end = "", time.monotonic() + 30
        while expected not in shown:
            assert time.monotonic() < end, f"expected {expected!r}, the terminal shows {shown!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                shown += os.read(self.terminal, 4096).decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.mark.parametrize(
    ("install", "line", "completed"),
    [
        ("charrnn -sc install=bash", "charrnn tr", "charrnn train"),
        ("charrnn -sc install=bash", "charrnn train model=l", "model=lstm"),
        ("charrnn train -sc install=bash", "charrnn sample temp", "temperature="),
        ("charrnn -sc install=bash", "charrnn train seed=1 hydra/launcher=co", "hydra/launcher=cores"),
        ("python train.py -sc install=bash", "python train.py model=l", "model=lstm"),
        ("python train.py -sc install=bash", "python analyze.py analysis=ne", "analysis=neurons"),
    ],
)
def test_tab_completes_in_bash(charrnn: Path, install: str, line: str, completed: str):
    bash = Bash(cwd=ROOT if install.startswith("python") else charrnn.parent)
    try:
        bash.type(f'eval "$({install})"; echo inst""alled\n', "installed\r\n")
        bash.type(f"{line}\t", completed)
    finally:
        bash.close()


def test_completion_is_answered_without_torch(charrnn: Path, tmp_path: Path):
    asked = {"cwd": tmp_path, "COMP_LINE": "charrnn train model=", "COMP_POINT": "20", "PYTHONPROFILEIMPORTTIME": "1"}
    done = call(charrnn, "-sc", "query=bash", **asked)
    assert set(done.stdout.split()) == {"model=gru", "model=lstm", "model=rnn"}
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "hydra" in imported and not imported & {"torch", "pytorch_lightning", "pandas"}
    assert call(charrnn, "-sc", "query=bash", **{**asked, "COMP_LINE": "charrnn tarin model="}).stdout == ""


def git(*arguments: str, cwd: Path) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=cwd, check=True)


@pytest.mark.parametrize("place", [".", "lib/python/site-packages"])
def test_the_commit_of_a_repository_around_the_package_is_not_its_own(tmp_path: Path, place: str):
    package = tmp_path / place / "charrnn"
    package.mkdir(parents=True)
    for name in ("__init__.py", "run.py"):
        (package / name).write_text((ROOT / "charrnn" / name).read_text())
    git("init", "--quiet", cwd=tmp_path)
    git("commit", "--quiet", "--allow-empty", "--message=theirs", cwd=tmp_path)
    question = "from charrnn import run; print(run.origin()['commit'])"
    ask = lambda: call(sys.executable, "-c", question, cwd=package.parent, PYTHONPATH="").stdout.strip()  # noqa: E731
    assert ask() == "None"
    git("add", ".", cwd=tmp_path)
    git("commit", "--quiet", "--message=ours", cwd=tmp_path)
    assert bool(re.fullmatch("[0-9a-f]{40}", ask())) == (place == ".")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist, the wheel of the checkout and in sub/ the wheel of the sdist."""
    folder = tmp_path_factory.mktemp("archives")
    venv.create(folder / "builder", with_pip=True)
    python = folder / "builder" / "bin" / "python"
    for command in (
        (python, "-m", "pip", "install", "--quiet", "hatchling"),
        (python, "-m", "hatchling", "build", "--directory", folder),
    ):
        assert (done := call(*command, cwd=ROOT)).returncode == 0, done.stderr
    (sdist,) = folder.glob("*.tar.gz")
    done = call(python, "-m", "pip", "wheel", "--no-deps", f"--wheel-dir={folder / 'sub'}", sdist, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_archives_hold_what_the_checkout_holds(archives: Path):
    (wheel,), (again,), (sdist,) = archives.glob("*.whl"), archives.glob("sub/*.whl"), archives.glob("*.tar.gz")
    assert wheel.read_bytes() == again.read_bytes()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    tracked = {name for name in listed.split("\0") if name and (ROOT / name).exists()}
    with zipfile.ZipFile(wheel) as packed:
        content = {name: packed.read(name) for name in packed.namelist() if ".dist-info/" not in name}
    ours = {name: f"charrnn/{name}" if name.startswith("conf/") else name for name in tracked}
    expected = {
        ours[name]: (ROOT / name).read_bytes()
        for name in tracked
        if name.startswith(("charrnn/", "conf/", "hydra_plugins/"))
    }
    assert content == expected and {"charrnn/py.typed", "charrnn/conf/train.yaml"} <= content.keys()
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    scripts = {"train.py", "sample.py", "analyze.py", "README.md", "LICENSE", "constraints.txt"}
    assert {
        name for name in tracked if name.startswith(("charrnn/", "conf/", "hydra_plugins/", "tests/"))
    } | scripts <= names


class Installed(Commands):
    """The command charrnn of an environment of its own, in an empty folder; no terminal, no locale."""

    def __init__(self, home: Path, place: Path):
        super().__init__(home)
        self.bin = place / "bin"

    def __call__(self, *command: str | Path, code: int = 0) -> str:
        variables = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME") if name in os.environ}
        variables |= {"PATH": f"{self.bin}:/usr/bin:/bin", "LANG": "C", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            ["env", "-i", *(f"{k}={v}" for k, v in variables.items()), *map(str, command)],
            cwd=self.home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def config_dir(self) -> Path:
        code = "from charrnn.config_dir import config_dir; print(config_dir())"
        return Path(self("python", "-c", code).strip())

    def pip(self, *arguments: str | Path) -> str:
        return self(
            "python", "-m", "pip", "install", "--quiet", "--no-compile", "-c", ROOT / "constraints.txt", *arguments
        )

    def sweep(self, runs_dir: str, *arguments: str) -> None:
        self("charrnn", "train", "-m", "model.hidden=8,9", "trainer=smoke", f"runs_dir={runs_dir}", *arguments)
        assert len(list((self.home / runs_dir).glob("hidden-[89]_*/result.json"))) == 2


@pytest.fixture(scope="module")
def installed(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel and what it depends on, nothing else; blanks and umlauts in every path."""
    place = tmp_path_factory.mktemp("Büro, hinten links")
    venv.create(place / "env", with_pip=True)
    (place / "home").mkdir()
    installed = Installed(place / "home", place / "env")
    (wheel,) = archives.glob("*.whl")
    installed.pip(wheel)
    return installed


@pytest.mark.slow
def test_the_wheel_does_all_from_an_empty_folder(installed: Installed):
    assert "No broken requirements" in installed("python", "-m", "pip", "check")
    assert installed.config_dir().match("site-packages/charrnn/conf")
    assert installed("python", "-c", "from charrnn import run; print(run.origin()['commit'])") == "None\n"
    installed("charrnn", "train", "trainer=smoke")
    installed.sweep("runs")
    default = next(folder for folder in installed.runs() if folder.name.startswith("max-epochs"))
    installed("charrnn", "sample", f"ckpt={default}", "max_chars=300")
    (samples,) = (installed.home / "samples").iterdir()
    assert {file.suffix for file in samples.iterdir()} >= {".abc", ".svg", ".png", ".mid", ".ogg"}
    installed("charrnn", "analyze")
    installed("charrnn", "analyze", "analysis=quality", f"tunes={samples}")
    installed("charrnn", "analyze", "analysis=temperature", f"ckpt={default}", "num_tunes=2")
    installed("charrnn", "analyze", "analysis=neurons", f"ckpt={default}")
    installed("charrnn", "analyze", "analysis=paper", "num_tunes=2")
    assert len(list((installed.home / "report").glob("*/index.html"))) == 5
    refused = installed("charrnn", "train", "--config-dir", "my_conf", "experiment=mine", code=2)
    assert refused.startswith("error: --config-dir: ") and refused.count("\n") == 1
    assert {entry.name for entry in installed.home.iterdir()} == {"runs", "samples", "report"}


@pytest.mark.slow
@pytest.mark.parametrize("editable", [False, True])
def test_a_launchers_workers_find_the_configuration(installed: Installed, editable: bool):
    installed.pip("hydra-submitit-launcher")
    if editable:  # last, since it takes the wheel's place
        installed.pip("--no-deps", "--editable", ROOT)
        assert installed.config_dir() == ROOT / "conf"
    for launcher in ("cores", "submitit_local"):
        installed.sweep(f"{launcher}_{editable}", f"hydra/launcher={launcher}", "trainer.scores=false")
