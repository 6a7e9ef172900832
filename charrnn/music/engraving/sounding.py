"""A tune as it is played: MIDI from our own reading, repeats played out, and its sound from a General MIDI font."""

import re
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from charrnn.music.notation import Reading, played

TICKS = 10_080  # a quarter note: 2^5 · 3^2 · 5 · 7, so that binary values and tuplets fall on whole ticks
FLUTE = 73  # a tone that keeps, so that ties are heard, and begins sharply enough for semiquavers
VELOCITY = 90
BEATS_A_MINUTE = 100  # where the tune gives no Q:, and the beat is the meter's: 6/8 goes in two
RATE = 22_050  # Hz: the highest flute note and five of its overtones; an OGG of 44.1 kHz takes four times as long
LONGEST = 180.0  # seconds of sound
PEAK = 0.7  # -3 dBFS
_TEMPO = re.compile(r"(?:(\d{1,3})/(\d{1,3})\s*=\s*)?(\d{1,3})(?:\s|$)")


class NoSound(Exception):
    """There is nothing to play."""


def midi(reading: Reading) -> Any:
    """A symusic.Score of the notes that `played` gives and MIDI has a pitch for; NoSound if there is none."""
    import symusic

    score: Any = symusic.Score(TICKS)
    track: Any = symusic.Track(program=FLUTE, is_drum=False, name=reading.header.title[:60])
    for note in played(reading):
        begin = round(note.onset * 4 * TICKS)
        end = round((note.onset + note.duration) * 4 * TICKS)
        if 0 <= note.pitch <= 127:
            track.notes.append(symusic.Note(begin, max(end - begin, 1), note.pitch, VELOCITY))
    if not len(track.notes):
        raise NoSound("no note that MIDI knows" if reading.notes else "no notes")
    score.tracks.append(track)
    score.tempos.append(symusic.Tempo(0, float(quarters_a_minute(reading))))
    key, meter, _ = reading.header.in_force()
    sharps = sum(key.alters.values())
    if len(set(key.alters.values())) <= 1 and abs(sharps) <= 7:
        score.key_signatures.append(symusic.KeySignature(0, sharps, int(key.mode == "min")))
    if meter.bar is not None and meter.bar.numerator < 100:
        upper, lower = meter.bar.numerator, meter.bar.denominator
        factor = max(1, 8 // lower) if meter.beat == Fraction(3, 8) else max(1, 4 // lower)
        score.time_signatures.append(symusic.TimeSignature(0, upper * factor, lower * factor))
    return score


def quarters_a_minute(reading: Reading) -> Fraction:
    """From Q: (ABC 2.1, section 3.1.8), as 1/4=120 or as beats of the meter; between 20 and 400."""
    meter = reading.header.in_force()[1]
    beat = meter.beat or Fraction(1, 4)
    beats = Fraction(BEATS_A_MINUTE)
    value = next((re.sub('"[^"]*"', "", f.value).strip() for f in reading.header.fields if f.letter == "Q"), "")
    if match := _TEMPO.match(value):
        if match[1] and int(match[1]) and int(match[2]):
            beat = Fraction(int(match[1]), int(match[2]))
        beats = Fraction(int(match[3]))
    return min(max(beats * beat * 4, Fraction(20)), Fraction(400))


def write_sound(score: Any, file: Path) -> None:
    """OGG Vorbis, mono, as long as the score but no more than LONGEST, faded out in its last quarter of a second."""
    import soundfile
    import symusic

    ticks_a_second = TICKS * score.tempos[0].qpm / 60
    # Before it is played: four hours of sound take 3.6 GB, of 4 that the worker may have.
    score = score.clip(0, round(LONGEST * ticks_a_second), clip_end=True)
    length = score.end() / ticks_a_second
    # Quality 5 and 6 render silence (symusic 0.5.9).
    synthesizer = symusic.Synthesizer(sf_path=str(_font()), sample_rate=RATE, quality=4)
    rendered = np.array(synthesizer.render(score, False), dtype=np.float32)[0]
    samples = np.zeros(round(length * RATE), dtype=np.float32)
    samples[: len(rendered)] = rendered[: len(samples)]
    fade = min(RATE // 4, len(samples))
    samples[len(samples) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    samples *= PEAK / max(float(np.abs(samples).max(initial=0)), 1e-9)
    with soundfile.SoundFile(str(file), "w", RATE, 1, format="OGG", subtype="VORBIS") as sound:
        for begin in range(0, len(samples), RATE):  # libsndfile's Vorbis writer crashes on long pieces
            sound.write(samples[begin : begin + RATE])


def _font() -> Path:
    """TimGM6mb, from where the package pretty_midi keeps it; without importing it."""
    spec = find_spec("pretty_midi")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'pretty_midi'")
    return Path(spec.submodule_search_locations[0]) / "TimGM6mb.sf2"
