"""Jobs in Slurm's queue, by submitit: the signal that stops one so that it is queued again, waiting for all."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from charrnn.cli.hydra_private import JobReturn
from charrnn.errors import UserError


def preemption_signal() -> signal.Signals | None:
    """The signal that a Slurm job gets before its node is taken away, USR2 by default; None in any other process.

    submitit's handler for it queues the job again and ends the process. submitit ignores SIGTERM, which scancel sends:
    a cancelled job must not come back.
    """
    if "SUBMITIT_FOLDER" not in os.environ:
        return None
    return signal.Signals[f"SIG{os.environ.get('SUBMITIT_PREEMPT_SIGNAL', 'USR2')}"]


@contextmanager
def wait_for_all_jobs(launcher: Any) -> Iterator[None]:
    """Have submitit's launcher wait for every job; by default it gives up on all when one was killed.

    For a killed job it then returns a JobReturn of status UNKNOWN.
    """
    import submitit
    from submitit.core.utils import UncompletedJobError

    if launcher._EXECUTOR == "slurm" and shutil.which("sbatch") is None:
        raise UserError(
            "hydra/launcher=slurm: expected Slurm's command sbatch, but there is none here; call the command where "
            "jobs are submitted, or use hydra/launcher=cores"
        )
    job_class: Any = submitit.Job
    results = job_class.results

    def results_or_unknown(job: Any) -> list[Any]:
        try:
            return results(job)
        except UncompletedJobError:
            return [JobReturn()]

    job_class.results = results_or_unknown
    try:
        yield
    except UncompletedJobError as error:
        raise UserError(
            f"hydra/launcher=slurm: expected Slurm to queue the jobs, but it says {str(error).strip()!r}; "
            "change hydra.launcher.…"
        ) from error
    finally:
        job_class.results = results
