"""The page composes the tunes of sample.py, character for character, and says how to make them again."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from charrnn.config import Sampling, build, defaults
from charrnn.learning.inputs import InputEncoder
from charrnn.learning.network import Network, load
from charrnn.learning.sampling import sample
from charrnn.learning.vocab import START
from charrnn.page.page import write_page
from tests.conftest import ROOT, Commands

TEMPERATURES = (0.5, 1.0, 2.0)
COMPOSE = "settings => charrnn.compose(settings).then(all => all.map(t => [t.text, t.source, t.ended, t.tries]))"


def settings(**changes: Any) -> Sampling:
    usual = defaults("sample")
    return build(Sampling, {key: usual[key] for key in Sampling.__dataclass_fields__} | changes)


def page_of(run: Path, file: Path, **changes: Any) -> Network:
    network, asked = load(run, accelerator="cpu"), settings(**changes)
    tunes = [sampled.tune for sampled in network.stream(asked) if sampled.tune is not None]
    program = f"{sys.executable} {ROOT / 'sample.py'}"
    write_page(file, network, tunes, asked, name=run.name, ckpt=str(run), program=program)
    return network


def distance_to_border(network: Network, text: str, seed: int, number: int, temperature: float) -> float:
    """Between the random number behind `text` and the nearest place where another character begins."""
    ids = network.vocab.encode(START + text)
    beside = InputEncoder(network.model.inputs, network.vocab).read(ids)
    with torch.no_grad():
        logits = network.model(torch.from_numpy(ids)[None], None, torch.from_numpy(beside)[None])[0][0, -1].double()
    logits[network.vocab.start] = -torch.inf
    borders = torch.softmax(logits / temperature, -1).cumsum(0).numpy()
    key = np.array([seed, number], np.uint64)
    uniform = np.random.Generator(np.random.Philox(key=key)).random(len(text) + 1)[-1]
    return float(np.abs(borders - uniform * borders[-1]).min())


def compared(browser: Any, run: Path, file: Path, count: int) -> None:
    network = page_of(run, file, num_tunes=1, max_chars=300)
    page = browser.new_page()
    page.goto(file.as_uri())
    equal = 0
    for temperature in TEMPERATURES:
        asked = {"temperature": temperature, "seed": "11", "num_tunes": count, "max_chars": 300}
        found = page.evaluate(COMPOSE, asked)
        common: dict[str, Any] = {"temperature": temperature, "seed": 11, "num_tunes": count, "max_chars": 300}
        moved = network.sample(**common)
        for number, tune in enumerate(sample(network.model, network.vocab, **common)):
            text, source, ended, _ = found[number]
            if source == tune.text:
                assert (text, ended) == (moved[number].text, tune.ended)
                equal += 1
            else:
                same = next(i for i, (a, b) in enumerate(zip(f"{source}\3", f"{tune.text}\3", strict=False)) if a != b)
                assert distance_to_border(network, tune.text[:same], 11, number, temperature) < 1e-5
    assert equal >= 3 * count - 1


@pytest.mark.parametrize("kind", ["rnn", "lstm", "compose"])
def test_the_page_composes_the_tunes_of_sample_py(kind: str, browser: Any, run_of: Callable, tmp_path: Path):
    compared(browser, run_of(kind), tmp_path / "index.html", 5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rnn", "lstm", "compose"])
def test_fifty_tunes_at_three_temperatures(kind: str, browser: Any, run_of: Callable, tmp_path: Path):
    compared(browser, run_of(kind), tmp_path / "index.html", 50)


@pytest.mark.parametrize(
    "asked",
    [
        {"temperature": 0},
        {"top_p": 0.7},
        {"min_p": 0.2, "top_p": 0.9, "temperature": 2},
        {"prompt": "X:1\nT:The Bell"},
        {"seed": 2**53 + 1},
    ],
)
def test_every_setting_means_the_same(asked: dict[str, Any], browser: Any, run_of: Callable, tmp_path: Path):
    network = page_of(run_of("compose"), tmp_path / "index.html", max_chars=50)
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    common = {"num_tunes": 3, "max_chars": 200, **asked}
    found = page.evaluate(COMPOSE, {**common, "seed": str(asked.get("seed", 0))})
    assert [text for text, *_ in found] == [tune.text for tune in network.sample(**common)]


def test_tunes_are_drawn_again_until_they_parse(browser: Any, run_of: Callable, tmp_path: Path):
    network = page_of(run_of("compose") / "last.ckpt", tmp_path / "index.html", max_chars=50)
    asked = settings(num_tunes=3, max_chars=300, constraint="reject", temperature=0.4)
    expected = [(one.tune.text, one.tries) for one in network.stream(asked) if one.tune is not None]
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    told = {"num_tunes": 3, "max_chars": 300, "seed": "0", "temperature": 0.4, "reject": True}
    assert any(tries > 1 for _, tries in expected)
    assert [(text, tries) for text, _, _, tries in page.evaluate(COMPOSE, told)] == expected


@pytest.mark.parametrize(
    "address",
    [
        "#temperature=0.7&seed=4&num_tunes=2&max_chars=400",
        "#temperature=1&seed=4&num_tunes=2&max_chars=400&key=Gm&meter=6%2F8&title=The+Bell",
        "#temperature=0.4&seed=4&num_tunes=2&max_chars=300&key=D&meter=4%2F4&reject=true",
        "#temperature=1&seed=4&num_tunes=1&max_chars=400&key=G&meter=4%2F4&bars=GABc+d2Bd%7C",
    ],
)
def test_a_link_and_a_command_line_repeat_a_tune(
    address: str, browser: Any, run_of: Callable, tmp_path: Path, commands: Commands
):
    page_of(run_of("compose") / "last.ckpt", tmp_path / "index.html", num_tunes=1, max_chars=50)
    shown = []
    for _ in range(2):
        page = browser.new_page()
        page.goto((tmp_path / "index.html").as_uri() + address)
        page.locator("#progress", has_text="ready").wait_for()
        shown.append((page.locator("#text").inner_text(), page.locator("#again code").inner_text()))
    (text, command), again = shown
    assert again == (text, command)
    done = subprocess.run(
        ["bash", "-c", f"{command} formats=[abc] page=false"], cwd=commands.home, env=commands.environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    last = sorted((commands.home / "samples").glob("*/[0-9]*.abc"))[-1]
    assert last.read_text().rstrip("\n") == text.rstrip("\n"), done.stdout
