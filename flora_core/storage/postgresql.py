"""Connections to PostgreSQL that never wait for ever: for a server that is far, frozen, cut off, or holds a lock.

The server's own limits (`statement_timeout`, `lock_timeout`) end what takes too long. A frozen server keeps to none of them,
while the system below it goes on acknowledging what is sent, so that TCP finds nothing wrong either: the wait for each answer
is limited here, too.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

from flora_core.storage.patience import STATEMENT_SECONDS, Patience, patience, waiting

if TYPE_CHECKING:
    import psycopg

#: Seconds in which a connection is made.
CONNECT_SECONDS: Final = 5.0
#: With less time than this left, connecting is not begun: the driver takes no shorter limit than two seconds.
_SHORTEST_CONNECT: Final = 1.5
#: Seconds of idleness after which a connection is asked whether it is still there, and in which it answers.
_ASK_AFTER: Final = 30.0
_ASKED_SECONDS: Final = 1.0
_IDLE_SINCE: Final = "flora_idle_since"
#: Of TCP: a cable that was cut is noticed after some 20 seconds, also by a connection that only waits.
_TCP: Final = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def bound(engine: Engine, lock_seconds: float) -> None:
    """Have every connection of an engine made with limits, and looked at before it is used again."""
    import psycopg

    class BoundedConnection(psycopg.Connection[Any]):
        """A connection that is closed when the server is silent for longer than whoever asks waits."""

        def wait(self, gen: Any, *words: Any, **named: Any) -> Any:
            """Wait for an answer; raises psycopg.OperationalError after too long a silence."""
            asker = patience()
            with asker.counted():
                return super().wait(_until(self, gen, time.monotonic() + asker.left()), *words, **named)

    def connect(dialect: Any, record: Any, words: Any, named: dict[str, Any]) -> psycopg.Connection[Any]:
        asker = patience()
        left = asker.left(CONNECT_SECONDS)
        if left < _SHORTEST_CONNECT:
            raise psycopg.OperationalError("there was no time left to connect to it")
        with asker.counted():
            each = max(1, int(left / _addresses(named)))
            return BoundedConnection.connect(*words, **{**_TCP, "connect_timeout": each, **named})

    def limit(connection: psycopg.Connection[Any], record: Any) -> None:
        connection.autocommit = True
        connection.execute(
            f"SET statement_timeout = '{STATEMENT_SECONDS:.0f}s'; SET lock_timeout = '{1000 * lock_seconds:.0f}ms'; "
            f"SET idle_in_transaction_session_timeout = '{2 * STATEMENT_SECONDS:.0f}s'"
        )
        connection.autocommit = False

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", limit)
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", _replace_dead)


def lift_limits(connection: Any) -> None:
    """For this transaction: no limit of the server counts. A migration takes as long as the tables are large."""
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = 0")


def _until(connection: Any, gen: Generator[Any, Any, Any], end: float) -> Generator[Any, Any, Any]:
    """The driver's own steps of one conversation, of which none is begun after the end; it is woken ten times a second."""
    import psycopg

    try:
        ready = yield next(gen)
        while True:
            if not ready and time.monotonic() > end:
                # What the server still answers belongs to nobody: this connection can't be used again.
                connection.pgconn.finish()
                raise psycopg.OperationalError("it was asked, and was silent for too long")
            ready = yield gen.send(ready)
    except StopIteration as over:
        return over.value


def _addresses(named: dict[str, Any]) -> int:
    """How many addresses the driver tries, each for as long as it is told to."""
    hosts = [host for host in str(named.get("host") or "").split(",") if host and not host.startswith("/")]
    count = 0
    for host in hosts:
        try:
            count += len(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except OSError:
            count += 1
    return max(1, count)


def _note_idle(connection: Any, record: Any) -> None:
    record.info[_IDLE_SINCE] = time.monotonic()


def _replace_dead(connection: Any, record: Any, proxy: Any) -> None:
    """Have a connection that PostgreSQL ended replaced before it is used.

    The end of a connection arrives at its socket, which is looked at without asking the server. Only one that has something to
    read, or was idle for so long that a firewall may have forgotten it, is asked.
    """
    since = record.info.get(_IDLE_SINCE)
    if since is None:
        return
    try:
        if time.monotonic() - since > _ASK_AFTER or _has_input(connection.pgconn.socket):
            asker = patience()
            with asker.counted(), waiting(Patience(asker.left(_ASKED_SECONDS))):
                connection.execute("")
                connection.rollback()
    except Exception as error:
        raise InvalidatePoolError from error


def _has_input(descriptor: int) -> bool:
    """Whether anything can be read from a socket, its end included; waits for nothing."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
