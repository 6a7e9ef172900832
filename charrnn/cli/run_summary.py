"""The end of what train.py prints; of a run that was finished before it is read from the folder, without torch."""

from pathlib import Path

from charrnn import run
from charrnn.learning.result import Run, summary

COMPOSED = "composed.txt"


def was_printed(folder: Path) -> bool:
    return (folder / COMPOSED).exists()


def print_run(folder: Path) -> None:
    """The result of a run, two tunes, what form many have, where to see and hear one."""
    print(summary(Run(folder)), flush=True)
    if not was_printed(folder):
        from charrnn.cli.tunes import composed

        with run.lock(folder):  # another command for this run may have waited for its end
            if not was_printed(folder):
                run.write_text(folder / COMPOSED, composed(folder))
    print((folder / COMPOSED).read_text(encoding="utf-8"), end="")
    for name, file in (
        ("score", folder / "tunes" / "000.png"),
        ("sound", folder / "tunes" / "000.ogg"),
        ("page", folder / "index.html"),
    ):
        if file.exists():
            print(f"{name:<10}{file}")
