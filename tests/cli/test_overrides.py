"""What a person types arrives as typed."""

import importlib.util
import os

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from charrnn.cli.overrides import normalize_overrides, only_prints, quote, unquote_override
from charrnn.config import SCHEMAS, known_keys
from charrnn.errors import UserError


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30))
@example("it's, [a] {b}=c #d (e) ~f")
@example("${oc.env:HOME} \\${x} \\\\${y}")
@example("ends in \\")
@example("\\'\\\\'")
@example('"quoted"')
@example("X:1\nT:two lines")
@example("")
def test_free_text_survives_hydras_grammar_and_interpolation(text: str):
    (override,) = OverridesParser.create().parse_overrides([f"prompt={quote(text)}"])
    assert not override.is_sweep_override()
    cfg = OmegaConf.create({"prompt": override.value()})
    assert cfg.prompt == text
    assert unquote_override(f"prompt={quote(text)}") == f"prompt={text}"


def test_only_free_text_is_quoted_and_null_stays_null_where_it_may_be():
    known = known_keys(SCHEMAS["sample"])
    assert normalize_overrides(["ckpt=~/a", "prompt=~A"], known) == [
        f"ckpt='{os.path.expanduser('~')}/a'",
        "prompt='~A'",
    ]
    typed = ["ckpt=a,b", "temperature=0.5,1", "prompt=null", "prompt_file=null", "-m"]
    assert normalize_overrides(typed, known) == [
        "ckpt='a,b'",
        "temperature=0.5,1",
        "prompt='null'",
        "prompt_file=null",
        "-m",
    ]


@pytest.mark.parametrize(("launcher", "extra"), [("slurm", "slurm"), ("cluster", "ray")])
def test_a_launcher_that_is_not_installed_names_its_extra(monkeypatch, launcher: str, extra: str):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=rf'pip install -e "\.\[{extra}\]"'):
        normalize_overrides([f"hydra/launcher={launcher}"], known_keys(SCHEMAS["train"]))


@pytest.mark.parametrize(
    ("arguments", "prints"),
    [
        (["-m", "seed=0,1"], False),
        (["--help"], True),
        (["--cfg=job", "--package", "model"], True),
        (["--info", "defaults-tree", "seed=1"], True),
        (["-c", "job", "--resolve"], True),
        (["-sc", "query=bash"], True),
    ],
)
def test_flags_that_print_are_told_from_runs(arguments: list[str], prints: bool):
    assert only_prints(arguments) == prints


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--config-dir", "mine"], ["-cd", "mine"], ["--config-dir=mine"], ["--config-n=mine"], ["-cn", "mine"]),
        *(["--run"], ["-r"], ["--resolve"], ["--package", "model"], ["--seed=3"], ["--temperature", "2"], ["-"]),
        *(["--experimental-rerun=x"], ["--cfg", "job", "--config-dir", "mine"], ["-m", "--multi"]),
    ],
)
def test_any_other_flag_is_refused_instead_of_trained_without(arguments: list[str]):
    with pytest.raises(UserError, match="expected"):
        only_prints(arguments)


def test_several_inputs_make_a_list_and_other_groups_take_none():
    known = known_keys(SCHEMAS["train"])
    typed = ["inputs=[meter,cond]", "inputs=chars,[phrase,cond],all"]
    assert normalize_overrides(typed, known) == typed
    with pytest.raises(UserError, match=r"inputs: expected one of all, chars, cond, meter, phrase, got 'bars'"):
        normalize_overrides(["inputs=[meter,bars]"], known)
    with pytest.raises(UserError, match=r"data: expected one of aird, all, .*, got '\[ryan'"):
        normalize_overrides(["data=[ryan,aird]"], known)
