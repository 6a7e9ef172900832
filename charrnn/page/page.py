"""The page as HTML: tunes, the network that composed them, our JavaScript; no request, no server."""

import base64
import gzip
import hashlib
import html
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from charrnn import run
from charrnn.config import Sampling, defaults
from charrnn.learning.network import Network
from charrnn.music.tune import Tune
from charrnn.page.tables import tables
from charrnn.page.weights import network_data

_HERE = Path(__file__).parent
_SHOWN = ("temperature", "num_tunes", "min_p", "top_p", "max_chars")
_AT_ONCE = 10  # tunes that the page composes at first, however many it holds
_HEADER = ("key", "meter", "rhythm", "title")


def write_page(
    file: Path, network: Network, tunes: Sequence[Tune], settings: Sampling, *, name: str, ckpt: str, program: str
) -> None:
    """Write the page of `tunes` that `network`, of the run or file `name`, sampled with these settings.

    `program` is how one calls sample.py, `ckpt` what it then reads. The MusicXML of a tune is taken from the file
    beside the page, where there is one.
    """
    data = network_data(network)
    well_formed = sum(tune.well_formed for tune in tunes)
    told = {
        "about": f"Temperature {settings.temperature:g}, seed {settings.seed}: "
        f"{well_formed} of {len(tunes)} well-formed. "
        + (_described(network) if data else "Its cell is a class of its own, which the page cannot run."),
        "command": program,
        "ckpt": ckpt,
        "made_by": command_line(program, ckpt, settings),
        "is_exact": data is None or data["dtype"] == "float32",
        "settings": {
            **{key: getattr(settings, key) for key in _SHOWN},
            **{key: getattr(settings, key) or "" for key in _HEADER},
            "num_tunes": min(settings.num_tunes, _AT_ONCE),
            "seed": str(settings.seed),
            "reject": settings.constraint != "none",
        },
        "tunes": [_record(tune, file.parent, network) for tune in tunes],
    }
    script = (_HERE / "built" / "page.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "title": html.escape(f"Tunes of {name}"),
        "script_hash": f"sha256-{digest}",
        "style": (_HERE / "page.css").read_text(encoding="utf-8"),
        "tables": _json(tables()),
        "page": _json(told),
        "network": _json(data),
        "script": script,
    }
    run.write_text(file, Template((_HERE / "page.html").read_text(encoding="utf-8")).substitute(parts))


def command_line(program: str, ckpt: str, settings: Sampling) -> str:
    """The command that samples with these settings."""
    usual = defaults("sample")
    keys = {"ckpt": ckpt, "temperature": settings.temperature, "num_tunes": settings.num_tunes, "seed": settings.seed}
    for key in Sampling.__dataclass_fields__:
        if key not in keys and (value := getattr(settings, key)) != usual[key]:
            keys[key] = value
    return f"{program} {shlex.join(f'{key}={value}' for key, value in keys.items())}"


def _described(network: Network) -> str:
    model = network.model
    layers = f"{len(model.layers)} layers of " if len(model.layers) > 1 else ""
    return f"The network is in this page: {model.cell.upper()}, {layers}{model.output.in_features} units."


def _record(tune: Tune, folder: Path, network: Network) -> dict[str, Any]:
    xml = folder / f"{tune.index:03d}.musicxml"
    # Of a network of white keys the likelihood belongs to the tune before it was moved.
    surprise = [] if network.model.tonics else [round(-float(p), 1) for p in tune.log_prob]
    return {
        "index": tune.index,
        "text": tune.text,
        "ended": tune.ended,
        "nats": round(-float(tune.log_prob.mean()), 4) if len(tune.log_prob) else 0,
        "surprise": surprise,
        "musicxml": base64.b64encode(gzip.compress(xml.read_bytes(), mtime=0)).decode() if xml.exists() else None,
    }


def _json(data: Any) -> str:
    """JSON that no text in it can end: without <, nothing is a tag."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
