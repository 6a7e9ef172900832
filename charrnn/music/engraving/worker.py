"""The process that holds the engines: a request a line on its input, an answer a line on its output.

It may die of any tune: a wrong note in verovio or the synthesizer takes the process, not an exception.
"""

import contextlib
import json
import os
import resource
import signal
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from charrnn.music.engraving.marked import marked
from charrnn.music.engraving.musicxml import musicxml
from charrnn.music.engraving.score import NoScore, png, svg
from charrnn.music.engraving.sounding import NoSound, midi, write_sound
from charrnn.music.engraving.voices import bars_that_fit
from charrnn.music.notation import read

MOST_NOTES = 3000  # of a score: laid out and drawn in twelve seconds where every note has a value that is none
MEMORY = 4 * 2**30

# Every format is asked for on its own, and the next one mostly needs what the last one did.
_reading = lru_cache(1)(read)


@lru_cache(1)
def _midi(text: str) -> Any:
    return midi(_reading(text))


@lru_cache(1)
def _picture(text: str, why: str | None) -> tuple[str, str | None]:
    """An SVG, and why it does not show the whole score."""
    reading = _reading(text)
    if why is not None:
        return marked(reading, why), why
    bars = bars_that_fit(reading, MOST_NOTES)
    if not reading.notes or bars == 0:
        raise NoScore("no notes" if bars is None else f"more than {MOST_NOTES:,} notes in a bar")
    remark = None if bars is None else f"the first {bars} bars: {len(reading.notes):,} notes are too many for a score"
    return svg(musicxml(reading, bars, remark or "")), remark


def write(text: str, file: str, why: str | None) -> str | None:
    """Write the `file`, in the format that its name ends in, and say what a picture lacks.

    With a `why` there is no score, and the picture is that of the text.
    """
    kind = file.rpartition(".")[2]
    if kind == "musicxml":
        reading = _reading(text)
        if not reading.notes:
            raise NoScore("no notes")
        Path(file).write_text(musicxml(reading), encoding="utf-8")
    elif kind == "mid":
        _midi(text).dump_midi(file)
    elif kind == "ogg":
        write_sound(_midi(text), Path(file))
    else:
        picture, remark = _picture(text, why)
        Path(file).write_bytes(png(picture) if kind == "png" else picture.encode())
        return remark
    return None


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
        answer: dict[str, Any] = {"written": False}
        try:
            answer = {"written": True, "error": write(**json.loads(line))}
        except (NoScore, NoSound) as error:
            answer["error"] = str(error)
        except ModuleNotFoundError as error:
            answer |= {"error": str(error), "missing": True}
        except Exception as error:
            answer["error"] = f"{type(error).__name__}: {error}".splitlines()[0]
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
