"""A run folder: which it is, who holds it, how far it got, what came out."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Raised whenever the same configuration and data give other numbers than before.
NUMERICS = 3
LONGEST_NAME = 80
PART = ".part-"  # in the name of a file that is not yet whole
PACKAGES = ("torch", "pytorch-lightning", "numpy", "hydra-core", "music21", "charrnn")
# Keys named after their group, where their own name says too little.
_BY_GROUP = ("name", "source")


def flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones."""
    return {
        name: value
        for k, v in config.items()
        for name, value in (flat(v, f"{prefix}{k}.").items() if isinstance(v, dict) else [(prefix + k, v)])
    }


def short(key: str) -> str:
    """A dotted key as people say it: `hidden` of `model.hidden`, `optim` of `optim.name`."""
    *group, last = key.split(".")
    return group[-1] if group and last in _BY_GROUP else last


def identity(config: dict[str, Any], fingerprint: str) -> str:
    """8 hex digits of all that can change a result: the configuration (keys without influence left out beforehand), the
    data and the version of our arithmetic."""
    described = json.dumps([NUMERICS, fingerprint, flat(config)], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()[:8]


def name(config: dict[str, Any], default: dict[str, Any], fingerprint: str) -> str:
    """What differs from the default, then the identity: at most 80 letters, digits, `.`, `_` and `-`."""
    base, parts = flat(default), []
    seed = ""
    for key, value in flat(config).items():
        if key in base and value == base[key]:
            continue
        text = "null" if value is None else str(value).replace("e+", "e")  # 1e+38 and 1e-38 are two names
        shown = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{short(key)}-{text}")
        if key == "seed":
            seed = f"_{shown}"  # kept where others fall away: it tells the runs of one setting apart
        else:
            parts.append(shown)
    ending = f"{seed}_{identity(config, fingerprint)}"
    if not parts:
        return f"default{ending}"
    readable = parts[0]
    for part in parts[1:]:
        if len(readable) + 1 + len(part) + len(ending) > LONGEST_NAME:
            break
        readable += "_" + part
    return readable[: LONGEST_NAME - len(ending)] + ending


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file; OSError where there is no file, ValueError where it holds no JSON object."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(content).__name__}")
    return content


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def part_of(path: Path) -> Path:
    """Where to write what shall stand at `path`: beside it, with the same suffix. `put_in_place` moves it there."""
    return path.with_name(f".{os.getpid()}{PART}{path.name}")


def put_in_place(part: Path, path: Path, previous: Path | None = None) -> None:
    """Move a file that was written beside `path` onto it; `previous` takes what stood there until now.

    So `path` is whole at every moment, on any file system: a move from another one truncates the target and copies.
    """
    with open(part, "rb") as handle:
        os.fsync(handle.fileno())  # else a machine that crashes may keep the new name and lose the content
    if previous is not None and path.exists():
        os.replace(path, previous)
    os.replace(part, path)


@contextlib.contextmanager
def replacing(path: Path, previous: Path | None = None) -> Iterator[Path]:
    """A file to write to that replaces `path` when the block ends; after an error `path` is as it was.

    OSError names `path`, whatever the system names.
    """
    part = part_of(path)
    try:
        yield part
        put_in_place(part, path, previous)
    except OSError as error:
        if error.filename in (None, str(part)):
            error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def remove_parts(folder: Path) -> None:
    """Remove what killed processes were writing; call it while nobody else writes below `folder`."""
    for part in folder.rglob(f".*{PART}*"):
        part.unlink(missing_ok=True)


def read_result(folder: Path) -> dict[str, Any] | None:
    """The result of a finished run, None while there is none; a file that is no result counts as none."""
    try:
        result = read_json(folder / "result.json")
    except (OSError, ValueError):
        return None
    return result if result.keys() >= {"best_val_loss", "best_epoch", "last_epoch", "stop_reason"} else None


def read_status(folder: Path) -> dict[str, Any]:
    """What status.json says; without one, that there is none."""
    try:
        return read_json(folder / "status.json")
    except (OSError, ValueError):
        return {"state": "unknown", "error": "no status.json: it never started, or was killed", "command": ""}


def state(folder: Path) -> str:
    """finished, running, failed, or stopped: not at its end, and nobody holds it."""
    if read_result(folder) is not None:
        return "finished"
    if is_running(folder):
        return "running"
    return "failed" if read_status(folder)["state"] == "failed" else "stopped"


def failure(folder: Path, since: float) -> str | None:
    """The error with which the run failed after the time `since`, in seconds since 1970."""
    file = folder / "status.json"
    if not file.exists() or file.stat().st_mtime < since:
        return None
    status = read_status(folder)
    return status["error"] if status["state"] == "failed" else None


def write_status(folder: Path, state: str, command: str, error: str | None = None) -> None:
    """For people: finished, stopped or failed, why, and how to run it again."""
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    write_json(folder / "status.json", {"state": state, "error": error, "command": command, "when": when})


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the folder alone; whoever comes second waits, and is told for whom.

    The kernel drops the lock with its process, so a dead one never blocks.
    """
    with open(folder / ".lock", "a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            print(f"waiting: {folder.name} is held by {handle.read().strip() or 'another process'}", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        handle.flush()
        yield


def is_running(folder: Path) -> bool:
    """Whether some process holds the folder now."""
    try:
        with open(folder / ".lock", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def origin() -> dict[str, Any]:
    """Versions of what can change a number, and the commit, where this is a git checkout.

    An installed package may lie in a folder of somebody else's repository, whose commit says nothing of it.
    """
    versions = {"python": platform.python_version()} | {p: importlib.metadata.version(p) for p in PACKAGES}
    commit = None
    with contextlib.suppress(OSError):
        # This folder within its repository, the commit, and this file in that commit, which must exist.
        question = ["git", "rev-parse", "--show-prefix", "HEAD", "HEAD:./run.py"]
        done = subprocess.run(question, cwd=Path(__file__).parent, capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.startswith("charrnn/\n"):
            commit = done.stdout.splitlines()[1]
    return {"versions": versions, "commit": commit}
