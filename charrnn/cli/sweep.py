"""A sweep as it goes, whatever sweeper and launcher: its jobs, its manifest, its failures, its comparison."""

import contextlib
import hashlib
import io
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from charrnn import run
from charrnn.cli.arguments import quote, unquote_override
from charrnn.cli.console import DONE, RUN_FAILED
from charrnn.cli.jobs import Job
from charrnn.config import semantic
from charrnn.errors import sentence
from charrnn.schema import plain

COMPARISON = "comparison.txt"


def command_line(command: str, overrides: Sequence[str]) -> str:
    """What to type in a shell for these overrides; `command` is the program as it was typed."""
    return f"{command} {shlex.join(map(unquote_override, overrides))}".rstrip()


@dataclass
class Sweep:
    """The jobs that were launched, each once. `title` names the manifest: an experiment, or else the varied keys."""

    program: str
    command: str
    arguments: list[str] = field(default_factory=list)
    title: str = ""
    jobs: dict[Path, Job] = field(default_factory=dict)
    num_started: int = 0  # without those that were finished before
    exit_code: int = DONE
    manifest: Path | None = None

    @property
    def folders(self) -> list[Path]:
        return list(self.jobs)

    def add(self, jobs: Sequence[Job]) -> None:
        """Jobs that are to be launched; a sweeper may bring them in several batches."""
        new = {job.folder: job for job in jobs if job.folder is not None and job.folder not in self.jobs}
        if new:
            self.jobs |= new
            self.write_manifest()

    def end(self) -> int:
        """Print the comparison and the failures; the exit code."""
        if not self.jobs:
            return self.exit_code
        print()
        try:
            self._compare()
        except Exception as error:
            # The sweep did not fail where its comparison cannot be made, whatever the reason.
            print(f"no comparison: {sentence(error)}", file=sys.stderr)
        return RUN_FAILED if self.print_failures() else self.exit_code

    def print_failures(self) -> int:
        """Print for every job without a result why, its log and the command that runs it again; their number."""
        failed = [job for folder, job in self.jobs.items() if run.read_result(folder) is None]
        for job in failed:
            assert job.folder is not None
            status = run.read_status(job.folder)
            reason = status["error"] or f"{status['state']} before its end; the same command continues it"
            print(f"error: {job.folder.name}: {reason}", file=sys.stderr)
            print(f"  log    {job.folder / 'train.log'}", file=sys.stderr)
            print(f"  rerun  {command_line(self.command, job.overrides)}", file=sys.stderr)
        return len(failed)

    def write_manifest(self) -> None:
        """runs/sweeps/<name>.yaml: the command, its runs and what differs, when it was called, the versions.

        The same sweep has one, whenever it is called.
        """
        settings = {folder.name: semantic(plain(job.config)) for folder, job in self.jobs.items()}
        keys = dict.fromkeys(key for values in settings.values() for key in values)
        varied = [key for key in keys if len({repr(values.get(key)) for values in settings.values()}) > 1]
        readable = self.title or "-".join(map(run.short, varied)) or "sweep"
        digest = hashlib.sha256(" ".join(sorted(settings)).encode()).hexdigest()[:8]
        file, calls = self.folders[0].parent / "sweeps" / f"{readable[:60]}_{digest}.yaml", []
        with contextlib.suppress(OSError, yaml.YAMLError, KeyError, TypeError):
            calls = list(yaml.safe_load(file.read_text(encoding="utf-8"))["called"])
        content: dict[str, Any] = {
            "command": command_line(self.command, self.arguments),
            "called": [*calls, time.strftime("%Y-%m-%d %H:%M:%S")],
            "runs": {name: {key: values.get(key) for key in varied} for name, values in settings.items()},
            **run.origin(),
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        run.write_text(file, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000))
        if self.manifest not in (None, file):  # of the batches before
            self.manifest.unlink(missing_ok=True)
        self.manifest = file

    def _compare(self) -> None:
        """Print the comparison of analyze.py, made anew where a run is, in report/ beside the folder of the runs."""
        assert self.manifest is not None
        runs_dir = self.folders[0].parent
        file = runs_dir.parent / "report" / self.manifest.stem / COMPARISON
        read = [runs_dir / "epoch_time.csv", *(folder / "result.json" for folder in self.folders)]
        if not (self.num_started == 0 and _is_newer(file, read)):
            from charrnn.studies.hparams import write_hparams

            write_hparams(self.manifest)
            text = io.StringIO()
            with contextlib.redirect_stdout(text):
                self._write_report(runs_dir.parent / "report")
            run.write_text(file, text.getvalue())
        print(file.read_text(encoding="utf-8"), end="", flush=True)

    def _write_report(self, report_dir: Path) -> None:
        from hydra import compose

        from charrnn.cli.analyses import write_report
        from charrnn.cli.jobs import build_config, initialize_hydra

        typed = [f"runs={quote(str(self.manifest))}", f"report_dir={quote(str(report_dir))}"]
        with initialize_hydra():
            config = build_config("analyze", compose("analyze", typed))
        write_report(config)


def _is_newer(file: Path, others: Sequence[Path]) -> bool:
    return file.exists() and all(other.stat().st_mtime < file.stat().st_mtime for other in others if other.exists())
