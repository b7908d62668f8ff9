"""One database, SQLite by default and PostgreSQL by URL: opened late, checked for its age, and clear when it can't serve."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from flora_core.errors import DatabaseUnavailable
from flora_core.storage.patience import Patience, patience, waiting

#: The migration this program was written for.
HEAD: Final = "0016"
#: How long a writer waits for another, in seconds.
BUSY_SECONDS: Final = 5
#: Connections of one process; whoever needs one more waits for it.
CONNECTIONS: Final = 30
_KEPT_CONNECTIONS: Final = 10
_WAITS: Final = "flora_waits"
_ADVISORY_LOCK: Final = 7360436936


class Database:
    """Connections to one database. Nothing is opened until it is asked for.

    Parameters
    ----------
    url : str
        As in `Settings.database_url`.
    """

    def __init__(self, url: str) -> None:
        self._url: URL = make_url(url)
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        # SQLite lets one write at a time; the others of this process wait here, where they need no connection.
        self._writing = threading.Lock()
        self._engine: Engine | None = None
        self._reader: Engine | None = None
        self._opened_file: tuple[int, int] | None = None

    @property
    def description(self) -> str:
        """Where it is, without its password."""
        return str(self._url.render_as_string(hide_password=True))

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The database's file; None for PostgreSQL and for a database in memory."""
        name = self._url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" and not name.startswith("file:") else None

    def prepare(self) -> None:
        """Make the database usable: create it where there is none, refuse it where it is of another age.

        Creating is safe with several processes at once; an older database is never changed without being asked (see
        `migrate`).

        Raises
        ------
        DatabaseUnavailable
            It can't be reached or created, or is older or newer than the program.
        """
        found = self.revision()
        if found is None:
            self.migrate()
        elif found != HEAD:
            raise DatabaseUnavailable(self._wrong_age(found))

    def revision(self) -> str | None:
        """The migration the database is at; None where it is new. Reads only."""
        if self.path is not None and not self.path.exists():
            return None
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def migrate(self) -> tuple[str | None, str]:
        """Upgrade the database to this version's schema: all or nothing, one process at a time.

        Returns
        -------
        (str or None, str)
            The migration it was at, and the one it is at.
        """
        # Alembic takes a moment to import and is needed once in a database's life.
        from flora_core.storage.migrations import upgrade

        if self.path is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                # Records name people and places: for nobody else on the machine. Files beside it get the same mode. Where a
                # restore was stopped half-way nothing is made before that is undone.
                if not restore_journal(self.path).exists():
                    self.path.touch(0o600)
                    self.path.chmod(0o600)
            except OSError as error:
                raise DatabaseUnavailable(
                    f"The folder of the database, {self.path.parent}, can't be made: {error.strerror}. "
                    "Make it writable, or set FLORA_DATABASE_URL."
                ) from None
        with waiting(Patience(math.inf)), self._writer(create=True) as connection:
            if not self.is_sqlite:
                from flora_core.storage.postgresql import lift_limits

                lift_limits(connection)
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            before = None
            if inspect(connection).has_table("alembic_version"):
                before = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if before != HEAD:
                if before is not None and before > HEAD:
                    raise DatabaseUnavailable(self._wrong_age(before))
                upgrade(connection)
            return before, HEAD

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read from.

        Raises
        ------
        DatabaseUnavailable
            With what is wrong and what to do.
        """
        with self._clear_errors(), self._place():
            self._open()
            with self._connected_reader() as connection:
                yield connection

    def libpq_address(self) -> tuple[str, str]:
        """The address of PostgreSQL as its own programs read it, without the password, and the password."""
        bare = self._url.set(drivername="postgresql")._replace(password=None)
        return bare.render_as_string(hide_password=False), self._url.password or ""

    def own_connection(self) -> Any:
        """A connection to PostgreSQL that belongs to the caller, each statement of which is a transaction by itself.

        Raises
        ------
        DatabaseUnavailable
            It can't be reached.
        """
        with self._clear_errors():
            pooled = self._open().raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            connection.autocommit = True
            return connection

    def _connected_reader(self) -> Connection:
        """A connection that only reads; on a full disk one that needs no file beside the database."""
        assert self._reader is not None  # noqa: S101  made with the engine
        try:
            return self._reader.connect()
        except DBAPIError as error:
            if self.path is None or not _is_full(error) or _has_content(self.path.with_name(f"{self.path.name}-wal")):
                raise
        # Nobody has it open, or the file in which its connections agree would be there; and all of it is in its own file.
        source = f"{self.path.absolute().as_uri()}?immutable=1"
        engine = create_engine(
            self._url, poolclass=NullPool, creator=lambda: sqlite3.connect(source, uri=True, isolation_level=None)
        )
        event.listen(engine, "begin", _begin_sqlite)
        return engine.connect()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it is kept when the block ends, nothing when it raises.

        Raises
        ------
        DatabaseUnavailable
            With what is wrong and what to do; nothing was kept.
        """
        with self._writer(create=False) as connection:
            yield connection

    @contextmanager
    def _writer(self, *, create: bool) -> Iterator[Connection]:
        with self._clear_errors(), self._turn(), self._place():
            engine = self._open(create=create)
            with engine.connect().execution_options(flora_writes=True) as connection, connection.begin():
                yield connection
                self._still_there()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The right to write to SQLite within this process."""
        if not self.is_sqlite:
            yield
            return
        asker = patience()
        with asker.counted():
            mine = self._writing.acquire(timeout=asker.left(BUSY_SECONDS))
        if not mine:
            raise DatabaseUnavailable(self._in_words("locked"))
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Room for one connection more."""
        asker = patience()
        with asker.counted():
            mine = self._places.acquire(timeout=asker.left(BUSY_SECONDS))
        if not mine:
            raise DatabaseUnavailable(
                f"The database {self.description} is busy: all {CONNECTIONS} connections of this program are in use. Try again."
            )
        try:
            yield
        finally:
            self._places.release()

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
            self._engine, self._reader, self._opened_file = None, None, None

    def _open(self, *, create: bool = False) -> Engine:
        if self.path is not None and not self.path.exists() and restore_journal(self.path).exists():
            raise DatabaseUnavailable(
                f"A restore to {self.path} was stopped half-way, and nothing starts on half of an installation. Run it again: "
                "python -m flora_core restore FILE. It takes away what it had written, and begins anew."
            )
        if self.path is not None and not create and not self.path.exists():
            raise DatabaseUnavailable(
                f"The database {self.path} is gone. Put it back, or restart the program to begin with an empty one."
            )
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    engine = self._connected_to_errors()
                    # A query of PostgreSQL is a transaction by itself: one message instead of three. Both have one pool.
                    self._reader = engine if self.is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
                    self._engine = engine
        if self.path is not None and self._opened_file is None and self.path.exists():
            self._opened_file = _identity(self.path)
            # A restore that was stopped after its last step is done.
            with contextlib.suppress(OSError):
                restore_journal(self.path).unlink(missing_ok=True)
        return self._engine

    def _connected_to_errors(self) -> Engine:
        if self.is_sqlite:
            engine = create_engine(self._url, connect_args={"timeout": BUSY_SECONDS}, **self._pool())
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        try:
            engine = create_engine(self._url, **self._pool())
        except ModuleNotFoundError as error:
            if error.name != "psycopg":
                raise
            raise DatabaseUnavailable(
                "FLORA_DATABASE_URL names a PostgreSQL server, but its driver, psycopg, is not installed. Install what servers "
                "need: pip install --require-hashes -r requirements-server.txt (or flora-classification[server])."
            ) from None
        from flora_core.storage.postgresql import bound

        bound(engine, BUSY_SECONDS)
        return engine

    def _pool(self) -> dict[str, Any]:
        """As many connections as there are places, so that nobody waits for one inside of SQLAlchemy."""
        if self.is_sqlite and self.path is None:
            return {}
        return {"pool_size": _KEPT_CONNECTIONS, "max_overflow": CONNECTIONS - _KEPT_CONNECTIONS}

    def _still_there(self) -> None:
        """A file that was removed or replaced takes writes that nobody will ever read: refuse to call them kept."""
        if self.path is None:
            return
        now = _identity(self.path) if self.path.exists() else None
        if self._opened_file is None:
            self._opened_file = now
        if now is None or now != self._opened_file:
            raise DatabaseUnavailable(
                f"The database {self.path} was removed or replaced while the program ran; nothing was recorded. "
                "Put it back and restart the program."
            )

    def _wrong_age(self, found: str) -> str:
        if found > HEAD:
            return (
                f"The database {self.description} is newer (migration {found}) than this program ({HEAD}). "
                "Run the newer program."
            )
        return (
            f"The database {self.description} is older (migration {found}) than this program ({HEAD}). "
            "Make a copy of it, then run: python -m flora_core migrate"
        )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise DatabaseUnavailable(self._in_words(str(error.orig))) from error
        except self._driver_error() as error:
            # From the driver itself: many rows at once are written without SQLAlchemy.
            raise DatabaseUnavailable(self._in_words(str(error))) from error
        except SQLAlchemyError as error:
            raise DatabaseUnavailable(f"The database {self.description} can't be used: {error}.") from error

    def _driver_error(self) -> type[Exception]:
        if self.is_sqlite:
            return sqlite3.Error
        try:
            import psycopg
        except ImportError:  # said in words where the engine is made
            return sqlite3.Error
        return psycopg.Error

    def _in_words(self, reason: str) -> str:
        place = f"The database {self.description}"
        lowered = reason.lower()
        if "locked" in lowered or "lock timeout" in lowered:
            return f"{place} is locked: another program has held it for more than {BUSY_SECONDS} seconds. Try again."
        if "readonly" in lowered or "read-only" in lowered:
            return f"{place} can only be read; nothing was recorded. Make its file and folder writable."
        if "unable to open" in lowered:
            return f"{place} can't be opened. Is its folder there, and may this program write in it?"
        if "malformed" in lowered or "not a database" in lowered:
            return f"{place} is damaged. Restore it from a backup (docs/operations.md)."
        if "no such table" in lowered or "undefinedtable" in lowered or 'relation "' in lowered:
            return f"{place} has not been set up. Restart the program, or run: python -m flora_core migrate"
        if "disk" in lowered or "space" in lowered:
            return f"{place} has no room left on its disk; nothing was recorded."
        if not self.is_sqlite:
            return f"{place} does not answer: {reason.strip().splitlines()[0]}"
        return f"{place} can't be used: {reason}."


