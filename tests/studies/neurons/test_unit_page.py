"""The page holds the trace, whatever the text; in a real browser it does what it promises."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import planted
import pytest
from conftest import opened

from charrnn.learning.activations import Trace, trace
from charrnn.learning.vocab import Vocabulary
from charrnn.music.features import NAMES, features_of
from charrnn.studies.neurons.selectivity import best_units, feature_auc
from charrnn.studies.neurons.unit_page import render_unit_page

HOSTILE = "X:1\nT:</script><script>alert('\"&amp;`${1}\\\n<!-- %\nK:G\nGABc|"
TUNES = [HOSTILE, *planted.tunes(20)]
VOCAB = Vocabulary("".join(TUNES))
MESSAGES = {"header": "in the header: unit <3>."}


@pytest.fixture(scope="module")
def traced() -> Trace:
    return trace(planted.network(VOCAB, hidden=150), VOCAB, TUNES)


@pytest.fixture(scope="module")
def table(traced: Trace):
    return feature_auc(traced.activations, features_of(TUNES), shifts=False)


@pytest.fixture(scope="module")
def html(traced: Trace, table) -> str:
    return render_unit_page("A <title> & more", TUNES, traced, VOCAB, table, MESSAGES, unit=52)


def test_the_page_carries_text_activations_and_guesses(html: str, traced: Trace, table):
    (data,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(data)
    assert data["text"] == "".join(TUNES) and len(data["text"]) >= 2000 and data["units"] == 150 and data["unit"] == 52
    assert [data["text"][start : start + 2] for start in data["starts"]] == ["X:"] * 20

    def unpacked(text: str, kind: str) -> np.ndarray:
        return np.frombuffer(base64.b64decode(text), kind)

    scale = np.array(data["scale"])
    values = unpacked(data["activity"], "i1").reshape(150, -1).T / 127 * scale
    np.testing.assert_allclose(values, traced.activations, atol=scale.max() / 250)
    share = unpacked(data["top_share"], "<u2").reshape(-1, 5) / 65535
    np.testing.assert_allclose(share, np.sort(np.exp(traced.log_prob))[:, :-6:-1], atol=1e-4)
    assert VOCAB.characters[unpacked(data["top_ids"], "<u2")[0]] == VOCAB.characters[traced.log_prob[0].argmax()]
    assert len(data["features"]) == len(NAMES) and data["features"][0]["message"] == MESSAGES["header"]
    header = unpacked(data["features"][0]["on"], "u1")
    np.testing.assert_array_equal(header, features_of(TUNES)["header"])
    assert data["features"][0]["auc"] == pytest.approx(list(table.loc[table["feature"] == "header", "auc"]), abs=1e-3)


def test_no_text_ends_the_script_and_nothing_is_loaded(html: str):
    assert html.count("</script>") == 2 and "<title>A &lt;title&gt; &amp; more</title>" in html
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", html) and "src=" not in html
    assert len(html.encode()) < 3_000_000


@pytest.mark.slow
def test_in_a_browser_by_mouse_and_by_keyboard(browser, html: str, traced: Trace, table, tmp_path: Path):
    file = tmp_path / "index.html"
    file.write_text(html, encoding="utf-8")
    for width in (375, 1200):
        with opened(browser, file, width) as shown:
            _use(shown, traced, table)


def _use(shown, traced: Trace, table) -> None:
    def tip() -> str:
        return shown.inner_text("#tip")

    def value(character: int, unit: int) -> str:
        scale = float(np.abs(traced.activations[:, unit]).max())
        return f"{np.rint(127 * traced.activations[character, unit] / scale) / 127 * scale:.2f}"

    def colours() -> list[str]:
        return shown.eval_on_selector_all("#text span", "all => all.map(one => one.style.backgroundColor)")

    assert HOSTILE in shown.inner_text("#text").replace("↵", "")
    assert shown.input_value("#unit") == "52" and f"unit 52: {value(0, 52)}" in tip()
    before = colours()
    shown.select_option("#unit", "7")
    assert colours() != before and f"unit 7: {value(0, 7)}" in tip()
    shown.hover('#text span[data-i="5"]')
    assert "Character 6 of" in tip() and f"unit 7: {value(5, 7)}" in tip() and tip().count("%") == 5
    assert f"{100 * np.exp(traced.log_prob[5].max()):.1f} %" in tip()
    shown.select_option("#sort", label="in the title")
    best = best_units(table).loc["title", "unit"]
    assert shown.input_value("#unit") == str(best) and f"Unit {best}: AUC" in shown.inner_text("#message")
    assert shown.locator("#text .on").count() == int(np.nansum(features_of(TUNES)["title"]))
    # From here on no mouse.
    shown.mouse.move(0, 0)
    shown.focus("#text")
    shown.keyboard.press("Home")
    shown.keyboard.press("ArrowRight")
    assert "Character 2 of" in tip()
    shown.keyboard.press("ArrowDown")
    assert "Character 6 of" in tip()  # the second of the next line
    shown.keyboard.press("]")
    second = shown.input_value("#unit")
    assert second != str(best) and f"unit {second}:" in tip()
    shown.keyboard.press("[")
    assert shown.input_value("#unit") == str(best)
    shown.focus("#unit")
    shown.keyboard.press("ArrowDown")
    assert shown.input_value("#unit") == second
