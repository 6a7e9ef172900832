"""The process that holds the engines: a request a line on its input, an answer a line on its output.

It may die of any tune: a wrong note in verovio or the synthesizer takes the process, not an exception.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from charrnn.music.engraving.marked import marked
from charrnn.music.engraving.musicxml import musicxml
from charrnn.music.engraving.score import NoScore, png, svg
from charrnn.music.engraving.sounding import midi, seconds, write_sound
from charrnn.music.notation import read

MOST_NOTES = 3000  # what verovio lays out in some ten seconds
MEMORY = 4 * 2**30


def write(text: str, stem: str, formats: list[str], why: str | None) -> dict[str, Any]:
    """Write the files; with a `why`, the engines have failed on this tune before, and it gets its picture only."""
    reading, files = read(text), []
    if {"svg", "png"} & set(formats):
        picture = None
        if why is None:
            try:
                if not 0 < len(reading.notes) <= MOST_NOTES:
                    raise NoScore("no notes" if not reading.notes else f"more than {MOST_NOTES} notes")
                picture = svg(musicxml(reading))
            except NoScore as error:
                why = str(error)
        if picture is None:
            picture = marked(reading, str(why))
        for kind, content in (("svg", picture.encode()), ("png", png(picture) if "png" in formats else b"")):
            if kind in formats:
                Path(f"{stem}.{kind}").write_bytes(content)
                files.append(kind)
    if {"mid", "ogg"} & set(formats) and reading.notes and len(reading.notes) <= MOST_NOTES:
        score = midi(reading)
        if "mid" in formats:
            score.dump_midi(f"{stem}.mid")
            files.append("mid")
        if "ogg" in formats:
            write_sound(score, seconds(reading), Path(f"{stem}.ogg"))
            files.append("ogg")
    return {"files": files, "error": why}


def main() -> None:
    """Answer requests until the input ends, as it does with the process that asks."""
    seconds_a_tune = float(sys.argv[1])
    with contextlib.suppress(ValueError, OSError):  # where the system knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # The engines write to standard output as they please.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, 1.5 * seconds_a_tune)  # should nobody be left to end this process
        try:
            answer = write(**json.loads(line))
        except ModuleNotFoundError as error:
            answer = {"files": [], "error": str(error), "missing": True}
        except Exception as error:
            answer = {"files": [], "error": f"{type(error).__name__}: {error}", "failed": True}
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
