"""A contract for each use of Hydra that its documentation does not promise: what a new version breaks fails here."""

from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from charrnn.cli import hydra_private as private
from charrnn.cli.jobs import initialize_hydra
from charrnn.cli.task import Task


def test_flags_may_stand_among_overrides_and_errors_are_raised():
    parsed = private.parse_arguments(["a=1", "-m", "b=2", "--cfg", "job"])
    assert parsed.overrides == ["a=1", "b=2"] and parsed.multirun and parsed.cfg == "job"
    flags = {"help", "hydra_help", "cfg", "resolve", "package", "run", "multirun", "shell_completion", "info"}
    assert vars(parsed).keys() == flags | {
        "config_path",
        "config_name",
        "config_dir",
        "experimental_rerun",
        "overrides",
    }
    with pytest.raises(private.ArgumentError, match="unrecognized arguments: --seed=3"):
        private.parse_arguments(["--seed=3"])


def test_an_override_tells_its_key_its_line_and_its_values():
    plain, swept, removed = private.parse_overrides(["model.hidden=50", "model=a,[b,c]", "~x"])
    assert (plain.key_or_group, plain.get_key_element(), plain.input_line, plain.value()) == (
        "model.hidden", "model.hidden", "model.hidden=50", 50,
    )  # fmt: skip
    assert not plain.is_sweep_override() and swept.is_sweep_override() and private.swept_values(swept) == ["a", "[b,c]"]
    assert removed.is_delete() and private.parse_overrides(["hydra.verbose=true"])[0].is_hydra_override()


def test_intervals_and_ranges_tell_their_ends():
    whole, log, steps, both = private.parse_overrides(
        ["a=int(interval(1,9))", "b=tag(log,interval(0.1,1))", "c=range(1,9,2)", "d=1,2"]
    )
    assert private.swept_interval(whole) == (1, 9, False) and isinstance(private.swept_interval(whole)[0], int)
    assert private.swept_interval(log) == (0.1, 1.0, True) and private.swept_interval(both) is None
    assert private.swept_range(steps) == (1, 2) and private.swept_range(both) is None
    with pytest.raises(ValueError, match="interval"):
        private.swept_values(whole)


def test_a_loader_composes_what_a_sweep_shares_and_each_of_its_jobs(tmp_path: Path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "own.yaml").write_text("cell: gru\n")
    search = f"hydra.searchpath=[file://{tmp_path}]"
    with initialize_hydra():
        loader = GlobalHydra.instance().config_loader()
        assert private.options(loader, "model", "train", [search]) == ["gru", "lstm", "own", "rnn"]
        assert private.options(loader, "colour", "train", []) == []
        (globbed,) = private.parse_overrides(["model=glob(*)"], loader)
        assert private.swept_values(globbed) == ["gru", "lstm", "rnn"]
        shared = private.load_sweep(loader, "train", [search, "model=own,lstm", "seed=1,2", "experiment=hidden"])
        assert shared.seed == 0 and shared.hydra.sweeper.params["model.hidden"] == "50,75,100,150"
        assert list(shared.hydra.overrides.task) == ["model=own,lstm", "seed=1,2", "experiment=hidden"]
        assert list(shared.hydra.overrides.hydra) == [search] and shared.hydra.job.config_name == "train"
        assert shared.hydra.runtime.choices["experiment"] == "hidden"
        job = loader.load_sweep_config(shared, ["model=own", "seed=2"])
        assert (job.model.cell, job.seed) == ("gru", 2)


def test_a_job_that_ended_tells_its_value_or_its_error_without_a_word(capsys: pytest.CaptureFixture):
    done, lost = private.completed(["a=1"], 1.5), private.failed(["a=1"], ValueError("why"))
    assert (
        done.return_value == 1.5 and private.job_error(done) is None and private.job_error(private.JobReturn()) is None
    )
    assert str(private.job_error(lost)) == "why" and capsys.readouterr().err == ""
    with pytest.raises(ValueError, match="why"):  # what another sweeper meets
        _ = lost.return_value


def test_plugins_of_the_namespace_are_found_and_built_with_their_settings():
    plugins = private.Plugins.instance()
    for name in ("GridSweeper", "SearchSweeper", "CheckedLauncher"):
        assert f"hydra_plugins.charrnn.{name}" in plugins.class_name_to_class
    settings = {"_target_": "hydra_plugins.charrnn.GridSweeper", "params": {}, "max_batch_size": 3}
    config = OmegaConf.create({"hydra": {"sweeper": settings, "launcher": {"_target_": "none"}}})
    sweeper = plugins.instantiate_sweeper(
        config=config, hydra_context=private.HydraContext(None, None), task_function=Task("train", "charrnn train")
    )
    assert sweeper.max_batch_size == 3 and sweeper.shared == config
