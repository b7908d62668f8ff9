"""From the server's first moment to its last: the house is opened, its jobs begin, and both end in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from collections.abc import AsyncIterator
from typing import Any, Final

from flora_core.errors import FloraError
from flora_core.workflows.operations.maintenance import sweep
from ui.jobs.supervisor import JOBS
from ui.server.startup import FRONT

#: Seconds after opening in which the first visitor is served before anything else is loaded.
_SECOND_BREATH: Final = 4.0


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Open the house and begin with its jobs while the port already answers; close it when the server stops."""
    FRONT.start()
    JOBS.start()
    later = asyncio.get_running_loop().call_later(_SECOND_BREATH, _load_the_rest)
    try:
        yield {}
    finally:
        later.cancel()
        await asyncio.to_thread(JOBS.stop)
        await asyncio.to_thread(FRONT.close)


def _load_the_rest() -> None:
    """Load what pages other than the first one need, and sweep up, in a thread."""

    def load() -> None:
        import pandas  # noqa: F401

        from ui.server.warmup import look_around

        with contextlib.suppress(FloraError):
            look_around(FRONT.house())
        gc.collect()
        gc.freeze()
        with contextlib.suppress(FloraError):
            sweep(FRONT.house())

    threading.Thread(target=load, name="loading", daemon=True).start()
