"""From the server's first moment to its last: the context is opened, its jobs begin, and both end in order."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any, Final

from flora_core.errors import FloraError
from flora_core.supervised_threads import SupervisedThread
from flora_core.workflows.operations.event_delivery import deliver_events
from flora_core.workflows.operations.maintenance import sweep
from ui.jobs.supervisor import SUPERVISOR
from ui.server.garbage import GARBAGE, set_aside
from ui.server.startup import STARTUP

#: Seconds after opening in which the first visitor is served before anything else is loaded.
_SECOND_BREATH: Final = 4.0
_DAY: Final = 24 * 3600.0
#: Seconds between two looks at what waits to be told.
_TELL_SECONDS: Final = 5.0


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Open the context and begin with its jobs while the port already answers; close it when the server stops."""
    STARTUP.start()
    SUPERVISOR.start()
    GARBAGE.start()
    later = asyncio.get_running_loop().call_later(_SECOND_BREATH, _load_the_rest)
    over = threading.Event()
    sweeping = SupervisedThread("sweeping", lambda: _sweep_daily(over))
    sweeping.start()
    telling = SupervisedThread("telling of events", lambda: _tell_of_events(over))
    telling.start()
    try:
        yield {}
    finally:
        later.cancel()
        over.set()
        await asyncio.to_thread(sweeping.stop, 10.0)
        await asyncio.to_thread(telling.stop, 15.0)
        await asyncio.to_thread(SUPERVISOR.stop)
        await asyncio.to_thread(STARTUP.close)
        await asyncio.to_thread(GARBAGE.stop)


def _sweep_daily(over: threading.Event) -> None:
    """Sweep up what killed processes left, once the context is open and then each day, until the server ends."""
    pause = _SECOND_BREATH
    while not over.wait(pause):
        try:
            context = STARTUP.context()
        except FloraError:
            continue
        sweep(context)
        pause = _DAY


def _tell_of_events(over: threading.Event) -> None:
    """Tell receivers of events while the server lives: what did not get through before a restart is tried again after it."""
    while not over.wait(_TELL_SECONDS):
        with contextlib.suppress(FloraError):
            context = STARTUP.context()
            if not context.settings.alerts.get_secret_value() and not context.settings.webhooks.get_secret_value():
                return
            deliver_events(context)


def _load_the_rest() -> None:
    """Load what pages other than the first one need, in a thread."""

    def load() -> None:
        import pandas  # noqa: F401

        from ui.server.warmup import preload_overviews

        with contextlib.suppress(FloraError):
            preload_overviews(STARTUP.context())
        set_aside()

    threading.Thread(target=load, name="loading", daemon=True).start()
