"""Locks that all processes of one installation see, on whatever machine they run; a process that ends loses its own.

Beside SQLite, which one machine holds, they are locked files. PostgreSQL keeps them itself, for as long as the connection lives
that took them; where that breaks, they are gone, which `confirm` tells.

References
----------
PostgreSQL: advisory locks, https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from flora_core.errors import DatabaseUnavailable, Unavailable
from flora_core.storage.database import Database

#: Seconds between two tries to take a lock that somebody else has.
_AGAIN: Final = 0.2
#: A connection of which nothing is heard for some 20 seconds is dead, also for the server, which lets go of its locks then.
_SERVER_SIDE: Final = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3"


class SharedLocks:
    """The locks of an installation, by their names.

    Parameters
    ----------
    database : Database
        Where it is PostgreSQL, it keeps them.
    folder : Path
        Where it is SQLite, the locked files lie here.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder
        self._alone = threading.Lock()
        self._files: dict[str, FileLock] = {}
        self._held: set[str] = set()
        self._connection: Any = None

    def take(self, name: str) -> bool:
        """Take a lock; False where somebody has it, in this process or another.

        Raises
        ------
        Unavailable
            The folder of the locked files can't be written.
        DatabaseUnavailable
        """
        with self._alone:
            if name in self._held:
                return False
            mine = self._take_file(name) if self._database.is_sqlite else self._take_key(name)
            if mine:
                self._held.add(name)
            return mine

    def give_back(self, name: str) -> None:
        """Give a lock back; nothing where this process does not have it."""
        with self._alone:
            if name not in self._held:
                return
            self._held.discard(name)
            file = self._files.pop(name, None)
            if file is not None:
                with contextlib.suppress(OSError):
                    file.release(force=True)
            elif self._connection is not None:
                with contextlib.suppress(DatabaseUnavailable):
                    self._asked("SELECT pg_advisory_unlock(%s)", name)

    def is_held(self, name: str) -> bool:
        """Whether anybody has it.

        Raises
        ------
        Unavailable, DatabaseUnavailable
            As for `take`.
        """
        if not self.take(name):
            return True
        self.give_back(name)
        return False

    def confirm(self, name: str) -> bool:
        """Whether this process still has it; taken again where the connection broke and nobody else was quicker."""
        with self._alone:
            if name not in self._held:
                return False
            if self._database.is_sqlite:
                return True
            try:
                self._asked("SELECT 1", None)
            except DatabaseUnavailable:
                return False
            if name not in self._held and self._take_key(name):
                self._held.add(name)
            return name in self._held

    def close(self) -> None:
        """Give all back."""
        for name in list(self._held):
            self.give_back(name)
        with self._alone:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _take_file(self, name: str) -> bool:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = FileLock(self._folder / f".{name}.lock", thread_local=False)
            file.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise Unavailable(
                f"The models folder {self._folder} can't be used: {error.strerror or error}. Make it writable, or set "
                "FLORA_MODELS."
            ) from error
        self._files[name] = file
        return True

    def _take_key(self, name: str) -> bool:
        return bool(self._asked("SELECT pg_try_advisory_lock(%s)", name))

    def _asked(self, statement: str, name: str | None) -> Any:
        """The answer to a statement on the connection that holds the locks; one that broke is replaced, its locks are lost."""
        import psycopg

        words = () if name is None else (_key(name),)
        for last in (False, True):
            try:
                if self._connection is None:
                    self._connection = self._database.own_connection()
                    self._connection.execute(_SERVER_SIDE)
                row = self._connection.execute(statement, words).fetchone()
                return row[0]
            except psycopg.Error as error:
                self._held.clear()
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                if last:
                    raise DatabaseUnavailable(f"The database {self._database.description} does not answer.") from error
        raise AssertionError


@contextmanager
def holding(locks: SharedLocks, name: str, wait: float = 0.0) -> Iterator[bool]:
    """The lock for as long as the block takes, waited for at most so many seconds; False where somebody else kept it.

    Raises
    ------
    Unavailable, DatabaseUnavailable
        As for `SharedLocks.take`.
    """
    end = time.monotonic() + wait
    while not (mine := locks.take(name)) and time.monotonic() < end:
        time.sleep(_AGAIN)
    try:
        yield mine
    finally:
        if mine:
            locks.give_back(name)


def _key(name: str) -> int:
    """A number of 64 bits for a name, the same everywhere."""
    return int.from_bytes(hashlib.sha256(b"flora " + name.encode()).digest()[:8], "big", signed=True)
