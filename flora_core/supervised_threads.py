"""Background threads with a last guard: one that breaks down is started again, and whoever asks is told how each is.

A thread that ends by an exception ends in silence: what it worked on waits for ever, while everything else seems well.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_log: Final = logging.getLogger("flora")

#: Seconds until a thread that broke down is started again: the first time, and at most.
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
#: Seconds of work after which a thread counts as well again.
_WELL_AFTER: Final = 60.0


@dataclass(frozen=True, slots=True)
class ThreadHealth:
    """How a background thread is.

    Attributes
    ----------
    name : str
    state : {"running", "restarting", "stopped"}
        It works; it broke down and waits to be started again; its thread is gone.
    failures : int
        How often it broke down.
    error : str
        What broke it last, "" where nothing did.
    """

    name: str
    state: str
    failures: int
    error: str

    @property
    def well(self) -> bool:
        """Whether it does its work."""
        return self.state == "running"


class SupervisedThread:
    """A thread that goes on until its work returns.

    Parameters
    ----------
    name : str
    work : callable
        Returns when there is nothing more to do for ever; an exception of it is logged, and it is called again.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self.name = name
        self._work = work
        self._over = threading.Event()
        self._state, self._failures, self._error = "running", 0, ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; from now on it is among those that `thread_health` tells of."""
        with _lock:
            _threads.append(self)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def stop(self, seconds: float) -> None:
        """Start it no more, and wait so long for it; whoever stops it has told its work to end."""
        self._over.set()
        with _lock:
            if self in _threads:
                _threads.remove(self)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def health(self) -> ThreadHealth:
        """How it is."""
        return ThreadHealth(
            self.name, self._state if self._thread.is_alive() else "stopped", self._failures, self._error
        )

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._over.is_set():
            began = time.monotonic()
            self._state = "running"
            try:
                self._work()
                break
            except Exception as error:  # noqa: BLE001  whatever it is, the work goes on
                _log.error("the thread '%s' broke down and is started again", self.name, exc_info=error)
                self._failures += 1
                self._error = f"{type(error).__name__}: {str(error)[:200]}"
            pause = FIRST_PAUSE if time.monotonic() - began > _WELL_AFTER else pause
            self._state = "restarting"
            self._over.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        with _lock:
            if self in _threads:
                _threads.remove(self)


_lock: Final = threading.Lock()
_threads: Final[list[SupervisedThread]] = []


def thread_health() -> tuple[ThreadHealth, ...]:
    """How every background thread of this process is that shall be at work."""
    with _lock:
        return tuple(thread.health() for thread in _threads)
