"""An HTML page that shows any unit's activations on a text; one file without network, server or build."""

import base64
import html
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from charrnn.learning.activations import Trace
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import WORDS, features_of
from charrnn.studies.neurons.ablation import feature_masks

TOP_K = 5  # likeliest next characters
TEMPLATE = Path(__file__).with_name("unit_page.html")


def render_unit_page(
    title: str,
    tunes: Sequence[str],
    traced: Trace,
    vocab: Vocabulary,
    table: pd.DataFrame,
    messages: dict[str, str],
    unit: int,
) -> str:
    """The page as HTML; it opens on `unit`.

    `traced` is of `tunes`; `table` is of `feature_auc`; `messages` has one a feature.
    Activations are rounded to 1/127 of each unit's largest, probabilities to 1/65,535.
    """
    scale = np.maximum(np.abs(traced.activations).max(0), 1e-6)
    likeliest = np.argsort(-traced.log_prob, axis=1, kind="stable")[:, :TOP_K]
    share = np.exp(np.take_along_axis(traced.log_prob, likeliest, 1))
    auc = table.pivot(index="unit", columns="feature", values="auc")
    on = feature_masks(features_of(tunes))
    data = {
        # Where tunes begin; the network read no blank line between them.
        "starts": np.cumsum([len(tune) for tune in tunes[:-1]]).tolist(),
        "text": "".join(tunes),
        "units": traced.activations.shape[1],
        "unit": unit,
        "hint": "Choose a feature to sort the units by; where it is on, the text is underlined.",
        "top": likeliest.shape[1],
        "alphabet": vocab.characters,
        "scale": [round(float(s), 6) for s in scale],
        "activity": _packed(np.rint(127 * traced.activations / scale).T, "i1"),
        "top_ids": _packed(likeliest, "<u2"),
        "top_share": _packed(np.rint(65535 * share), "<u2"),
        "features": [
            {
                "label": label,
                "on": _packed(on[name], "u1"),
                "auc": [None if np.isnan(value) else round(float(value), 3) for value in auc[name]],
                "message": messages.get(name, "too rare here to tell."),
            }
            for name, label in WORDS.items()
        ],
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(title=html.escape(title), data=_script(data))


def _packed(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values).astype(kind).tobytes()).decode()


def _script(data: dict[str, Any]) -> str:
    """JSON that no text in it can end: without <, nothing is a tag."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
