"""Full garbage collections, at most one in a few seconds, whatever the number of visitors.

Streamlit runs a full collection after every script, which walks what the sessions of all visitors hold: the more visitors, the
longer each of them waits for each of the others. That is switched off (`runner.postScriptGC` in .streamlit/config.toml), and
so are the full collections that Python begins by itself. A thread runs one here, when enough was allocated since the last.
"""

from __future__ import annotations

import gc
import threading
import time
from typing import Final

from flora_core.supervised_threads import SupervisedThread

#: Seconds from the end of one full collection to the next.
PAUSE: Final = 5.0
#: Of the time of all visitors a full collection takes at most one part in so many: with a large heap the pause grows.
_SHARE: Final = 50
#: As the third threshold of `gc.set_threshold`: Python itself never comes to a full collection.
_NEVER: Final = 1_000_000_000


class GarbageCollection:
    """Collects what nobody holds any more, in a thread of its own; young objects are collected by Python as ever.

    Parameters
    ----------
    pause : float
        Seconds from the end of one full collection to the next, at least.
    """

    def __init__(self, pause: float = PAUSE) -> None:
        self._pause = pause
        self._over = threading.Event()
        self._thread: SupervisedThread | None = None
        self._thresholds: tuple[int, int, int] | None = None

    def start(self) -> None:
        """Begin; from now on Python runs no full collection by itself."""
        if self._thread is not None:
            return
        self._over.clear()
        self._thresholds = gc.get_threshold()
        gc.set_threshold(self._thresholds[0], self._thresholds[1], _NEVER)
        self._thread = SupervisedThread("garbage", self._run)
        self._thread.start()

    def stop(self) -> None:
        """End, and leave full collections to Python again."""
        if self._thread is None:
            return
        self._over.set()
        self._thread.stop(10.0)
        self._thread = None
        if self._thresholds is not None:
            gc.set_threshold(*self._thresholds)

    def _run(self) -> None:
        pause = self._pause
        while not self._over.wait(pause):
            pause = max(self._pause, _SHARE * collect_if_needed())


def collect_if_needed() -> float:
    """Run a full collection, unless next to nothing was allocated since the last; seconds it took."""
    # The third count is of collections of the middle generation since the last full one: each stands for some thousands of
    # objects that were allocated and not freed at once.
    if not gc.get_count()[2]:
        return 0.0
    start = time.perf_counter()
    gc.collect()
    return time.perf_counter() - start


def set_aside() -> None:
    """Take what is loaded by now out of every later collection: modules, models and figures are never garbage."""
    gc.collect()
    gc.freeze()


GARBAGE: Final = GarbageCollection()
"""That of this process."""
