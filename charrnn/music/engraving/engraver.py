"""Score, MusicXML, MIDI and sound of any tune: the engines in a process of their own, replaced when a tune kills it."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from charrnn import run
from charrnn.errors import sentence

FORMATS = ("musicxml", "mid", "ogg", "svg", "png")  # as they are written: the engine that may hang or die comes late
PICTURES = ("svg", "png")
SECONDS = 20.0  # a tune; a real one takes a third of a second
# Of the seconds that a tune has left, what one format may take: whatever hangs, something is left for the next.
_SHARE = 0.75
_PACKAGES = Path(__file__).resolve().parents[3]  # where the worker finds this package


@dataclass(frozen=True)
class Engraved:
    """The formats that were written, and by format what went wrong.

    A picture is written all the same: what has no score shows its text, the first problem marked.
    """

    files: tuple[str, ...]
    errors: dict[str, str]

    @property
    def error(self) -> str | None:
        """Why a picture is missing, or does not show the whole score."""
        return next((self.errors[kind] for kind in PICTURES if kind in self.errors), None)


class Engraver:
    """`with Engraver() as engraver:` keeps one worker for all tunes, each of which may take `seconds`."""

    def __init__(self, seconds: float = SECONDS):
        self.seconds = seconds
        self.missing: dict[str, set[str]] = {}  # by what is not installed, the formats that it costs
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def write(self, text: str, stem: Path, formats: Collection[str] = FORMATS) -> Engraved:
        """`stem`.svg and so on, those of `formats`; whatever the text is, this neither raises nor takes long.

        One error costs one format; no file is left that is not whole, or of another tune.
        """
        ends = time.monotonic() + self.seconds
        files, errors, why = [], {}, None
        for kind in (kind for kind in FORMATS if kind in formats):
            file = Path(f"{stem}.{kind}")
            answer = self._ask(text, file, why, ends)
            if not answer["written"] and kind in PICTURES and why is None:
                why = answer["error"]
                answer = self._ask(text, file, why, ends)
            if answer["written"]:
                files.append(kind)
            else:
                with contextlib.suppress(OSError):
                    file.unlink()
            if (error := answer["error"]) is not None:
                errors[kind] = error
            if error in self.missing:
                self.missing[error].add(kind)
        return Engraved(tuple(files), errors)

    def _ask(self, text: str, file: Path, why: str | None, ends: float) -> dict[str, Any]:
        part = run.part_of(file)  # a worker that dies leaves half a file
        request = json.dumps({"text": text, "file": str(part), "why": why}).encode() + b"\n"
        now = time.monotonic()
        until = now + _SHARE * (ends - now)
        answer = self._answer(request, until)
        if answer.get("died"):  # perhaps of something else, even before it came to this tune
            answer = self._answer(request, until)
        if answer.get("missing"):
            self.missing.setdefault(answer["error"], set())
        try:
            if answer["written"]:
                run.put_in_place(part, file)
            else:
                part.unlink(missing_ok=True)
        except OSError as error:
            return {"written": False, "error": sentence(error)}
        return answer

    def _answer(self, request: bytes, until: float) -> dict[str, Any]:
        worker = self._started()
        assert worker.stdin is not None and worker.stdout is not None
        seconds = max(0.0, until - time.monotonic())
        try:
            worker.stdin.write(request)
            worker.stdin.flush()
            if not select.select([worker.stdout], [], [], seconds)[0]:
                self._end()
                return {"written": False, "error": f"the engine took more than {seconds:.1f} s"}
            return json.loads(worker.stdout.readline())
        except (OSError, ValueError):
            code = worker.wait()
            self._end()
            return {"written": False, "error": f"the engine died of it (exit code {code})", "died": True}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._worker is None:
            paths = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
            self._worker = subprocess.Popen(
                # -P: a file of the user's that is called as one of our packages is none of them.
                [sys.executable, "-P", "-m", "charrnn.music.engraving.worker", str(self.seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        return self._worker

    def _end(self) -> None:
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.kill()
            with contextlib.suppress(OSError), worker:  # a request may be left that nobody will read
                pass
