"""Threads for what would stop everybody: the event loop hands over whatever computes, reads a file or asks the database.

Each kind of work has threads of its own and a queue of its own, which has an end: sixty writers that wait for a locked database
keep nobody from being told that the server is well.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from flora_core.errors import Unavailable
from flora_core.storage.patience import REQUEST_SECONDS, Patience, request_patience, waiting

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Some threads and those who wait for one.

    Parameters
    ----------
    name : str
        What the threads do, for the log and for refusals.
    threads : int
    waiting : int
        Calls that may wait; one more is refused at once.
    streams : bool
        One request calls thousands of times: each call may wait for a thread as long as a request may in all.
    """

    def __init__(self, name: str, threads: int, waiting: int = 200, *, streams: bool = False) -> None:
        self._name, self._most, self._streams = name, threads + waiting, streams
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._inside = 0

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function gives back, called in one of the threads.

        Raises
        ------
        Unavailable
            No thread was free within the patience of who asks, or too many wait already.
        """
        with self._lock:
            if self._inside >= self._most:
                raise Unavailable(f"{self._most} requests wait for the server ({self._name}). Try again.")
            self._inside += 1
        asker, came = request_patience(), time.monotonic()
        for_thread = Patience(REQUEST_SECONDS) if self._streams else asker

        def work() -> T:
            for_thread.spend(time.monotonic() - came)
            with waiting(asker):
                return function(*args, **kwargs)

        try:
            coming = self._executor.submit(contextvars.copy_context().run, work)
        except RuntimeError:
            self._leave()
            raise Unavailable("The server is being ended. Try again in a moment.") from None
        coming.add_done_callback(self._leave)
        answer = asyncio.wrap_future(coming)
        await asyncio.wait({answer}, timeout=for_thread.left(REQUEST_SECONDS))
        if not answer.done() and coming.cancel():
            raise Unavailable(f"Every thread of the server is busy ({self._name}). Try again.")
        return await answer

    async def blocks(self, blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
        """What an iterator gives, each block read in one of the threads."""
        try:
            while (block := await self.run(next, blocks, None)) is not None:
                yield block
        finally:
            await self.run(_close, blocks)

    def _leave(self, done: object = None) -> None:
        with self._lock:
            self._inside -= 1


def _close(blocks: Iterator[bytes]) -> None:
    if isinstance(blocks, Generator):
        blocks.close()


#: Who asks; whether the server is well; naming plants, and writing down what was named; other questions; the files of tables.
ASKERS: Final = Lane("who asks", 8)
HEALTH: Final = Lane("health", 2, waiting=20)
NAMING: Final = Lane("naming", 4)
RECORDING: Final = Lane("recording", 16)
READING: Final = Lane("reading", 8)
FILES: Final = Lane("files", 8, streams=True)
