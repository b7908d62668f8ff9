"""How long whoever asks waits for the database: a request some seconds in all, other work longer for each statement."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

#: Seconds that one request of a program waits in all: for a thread, a connection, a lock, the answers of the database.
REQUEST_SECONDS: Final = 5.0
#: Seconds that a page waits for the answer to one statement.
PAGE_SECONDS: Final = 15.0
#: Seconds that anything else waits for the answer to one statement.
STATEMENT_SECONDS: Final = 300.0


class Patience:
    """What is left of the time that somebody waits.

    Parameters
    ----------
    each : float
        Seconds for one wait.
    total : float
        Seconds for all of them together; only waiting counts, not the work in between.
    """

    def __init__(self, each: float, total: float = math.inf) -> None:
        self._each, self._left = each, total
        self._lock = threading.Lock()

    def left(self, most: float = math.inf) -> float:
        """Seconds the next wait may take, never below 0."""
        return max(0.0, min(self._each, self._left, most))

    def spend(self, seconds: float) -> None:
        """Take from the total what was waited."""
        with self._lock:
            self._left -= seconds

    @contextmanager
    def counted(self) -> Iterator[None]:
        """A wait; what it takes is gone from the total."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.spend(time.monotonic() - began)


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


def patience() -> Patience:
    """That of whoever asks; the long one where nobody set one."""
    return _patience.get() or Patience(STATEMENT_SECONDS)


def request_patience() -> Patience:
    """That of whoever asks; that of a request where nobody set one."""
    return _patience.get() or Patience(REQUEST_SECONDS, REQUEST_SECONDS)


@contextmanager
def waiting(asker: Patience) -> Iterator[None]:
    """Everything inside, threads that take this context included, waits with this patience."""
    token = _patience.set(asker)
    try:
        yield
    finally:
        _patience.reset(token)
