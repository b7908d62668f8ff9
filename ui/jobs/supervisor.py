"""The foreman of this server: begins when the house is open, ends before it is closed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from flora_core.errors import FloraError
from ui.server.startup import FRONT

if TYPE_CHECKING:
    from flora_core.workflows.jobs.supervisor import Foreman


class Working:
    """Works through the queue of jobs while the server runs."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._foreman: Foreman | None = None

    def start(self) -> None:
        """Employ the foreman as soon as the house is open."""
        self._over.clear()
        threading.Thread(target=self._employ, name="employing", daemon=True).start()

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

    def _employ(self) -> None:
        from flora_core.workflows.jobs.supervisor import Foreman

        while not self._over.wait(0.5):
            try:
                house = FRONT.house()
            except FloraError:
                continue
            self._foreman = Foreman(house)
            self._foreman.start()
            return


JOBS: Final = Working()
"""The one foreman of this process."""
