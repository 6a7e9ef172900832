"""What Debian's abc2midi makes of tunes, as notes in the order of their onsets."""

import re
import struct
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path


def reference(tunes: Sequence[str], folder: Path) -> list[list[tuple[Fraction, int]]]:
    """(onset in whole notes, pitch) of every note of every tune as abc2midi plays it; [] where it plays nothing.

    Without R:, whose hornpipes it swings, chord names, which it accompanies, and bowing and staccato, for which it
    overlooks a > before them.
    """
    book = []
    for number, tune in enumerate(tunes, 1):
        lines = [line for line in tune.split("\n") if not line.startswith(("R:", "X:"))]
        plain = (line if re.match("[A-Za-z]:", line) else re.sub(r'"[^"]*"|[uv.]', "", line) for line in lines)
        book.append("\n".join([f"X:{number}", "%%MIDI chordattack 0", *plain]))
    (folder / "book.abc").write_text("\n\n".join(book) + "\n", encoding="utf-8")
    subprocess.run(["abc2midi", "book.abc", "-NGUI"], cwd=folder, capture_output=True, timeout=120, check=False)
    files = (folder / f"book{number}.mid" for number in range(1, len(tunes) + 1))
    return [read_midi(file.read_bytes()) if file.exists() else [] for file in files]


def read_midi(data: bytes) -> list[tuple[Fraction, int]]:
    """Onset in whole notes and pitch of every note of a Standard MIDI File, whatever its track."""
    _, tracks, division = struct.unpack(">HHH", data[8:14])
    at, notes = 14, []
    for _ in range(tracks):
        end = at + 8 + struct.unpack(">I", data[at + 4 : at + 8])[0]
        at, time, status = at + 8, 0, 0
        while at < end:
            delta, at = _number(data, at)
            time += delta
            if data[at] >= 0x80:
                status, at = data[at], at + 1
            if status in (0xF0, 0xF7, 0xFF):
                size, at = _number(data, at + (status == 0xFF))
                at += size
                continue
            if status >> 4 == 9 and data[at + 1]:
                notes.append((Fraction(time, 4 * division), data[at]))
            at += 1 if status >> 4 in (12, 13) else 2
    return sorted(notes)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if data[at - 1] < 0x80:
            return value, at