def restore_journal(database: Path) -> Path:
    """Where a restore keeps word of what is to be undone, from its first step to its last."""
    return database.with_name(f".{database.name}.restoring")


def _identity(path: Path) -> tuple[int, int]:
    stat = os.stat(path)
    return stat.st_dev, stat.st_ino


def _is_full(error: DBAPIError) -> bool:
    reason = str(error.orig).lower()
    return "disk" in reason or "full" in reason


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _set_up_sqlite(connection: Any, record: Any) -> None:
    # Transactions are begun by us (below), so that a writer takes the lock at once instead of failing half-way.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers never wait for a writer; a commit is on the disk before it is reported. Of processes that open a new database
    # at once, SQLite turns some away from the first of these at once instead of letting them wait.
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # What this connection needs beside the database's file is made now, or it is said now that there is no room for it.
    cursor.execute("SELECT count(*) FROM sqlite_master")
    cursor.fetchall()
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("flora_writes", False):
        _let_wait(connection, BUSY_SECONDS)
        connection.exec_driver_sql("BEGIN")
        return
    asker = patience()
    _let_wait(connection, asker.left(BUSY_SECONDS))
    with asker.counted():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _let_wait(connection: Connection, seconds: float) -> None:
    """Have SQLite try for so long where another process holds the database."""
    milliseconds = int(1000 * seconds)
    if connection.info.get(_WAITS) != milliseconds:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
        connection.info[_WAITS] = milliseconds
