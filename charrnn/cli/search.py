"""hydra/sweeper=search: Optuna looks for a low validation loss; its study is a file that survives a kill."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from charrnn.cli.grid import params_of
from charrnn.cli.hydra_private import (
    JobReturn,
    job_error,
    parse_overrides,
    swept_interval,
    swept_range,
    swept_values,
)
from charrnn.cli.jobs import check_writable
from charrnn.cli.sweeper import TaskSweeper
from charrnn.errors import UserError

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution


class SearchSweeper(TaskSweeper):
    """Choices are tried as they are, ranges in steps, intervals anywhere, tag(log,…) on a logarithmic scale."""

    def __init__(self, params: DictConfig, n_trials: int, batch_size: int, seed: int):
        self.n_trials, self.batch_size, self.seed = n_trials, batch_size, seed

    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """What the trials of this call returned; finished runs are returned and not trained again."""
        if self.shared.get("dry_run") or self.shared.get("zip"):
            raise UserError("dry_run, zip: expected only with hydra/sweeper=grid; a search finds its runs as it goes")
        fixed, searched = self._space([*params_of(self.shared.hydra), *arguments])
        if min(self.batch_size, self.n_trials) < 1:
            raise UserError(
                "hydra.sweeper: expected at least 1 for n_trials and batch_size, got "
                f"{self.n_trials} and {self.batch_size}; raise it"
            )
        corners = [self.composer.job([*fixed, *point]) for point in _corners(searched)]
        check_writable(corners)
        # The folders, too: they follow from the data, the code of a user's parts and our arithmetic.
        lines = sorted([*fixed, *(f"{key}={searched[key]}" for key in searched), *(str(job.folder) for job in corners)])
        study = self._study(Path(self.shared.runs_dir) / "sweeps" / f"search_{_digest(lines)}.journal")
        done = _resume(study)
        launcher = self.checked_launcher()
        self.task.sweep.title = "search"
        returned: list[JobReturn] = []
        while done < self.n_trials:
            trials = [study.ask(searched) for _ in range(min(self.batch_size, self.n_trials - done))]
            jobs = [self.composer.job([*fixed, *_overrides(trial.params)]) for trial in trials]
            for trial, job in zip(trials, launcher.launch_jobs(jobs, done), strict=True):
                done += 1
                self._tell(study, trial, job, done)
                returned.append(job)
        if study.best_trials:
            best = study.best_trial
            print(f"\nfound     {best.value:.4f} nats: {' '.join(_overrides(best.params))}, trial {best.number + 1}")
        return returned

    def _space(self, lines: list[str]) -> tuple[list[str], "dict[str, BaseDistribution]"]:
        """What every trial has, and the keys to search with what they may be."""
        overrides = {o.get_key_element(): o for o in parse_overrides(lines, self.composer.loader)}
        fixed = [str(o.input_line) for o in overrides.values() if not o.is_sweep_override()]
        searched = {key: _distribution(o) for key, o in overrides.items() if o.is_sweep_override()}
        if not searched:
            raise UserError(
                "hydra/sweeper=search: expected keys to search, got none; give 'optim.lr=interval(1e-4,1e-1)'"
            )
        return fixed, searched

    def _study(self, file: Path) -> "optuna.Study":
        import optuna
        from optuna.samplers import TPESampler
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        file.parent.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(file)))
        study = optuna.create_study(storage=storage, study_name="search", load_if_exists=True)
        study.sampler = TPESampler(seed=self.seed + len(study.trials))  # not again what was proposed before a kill
        return study

    def _tell(self, study: "optuna.Study", trial: "optuna.Trial", job: JobReturn, number: int) -> None:
        from optuna.trial import TrialState

        error = job_error(job)
        if error is None:
            study.tell(trial, job.return_value)
        else:
            trial.set_user_attr("error", str(error))
            study.tell(trial, state=TrialState.FAIL)
        what = f"{job.return_value:.4f} nats" if error is None else f"failed: {error}"
        print(f"trial {number} of {self.n_trials}  {what}  {' '.join(_overrides(trial.params))}", flush=True)


def _distribution(override: Any) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if (interval := swept_interval(override)) is not None:
        low, high, log = interval
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(low, high, log=log)
    if (steps := swept_range(override)) is not None:
        start, step = steps
        last = start + step * (len(swept_values(override)) - 1)
        if isinstance(start, int) and isinstance(step, int) and isinstance(last, int):
            return IntDistribution(start, last, step=step)
        return FloatDistribution(start, last, step=step)
    return CategoricalDistribution(swept_values(override))


def _corners(searched: "dict[str, BaseDistribution]") -> list[list[str]]:
    """The ends of every range and all choices, each with the first of the others: what is to be checked beforehand."""
    ends: dict[str, list[Any]] = {key: list(getattr(d, "choices", ()) or _range(d)) for key, d in searched.items()}
    first = {key: values[0] for key, values in ends.items()}
    return [_overrides({**first, key: value}) for key, values in ends.items() for value in values]


def _range(distribution: Any) -> tuple[float, float]:
    return distribution.low, distribution.high


def _overrides(params: dict[str, Any]) -> list[str]:
    """Four digits of a number: a name that can be read, and the same run for the same digits."""
    return [f"{key}={format(value, '.4g') if isinstance(value, float) else value}" for key, value in params.items()]


def _resume(study: "optuna.Study") -> int:
    """The number of trials that ended; those that a kill cut off are proposed again first, and their runs go on."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
    return sum(t.state is TrialState.COMPLETE or "error" in t.user_attrs for t in study.get_trials())


def _digest(lines: list[str]) -> str:
    return hashlib.sha256(" ".join(lines).encode()).hexdigest()[:8]
