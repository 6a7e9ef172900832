"""The tables that the page's JavaScript shares with our reader and our inputs, so that each stands in one place."""

from typing import Any

from charrnn.learning import inputs
from charrnn.music import context
from charrnn.music.canonical import RHYTHMS
from charrnn.music.notation import figures, lexer, reader, reading, signs
from charrnn.music.notation.header import BODY_FIELDS, HEADER_FIELDS, INLINE_FIELDS


def tables() -> dict[str, Any]:
    """What js/tables.js gives to the other modules."""
    return {
        "lexer": {"states": [state.name for state in lexer.State], "classes": lexer.CLASS, "next": lexer.NEXT},
        "context": {
            "kinds": context.KINDS,
            "other_kind": context.OTHER_KIND,
            "bars_back": context.BARS_BACK,
            "most_units": context.MOST_UNITS,
            "repeat": {kind.name: kind.value for kind in context.Repeat},
            "tuplets": figures.TUPLETS,
        },
        "inputs": {
            "whole": context.WHOLE,
            "places": context.PLACES,
            "longest": context.LONGEST,
            "bars_ago": inputs.BARS_AGO,
            "fields": inputs.FIELDS,
            "header": inputs.HEADER,
            "most_bars": inputs.MOST_BARS,
            "most_parts": inputs.MOST_PARTS,
            "tonics": inputs.TONIC_NUMBERS,
            "modes": inputs.MODE_NUMBERS,
            "meters": inputs.METER_NUMBERS,
            "rhythms": inputs.RHYTHM_NUMBERS,
        },
        "reading": {
            "header": HEADER_FIELDS,
            "body": BODY_FIELDS,
            "inline": INLINE_FIELDS,
            "decorations": reader.DECORATIONS,
            "navigation": signs.NAVIGATION,
            "junk": reading.JUNK,
            "faults": reading.FAULTS,
            "strict": reading.STRICT_FAULTS,
        },
        "rhythms": RHYTHMS,
        "meters": inputs.METERS,
    }
