"""Score, MIDI and sound of any tune: the engines in a process of their own, replaced when a tune kills it."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FORMATS = ("svg", "png", "mid", "ogg")
SECONDS = 20.0  # a tune; a real one takes half a second
_PACKAGES = Path(__file__).resolve().parents[3]  # where the worker finds this package


@dataclass(frozen=True)
class Engraved:
    """Which files were written, and why there is no score: the picture is then the text, its first problem marked."""

    files: tuple[str, ...]
    error: str | None


class Engraver:
    """`with Engraver() as engraver:` keeps one worker for all tunes, each of which may take `seconds`."""

    def __init__(self, seconds: float = SECONDS):
        self.seconds = seconds
        self.missing: str | None = None  # the engine that is not installed
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def write(self, text: str, stem: Path, formats: Sequence[str] = FORMATS) -> Engraved:
        """`stem`.svg and so on, those of `formats`; whatever the text is, this neither raises nor takes long."""
        if self.missing is not None:
            return Engraved((), self.missing)
        request = {"text": text, "stem": str(stem), "formats": list(formats), "why": None}
        answer = self._ask(request)
        if answer.get("failed"):
            # The engines did not survive it; a picture of the text needs none of them but resvg.
            pictures = [kind for kind in formats if kind in ("svg", "png")]
            answer = self._ask({**request, "formats": pictures, "why": answer["error"]})
        if answer.get("missing"):
            self.missing = answer["error"]
        return Engraved(tuple(answer["files"]), answer["error"])

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        worker = self._started()
        assert worker.stdin is not None and worker.stdout is not None
        try:
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            worker.stdin.flush()
            if not select.select([worker.stdout], [], [], self.seconds)[0]:
                self._end()
                return {"files": [], "error": f"the engines took more than {self.seconds:g} s", "failed": True}
            return json.loads(worker.stdout.readline())
        except (OSError, ValueError):
            code = worker.wait()
            self._end()
            return {"files": [], "error": f"the engines died of it (exit code {code})", "failed": True}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._worker is None:
            paths = [str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "charrnn.music.engraving.worker", str(self.seconds)],
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
