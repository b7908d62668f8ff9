"""The supervisor of jobs: in each server a thread, or one for each job that may be worked on at a time, that starts the next
job's process, watches it, and records its outcome.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from typing import Final

from flora_core.errors import FloraError
from flora_core.storage.job_queue import Job
from flora_core.supervised_threads import SupervisedThread
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.worker import PARENT

_log: Final = logging.getLogger("flora.jobs")

#: Seconds between two looks at the queue, where nobody of this process asked for anything.
_LOOK: Final = 2.0
#: Seconds a process has to end after it was asked to.
_GRACE: Final = 5.0
#: Numerical libraries would otherwise take every core; visitors need one.
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class JobSupervisor:
    """Works through the queue while the server runs.

    A plain object started with the server, and not one of Streamlit's caches, because any visitor can clear those.
    """

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._wake, self._over = threading.Event(), threading.Event()
        names = ["job-supervisor", *(f"job-supervisor-{n}" for n in range(2, context.settings.jobs_at_once + 1))]
        self._threads = [SupervisedThread(name, self._run) for name in names]

    def start(self) -> None:
        """Begin to look at the queue."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look at once: something was asked for or cancelled."""
        self._wake.set()

    def stop(self) -> None:
        """End; a job that is being worked on is interrupted."""
        self._over.set()
        self._wake.set()
        for thread in self._threads:
            thread.stop(2 * _GRACE)

    def _run(self) -> None:
        while not self._over.is_set():
            runner = f"{socket.gethostname()[:40]}-{uuid.uuid4().hex[:12]}"
            try:
                job = self._context.jobs.claim(runner, self._context.settings.jobs_at_once)
                if job is not None:
                    self._work_on(job, runner)
                    continue
            except FloraError as error:
                # The database is away for a moment: pages and /readyz say so; the queue is looked at again.
                _log.warning("the queue of jobs can't be looked at: %s", error.message)
            self._wake.wait(_LOOK)
            self._wake.clear()

    def _work_on(self, job: Job, runner: str) -> None:
        try:
            process = self._start(job, runner)
        except OSError as error:
            self._context.jobs.finish(
                job.id, runner, "failed", f"No process could be started for it: {error.strerror}."
            )
            return
        end = time.monotonic() + 60 * self._context.settings.training_minutes
        late = False
        while process.poll() is None:
            if self._over.is_set() or time.monotonic() > end:
                late = not self._over.is_set()
                _end(process)
                break
            self._over.wait(0.2)
        self._say_how_it_ended(job, runner, process.returncode, late)

    def _start(self, job: Job, runner: str) -> subprocess.Popen[bytes]:
        settings = self._context.settings
        environment = {
            **os.environ,
            **dict.fromkeys(_THREADS, "1"),
            PARENT: str(os.getpid()),
            "FLORA_DATABASE_URL": settings.database_url,
            "FLORA_MODELS": str(settings.models),
        }
        return subprocess.Popen(  # noqa: S603  our own program, and two words of our own
            [sys.executable, "-m", "flora_core.workflows.jobs.worker", str(job.id), runner],
            env=environment,
            stdin=subprocess.DEVNULL,
            # A Ctrl-C meant for the server is for the supervisor to pass on.
            start_new_session=True,
        )

    def _say_how_it_ended(self, job: Job, runner: str, code: int, late: bool) -> None:
        """For a process that could not say it itself; where it could, this changes nothing."""
        if late:
            minutes = self._context.settings.training_minutes
            self._context.jobs.finish(
                job.id,
                runner,
                "failed",
                f"It took longer than {minutes} minutes (FLORA_TRAINING_MINUTES) and was ended.",
            )
        elif self._over.is_set():
            self._context.jobs.finish(job.id, runner, "interrupted", "The server was ended while it worked on this.")
        else:
            self._context.jobs.finish(job.id, runner, "interrupted", _reason(code))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _reason(code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        killed = "often because memory ran out" if name == "SIGKILL" else "by somebody or by the system"
        return (
            f"Its process was ended from outside ({name}), {killed}. Nothing was registered; it can be started again."
        )
    return f"Its process ended too early (code {code}); the program's log says why. It can be started again."
