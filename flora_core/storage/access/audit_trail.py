"""The audit trail: who did or tried what, when, from where, and what came of it. Rows are only ever appended."""

from __future__ import annotations

import atexit
import logging
import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import insert, select

from flora_core.errors import FloraError
from flora_core.storage.database import Database
from flora_core.storage.schema import audit

_log: Final = logging.getLogger("flora.audit")

#: Seconds within which what happens often is gathered into one transaction.
_GATHERED: Final = 0.2
#: The longest object that is kept.
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One attempt.

    Attributes
    ----------
    issuer, subject, name : str
        Who: as in `Principal`.
    use_case : str
        What, in the words of the table of roles.
    object : str
        Of what: a study, a version, a person.
    result : str
        "done", "refused", or the kind of error it ended with.
    door, address, request : str
        How it came: page, api or command; from which network address; the identifier of the request.
    token : int or None
    at : datetime
    """

    issuer: str
    subject: str
    name: str
    use_case: str
    object: str
    result: str
    door: str = ""
    address: str = ""
    request: str = ""
    token: int | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class AuditTrail:
    """Appends and reads; what was appended never changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[AuditEntry] = []
        self._timer: threading.Timer | None = None
        self._at_exit = False

    def note(self, entry: AuditEntry, *, gathered: bool = False) -> None:
        """Append an attempt.

        Parameters
        ----------
        gathered : bool
            Write it within a fifth of a second together with others: for what happens many times a second. Otherwise it is
            in the database when this returns.
        """
        with self._lock:
            self._waiting.append(entry)
            if gathered and not self._at_exit:
                atexit.register(self.flush)
                self._at_exit = True
            if gathered and self._timer is None:
                self._timer = threading.Timer(_GATHERED, self.flush)
                self._timer.daemon = True
                self._timer.start()
        if not gathered:
            self.flush()

    def flush(self) -> None:
        """Write what waits. A trail that can't be written is told to the log, for what it tells of has happened."""
        with self._lock:
            waiting, self._waiting, self._timer = self._waiting, [], None
        if not waiting:
            return
        rows = [{**asdict(entry), "object": entry.object[:_LONGEST]} for entry in waiting]
        try:
            with self._database.write() as connection:
                connection.execute(insert(audit), rows)
        except Exception as error:  # noqa: BLE001  the thread of the timer has nobody else to tell
            reason = error.message if isinstance(error, FloraError) else f"{type(error).__name__}: {error}"
            for row in rows:
                _log.error("the audit trail can't be written", extra={"facts": {**row, "reason": reason}})

    def entries(
        self, *, since: datetime | None = None, until: datetime | None = None, most: int = 1000
    ) -> tuple[AuditEntry, ...]:
        """The newest attempts of a time, newest first."""
        self.flush()
        query = select(audit).order_by(audit.c.id.desc()).limit(most)
        if since is not None:
            query = query.where(audit.c.at >= since)
        if until is not None:
            query = query.where(audit.c.at < until)
        with self._database.read() as connection:
            return tuple(_made(row) for row in connection.execute(query))


def _made(row: Any) -> AuditEntry:
    return AuditEntry(
        row.issuer,
        row.subject,
        row.name,
        row.use_case,
        row.object,
        row.result,
        row.door,
        row.address,
        row.request,
        row.token,
        row.at,
    )
