"""Score, MIDI and sound: how many tunes get theirs, whether they show what was read, how long they take.

    python -m benchmarks.engraving [RUN]

With a trained RUN also tunes sampled from it at temperature 2.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import symusic

from benchmarks import at_least, at_most
from benchmarks.scores import is_exact
from benchmarks.startup import ROOT
from charrnn.music.corpus import find_sources, parse
from charrnn.music.engraving import Engraver
from charrnn.music.engraving.sounding import LONGEST, TICKS, quarters_a_minute
from charrnn.music.notation import Reading, played, read


def plays_what_was_read(reading: Reading, file: Path) -> bool:
    """Every onset and pitch of the notes as they are played, and no other."""
    heard = sorted((n.time, n.pitch) for n in symusic.Score(str(file)).tracks[0].notes)
    return heard == sorted((round(n.onset * 4 * TICKS), n.pitch) for n in played(reading))


def sounds_right(reading: Reading, file: Path) -> bool:
    samples, rate = soundfile.read(file)
    end = max(note.onset + note.duration for note in played(reading))
    wanted = min(float(end * 4 * 60 / quarters_a_minute(reading)), LONGEST)
    loud = 0.3 < np.abs(samples).max() < 0.99 and np.sqrt((samples**2).mean()) > 0.01
    return bool(loud) and abs(len(samples) / rate - wanted) <= 0.02 * wanted


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, Engraver() as engraver:
        home = Path(scratch)
        for name in ("ryan", "oneill"):
            tunes = parse(find_sources(name)).tunes
            readings = [read(tune) for tune in tunes]
            done = [engraver.write(tune, home / str(i), ["mid", "svg"]) for i, tune in enumerate(tunes)]
            written = sum(engraved.error is None for engraved in done)
            print(at_least(f"scores: {name}, {len(tunes)} tunes", 100 * written / len(tunes), "%", 99))
            share = 100 * sum(map(is_exact, readings)) / len(tunes)
            print(at_least(f"scores: {name}, every note in its bar, as we read them", share, "%", 98))
            share = 100 * sum(plays_what_was_read(r, home / f"{i}.mid") for i, r in enumerate(readings)) / len(tunes)
            print(at_least(f"MIDI: {name}, onsets and pitches as we read them", share, "%", 98))
        tunes = parse(find_sources("ryan")).tunes[::10][:100]
        started = time.perf_counter()
        for i, tune in enumerate(tunes):
            engraver.write(tune, home / str(i))
        print(at_most("score, MIDI and sound of 100 tunes", time.perf_counter() - started, "s", 60))
        right = sum(sounds_right(read(tune), home / f"{i}.ogg") for i, tune in enumerate(tunes))
        print(at_least("sound: loud, not clipped, length within 2 %", 100 * right / len(tunes), "%", 100))
        if run := next(iter(sys.argv[1:]), None):
            command = [sys.executable, str(ROOT / "sample.py"), f"ckpt={run}", "temperature=2", "num_tunes=300",
                       "formats=[abc]", f"samples_dir={home}", "seed=1"]  # fmt: skip
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (file,) = home.glob("*/tunes.jsonl")
            hot = [json.loads(line)["text"] for line in file.read_text().splitlines()]
            done = [engraver.write(tune, home / str(i), ["svg"]) for i, tune in enumerate(hot)]
            share = 100 * sum(engraved.error is None for engraved in done) / len(hot)
            print(at_least("scores: 300 tunes sampled at T = 2", share, "%", 95))
            silent = sum(not read(tune).notes for tune in hot)
            share = 100 * (len(hot) - sum(e.error is not None for e in done)) / (len(hot) - silent)
            print(at_least(f"scores of these without the {silent} that have no note", share, "%", 95))
            pictures = sum("svg" in engraved.files for engraved in done)
            print(at_least("pictures of these, marked texts too", 100 * pictures / len(hot), "%", 100))


if __name__ == "__main__":
    main()
