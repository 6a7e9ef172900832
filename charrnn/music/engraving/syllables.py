"""The syllables under the notes."""

from collections import defaultdict
from xml.sax.saxutils import escape

from charrnn.music.engraving.directions import plain_text
from charrnn.music.notation import Reading, lyrics


def lyric_elements(reading: Reading) -> dict[int, str]:
    """MusicXML's elements of all verses, by the position of the note or chord."""
    elements: dict[int, str] = defaultdict(str)
    for syllable in lyrics(reading):
        extend = "<extend/>" if syllable.extend else ""
        if text := escape(plain_text(syllable.text)):
            elements[syllable.note] += (
                f'<lyric number="{syllable.verse}"><syllabic>{syllable.syllabic}</syllabic>'
                f"<text>{text}</text>{extend}</lyric>"
            )
    return elements
