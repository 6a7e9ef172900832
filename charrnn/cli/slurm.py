"""Jobs in Slurm's queue, by submitit: when one stops, how it is queued again; one's death is not the others'."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra.core.utils import JobReturn

from charrnn.errors import UserError


def preemption_signal() -> signal.Signals | None:
    """What this process is sent before Slurm takes its node away, if it is such a job: USR2 unless the user chose.

    submitit has claimed it: its handler queues the job again and ends the process. SIGTERM it ignores, as scancel sends
    it, too: whoever cancels a job does not want it back.
    """
    if "SUBMITIT_FOLDER" not in os.environ:
        return None
    return signal.Signals[f"SIG{os.environ.get('SUBMITIT_PREEMPT_SIGNAL', 'USR2')}"]


@contextmanager
def waiting_for_all(launcher: Any) -> Iterator[None]:
    """Have submitit's launcher wait for every job: of itself it gives up on all with the first that was killed.

    Of such a one it then returns a JobReturn of status UNKNOWN.
    """
    import submitit
    from submitit.core.utils import UncompletedJobError

    if launcher._EXECUTOR == "slurm" and shutil.which("sbatch") is None:
        raise UserError(
            "hydra/launcher=slurm: expected Slurm's command sbatch, but there is none here; call the command where "
            "jobs are submitted, or use hydra/launcher=cores"
        )
    kind: Any = submitit.Job
    results = kind.results

    def results_or_none(job: Any) -> list[Any]:
        try:
            return results(job)
        except UncompletedJobError:
            return [JobReturn()]

    kind.results = results_or_none
    try:
        yield
    except UncompletedJobError as error:
        raise UserError(
            f"hydra/launcher=slurm: expected Slurm to queue the jobs, but it says {str(error).strip()!r}; "
            "change hydra.launcher.…"
        ) from error
    finally:
        kind.results = results
