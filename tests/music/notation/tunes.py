"""Tiny tunes of our own."""

from charrnn.music.notation import Reading, read


def tune(body: str, key: str = "C", meter: str = "4/4", unit: str = "1/8") -> Reading:
    return read(f"X:1\nT:Test\nM:{meter}\nL:{unit}\nK:{key}\n{body}")


def names(notes) -> str:
    """Letters and octaves of notes, C4 being middle C."""
    signs = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
    return " ".join(f"{n.step}{signs[n.alter]}{n.octave}" for n in notes)
