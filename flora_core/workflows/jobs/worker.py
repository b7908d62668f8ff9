"""The process that works on one job: `python -m flora_core.workflows.jobs.worker JOB RUNNER`, started by the supervisor.

It is a process of its own so that a visitor's page never waits for it, so that it can be stopped at any moment, and so that
whatever it takes or loses is gone with it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from flora_core.errors import DatabaseUnavailable, FloraError
from flora_core.model import Candidate
from flora_core.storage.job_queue import Job
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.jobs.requests import (
    ComparisonRequest,
    Ending,
    TrainingResult,
    kept_comparison,
    leaderboard_text,
)
from flora_core.workflows.models.training import TrainingRequest

_log: Final = logging.getLogger("flora.jobs")

#: Seconds between two words to the database.
_HEARTBEAT_SECONDS: Final = 1.0
#: Seconds after which a job that was told to stop, and is busy within one step, is ended.
_PATIENCE: Final = 5.0
#: How much less urgent than a visitor's page it is.
_NICE: Final = 10
#: In the environment: the process that started this one.
PARENT: Final = "FLORA_JOB_PARENT"


class _StopWorking(Exception):
    """The job was cancelled, or was given to somebody else."""


class _Heartbeat(threading.Thread):
    """Says every second that the job is alive and how far it is, and learns whether it shall go on."""

    def __init__(self, context: AppContext, job: Job, runner: str, parent: int) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._context, self._job, self._runner, self._parent = context, job, runner, parent
        self._step = (0, 0, "preparing")
        self._tried: list[Candidate] = []
        self._told = 0
        self._over = threading.Event()
        self._stopped_at = 0.0

    def progress(self, done: int, total: int, doing: str) -> None:
        """Progress of the work; raises where it shall not go on."""
        self._step = (done, total, doing)
        if self._stopped_at:
            raise _StopWorking

    def tried(self, candidate: Candidate) -> None:
        """A row of the leaderboard, for whoever watches the training."""
        self._tried.append(candidate)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _rows(self) -> str | None:
        """The leaderboard so far, where it has grown since the last word."""
        if len(self._tried) == self._told:
            return None
        rows = tuple(self._tried)
        self._told = len(rows)
        return leaderboard_text(rows)

    def run(self) -> None:
        while not self._over.wait(_HEARTBEAT_SECONDS):
            if self._parent and os.getppid() != self._parent:
                self._end("interrupted", "The server was ended while it worked on this; nothing was saved by it.")
            try:
                going = self._context.jobs.heartbeat(self._job.id, self._runner, *self._step, leaderboard=self._rows())
            except DatabaseUnavailable as error:
                # Whoever holds the database lets go of it again; a job that stays silent too long is given up by others.
                _log.warning("job %s could not say that it is alive: %s", self._job.id, error.message)
                continue
            except Exception:  # noqa: BLE001  a job that fell silent would be given up while it works
                _log.exception("job %s could not say that it is alive", self._job.id)
                continue
            if not going and not self._stopped_at:
                self._stopped_at = time.monotonic()
            done, total, _ = self._step
            saving = total and done >= total
            if self._stopped_at and not saving and time.monotonic() - self._stopped_at > _PATIENCE:
                self._end("cancelled", "")

    def _end(self, state: Ending, result: str) -> None:
        """End the process in the middle of a step: what it had in hand was never saved."""
        try:
            self._context.jobs.finish(self._job.id, self._runner, state, result)
        finally:
            os._exit(0)


def _train(context: AppContext, job: Job, heartbeat: _Heartbeat) -> str:
    from flora_core.workflows.models.lifecycle import FIRST_OF_STUDY, promote
    from flora_core.workflows.models.training import train_version

    request = TrainingRequest.model_validate_json(job.request)
    card = train_version(
        context,
        job.study,
        **request.model_dump(exclude={"use_if_first"}),
        by=job.by,
        progress=heartbeat.progress,
        tried=heartbeat.tried,
    )
    if request.use_if_first and context.registry.champion_version(job.study) is None:
        # Whoever asked might promote: that was looked at when the training was asked for.
        promote(context, job.study, card.version or 0, by=job.by, why=FIRST_OF_STUDY)
    return TrainingResult(version=card.version or 0).model_dump_json()


def _compare(context: AppContext, job: Job, heartbeat: _Heartbeat) -> str:
    from flora_core.workflows.models.comparison import compare_versions

    request = ComparisonRequest.model_validate_json(job.request)
    found = compare_versions(context, job.study, request.champion, request.challenger, progress=heartbeat.progress)
    return kept_comparison(*found).model_dump_json()


_WORK: Final[Mapping[str, Callable[[AppContext, Job, _Heartbeat], str]]] = {"train": _train, "compare": _compare}


def run_job(context: AppContext, identifier: int, runner: str, parent: int = 0) -> Ending:
    """Do one job that was claimed, and write what came of it.

    Parameters
    ----------
    runner : str
        The name it was claimed under.
    parent : int
        The process that must live on for this one to go on; 0: none.
    """
    job = context.jobs.get(identifier)
    heartbeat = _Heartbeat(context, job, runner, parent)
    heartbeat.start()
    state: Ending = "failed"
    try:
        result, state = _WORK[job.kind](context, job, heartbeat), "done"
    except _StopWorking:
        result, state = "", "cancelled"
    except FloraError as refused:
        result = refused.message
    except MemoryError:
        result = "There was not enough memory for it. Search fewer settings, or choose an algorithm with fewer trees."
    except Exception:  # noqa: BLE001  the last place where a mistake can become a sentence in the job's row
        _log.exception("job %s made a mistake", identifier)
        result = "Something went wrong on our side; the details are in the server log. Nothing was registered."
    heartbeat.stop()
    context.jobs.finish(identifier, runner, state, result)
    return state


def main() -> None:
    """Work on the job that the supervisor names."""
    identifier, runner = int(sys.argv[1]), sys.argv[2]
    if hasattr(os, "nice"):
        os.nice(_NICE)
    parent = int(os.environ.pop(PARENT, "0"))
    context = open_context()
    try:
        run_job(context, identifier, runner, parent)
    finally:
        context.close()


if __name__ == "__main__":
    main()
