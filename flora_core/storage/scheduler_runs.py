"""When the watch last looked at each study and last retrained at night, what it decided, and when it is due again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update

from flora_core.storage.database import Database
from flora_core.storage.schema import scheduler_runs

RunKind = Literal["look", "night"]


@dataclass(frozen=True, slots=True)
class SchedulerRun:
    """The newest run of a kind.

    Attributes
    ----------
    at : datetime or None
        None: there was none yet.
    decision : str
        In words.
    failed : bool
        Whether somebody should look.
    next_at : datetime or None
        When the next is due; None where nobody said.
    """

    kind: RunKind
    at: datetime | None
    decision: str
    failed: bool
    next_at: datetime | None


class SchedulerRuns:
    """One row a study and kind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, study: str) -> dict[RunKind, SchedulerRun]:
        """The newest runs of a study by kind."""
        with self._database.read() as connection:
            rows = connection.execute(select(scheduler_runs).where(scheduler_runs.c.study == study)).all()
        return {row.kind: SchedulerRun(row.kind, row.at, row.decision, row.failed, row.next_at) for row in rows}

    def note(self, study: str, kind: RunKind, decision: str, *, failed: bool, next_at: datetime | None) -> None:
        """A run was made now."""
        values = {"at": datetime.now(UTC), "decision": decision, "failed": failed, "next_at": next_at}
        self._write(study, kind, values)

    def expect(self, study: str, kind: RunKind, next_at: datetime, missed: str = "") -> None:
        """Say when the next run is due; and, where one was missed, that it was."""
        values: dict[str, Any] = {"next_at": next_at}
        if missed:
            values |= {"decision": missed, "failed": True}
        self._write(study, kind, values)

    def _write(self, study: str, kind: RunKind, values: dict[str, Any]) -> None:
        mine = (scheduler_runs.c.study == study, scheduler_runs.c.kind == kind)
        with self._database.write() as connection:
            if connection.execute(update(scheduler_runs).where(*mine).values(**values)).rowcount == 0:
                connection.execute(insert(scheduler_runs).values(study=study, kind=kind, **values))
