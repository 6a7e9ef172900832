"""What a person types arrives as typed."""

import importlib.util
import os

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from charrnn.cli.arguments import for_hydra, parse, quote, unquote_override
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
    assert parse(["ckpt=~/a", "prompt=~A"], "sample").overrides == [
        f"ckpt='{os.path.expanduser('~')}/a'",
        "prompt='~A'",
    ]
    typed = ["ckpt=a,b", "temperature=0.5,1", "prompt=null", "prompt_file=null", "samples_dir=${oc.env:HOME}", "-m"]
    assert parse(typed, "sample").overrides == [
        "ckpt='a,b'",
        "temperature=0.5,1",
        "prompt='null'",
        "prompt_file=null",
        "samples_dir=${oc.env:HOME}",
    ]


@pytest.mark.parametrize(
    ("line", "extra"), [("launcher=slurm", "slurm"), ("launcher=cluster", "ray"), ("sweeper=search", "optuna")]
)
def test_what_is_not_installed_names_its_extra(monkeypatch, line: str, extra: str):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=rf'pip install -e "\.\[{extra}\]"'):
        parse([f"hydra/{line}"], "train")


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        (["seed=0,1", "-m", "model=rnn"], ["--multirun", "seed=0,1", "model=rnn"]),
        (["--cfg=job", "--package", "model"], ["--cfg=job", "--package=model"]),
        (["seed=1", "--info"], ["--info=all", "seed=1"]),
        (["-c", "job", "--resolve"], ["--resolve", "--cfg=job"]),
        (["-sc", "query=bash"], ["--shell-completion", "query=bash"]),
        (["-cd", "mine", "--config-n=own"], ["--config-name=own", "--config-dir=mine"]),
        (["-r"], ["--run"]),
    ],
)
def test_flags_are_hydras_wherever_they_stand(typed: list[str], given: list[str]):
    usual = [] if any("config-name" in line for line in given) else ["--config-name=train"]
    assert sorted(for_hydra(parse(typed, "train"))) == sorted([*given, *usual])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seed=3"], "got '--seed=3'; a key is no flag: write seed=3"),
        (["--temperature", "2"], "got '--temperature'; a key is no flag: write temperature=…"),
        (["--resolve"], "--resolve: expected only with --cfg"),
        (["--package", "model"], "--package: expected only with --cfg"),
        (["--experimental-rerun=x"], "--experimental-rerun: expected a command line"),
        (["--cfg", "everything"], "--cfg/-c: invalid choice: 'everything'"),
        (["--config-dir"], "--config-dir/-cd: expected one argument"),
    ],
)
def test_a_flag_that_would_be_ignored_is_refused(arguments: list[str], sentence: str):
    with pytest.raises(UserError) as refused:
        parse(arguments, "train")
    assert sentence in str(refused.value)
