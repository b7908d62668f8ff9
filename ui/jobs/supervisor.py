"""The job supervisor of this server: starts when the context is open, ends before it is closed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from flora_core.errors import FloraError
from flora_core.supervised_threads import SupervisedThread
from ui.server.startup import STARTUP

if TYPE_CHECKING:
    from flora_core.workflows.jobs.supervisor import JobSupervisor


class SupervisorThread:
    """Works through the queue of jobs while the server runs."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._foreman: JobSupervisor | None = None

    def start(self) -> None:
        """Start the supervisor as soon as the context is open."""
        self._over.clear()
        SupervisedThread("employing", self._start_when_ready).start()

    def wake(self) -> None:
        """Look at the queue at once: something was asked for or cancelled."""
        if self._foreman is not None:
            self._foreman.wake()

    def stop(self) -> None:
        """End; a job that is being worked on is interrupted."""
        self._over.set()
        if self._foreman is not None:
            self._foreman.stop()
            self._foreman = None

    def _start_when_ready(self) -> None:
        from flora_core.workflows.jobs.supervisor import JobSupervisor

        while not self._over.wait(0.5):
            try:
                context = STARTUP.context()
            except FloraError:
                continue
            self._foreman = JobSupervisor(context)
            self._foreman.start()
            if context.batches.shared:
                # Tables that another server took wait for whoever is free, also where nobody brings one here.
                from flora_core.workflows.batch.queue import batch_queue

                batch_queue(context)
            return


SUPERVISOR: Final = SupervisorThread()
"""The one job supervisor of this process."""
