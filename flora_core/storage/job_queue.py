"""Jobs: work that takes longer than a visitor waits. Any process may ask for one; one at a time is done, or a few.

::

    waiting ─► running ─► done
       │          ├─────► failed        it could not be done: the result says why
       │          ├─────► interrupted   its process ended, or nobody has heard of it: it may be asked for again
       │          └► cancelling ─┐
       └────────────────────────►└► cancelled

Whoever works on a job signs for it with a name of its own, and has the database count every second that it is alive. Each
server watches that count: where it stands still for `HEARTBEAT_TIMEOUT`, by a clock that nobody can set, the job's process is
gone, and the job is interrupted (cancelled, where that was asked for). The time of day is not asked: clocks differ, and are put
back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, func, insert, select, text, update

from flora_core.errors import Conflict, TooLarge, Unknown
from flora_core.storage.database import Database
from flora_core.storage.schema import jobs

State = Literal["waiting", "running", "cancelling", "done", "failed", "cancelled", "interrupted"]
Kind = Literal["train", "compare"]

#: Watched for so long without a word, a job's process is taken for dead.
HEARTBEAT_TIMEOUT: Final = timedelta(seconds=30)
#: Jobs that may wait; more would be a mistake, or malice.
MOST: Final = 20
_ACTIVE: Final = ("waiting", "running", "cancelling")
_WORKING: Final = ("running", "cancelling")


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes
    ----------
    id : int
    study : str
    kind : str
    request, result : str
        What was asked for, and what came of it, as JSON; `result` is "" until it is done. Of a job that failed or was
        interrupted it is a sentence.
    by : str
        Who asked.
    asked_at : datetime
    started_at, ended_at : datetime or None
    state : str
    done, total : int
        Steps.
    doing : str
        What is being done.
    leaderboard : str
        What a training has tried so far, as JSON; "" before the first score.
    """

    id: int
    study: str
    kind: Kind
    request: str
    by: str
    asked_at: datetime
    state: State
    started_at: datetime | None
    ended_at: datetime | None
    done: int
    total: int
    doing: str
    result: str
    leaderboard: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or is being worked on."""
        return self.state in _ACTIVE


class JobQueue:
    """The jobs of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        #: Of each job that is worked on: whose it is, its count when it last changed, and when that was seen.
        self._watched: dict[int, tuple[str, int, float]] = {}

    def enqueue(self, study: str, kind: Kind, request: str, by: str) -> Job:
        """Put a job at the end of the queue.

        Raises
        ------
        Conflict
            The very same is waiting or being worked on.
        TooLarge
            The queue is full.
        """
        with self._exclusive() as connection:
            waiting = connection.execute(select(jobs).where(jobs.c.state.in_(_ACTIVE)).order_by(jobs.c.id)).all()
            for row in waiting:
                if (row.study, row.kind, row.request) == (study, kind, request):
                    raise Conflict(f"The same was asked for by {row.by} already; it is job {row.id}.")
            if len(waiting) >= MOST:
                raise TooLarge(f"{len(waiting)} jobs are waiting already. Wait until some are done, or cancel some.")
            found = connection.execute(
                insert(jobs)
                .values(study=study, kind=kind, request=request, by=by, asked_at=datetime.now(UTC), state="waiting")
                .returning(jobs)
            ).one()
            return _job(found)

    def get(self, identifier: int) -> Job:
        """One job.

        Raises
        ------
        Unknown
        """
        with self._database.read() as connection:
            return _job(_row(connection, identifier))

    def active(self) -> tuple[Job, ...]:
        """What is being worked on and what waits, in the order it is done. One query."""
        with self._database.read() as connection:
            return tuple(
                map(_job, connection.execute(select(jobs).where(jobs.c.state.in_(_ACTIVE)).order_by(jobs.c.id)))
            )

    def newest(self, study: str = "", most: int = 20) -> tuple[Job, ...]:
        """The newest jobs, of one study or of all, newest first."""
        statement = select(jobs).order_by(jobs.c.id.desc()).limit(most)
        if study:
            statement = statement.where(jobs.c.study == study)
        with self._database.read() as connection:
            return tuple(map(_job, connection.execute(statement)))

    def find_identical(self, study: str, kind: Kind, request: str) -> Job | None:
        """The newest job that was asked to do the very same; None where there is none."""
        with self._database.read() as connection:
            found = connection.execute(
                select(jobs)
                .where(jobs.c.study == study, jobs.c.kind == kind, jobs.c.request == request)
                .order_by(jobs.c.id.desc())
                .limit(1)
            ).first()
        return None if found is None else _job(found)

    def claim(self, runner: str, at_once: int = 1) -> Job | None:
        """The oldest waiting job, now running and signed for; None where nothing waits or as many as may are worked on.

        Parameters
        ----------
        at_once : int
            Jobs that all servers together may work on at a time.

        Notes
        -----
        Jobs that this process has watched for `HEARTBEAT_TIMEOUT` without a word are interrupted first.
        """
        if not self.active():
            return None
        now = datetime.now(UTC)
        with self._exclusive() as connection:
            for row, silent in self._silent(connection):
                given_up = {"state": "interrupted", "result": _LOST_SENTENCE}
                if row.state == "cancelling":
                    given_up = {"state": "cancelled", "result": ""}
                if silent:
                    connection.execute(update(jobs).where(jobs.c.id == row.id).values(ended_at=now, **given_up))
            working = select(func.count()).select_from(jobs).where(jobs.c.state.in_(_WORKING))
            if connection.execute(working).scalar_one() >= at_once:
                return None
            oldest = select(func.min(jobs.c.id)).where(jobs.c.state == "waiting").scalar_subquery()
            found = connection.execute(
                update(jobs)
                .where(jobs.c.id == oldest)
                .values(state="running", started_at=now, seen_at=now, beats=jobs.c.beats + 1, runner=runner)
                .returning(jobs)
            ).first()
            return None if found is None else _job(found)

    def _silent(self, connection: Connection) -> list[tuple[Row[Any], bool]]:
        """The jobs that are worked on, and whether each was silent for too long while this process watched."""
        found, now = [], time.monotonic()
        with self._lock:
            rows = connection.execute(select(jobs).where(jobs.c.state.in_(_WORKING))).all()
            watched = {}
            for row in rows:
                runner, beats, since = self._watched.get(row.id, ("", -1, now))
                if (runner, beats) != (row.runner, row.beats):
                    since = now
                watched[row.id] = (row.runner, row.beats, since)
                found.append((row, now - since > HEARTBEAT_TIMEOUT.total_seconds()))
            self._watched = watched
        return found

    def heartbeat(
        self, identifier: int, runner: str, done: int, total: int, doing: str, *, leaderboard: str | None = None
    ) -> bool:
        """Say that a job's process is alive, and how far it is.

        Parameters
        ----------
        leaderboard : str, optional
            What was tried so far, as JSON; as it was where not given.

        Returns
        -------
        bool
            Whether it shall go on: not where it was cancelled, or was given up for lost.
        """
        values: dict[str, Any] = {"done": done, "total": total, "doing": doing}
        if leaderboard is not None:
            values["leaderboard"] = leaderboard
        with self._database.write() as connection:
            found = connection.execute(
                update(jobs)
                .where(jobs.c.id == identifier, jobs.c.runner == runner, jobs.c.state.in_(_WORKING))
                .values(seen_at=datetime.now(UTC), beats=jobs.c.beats + 1, **values)
                .returning(jobs.c.state)
            ).scalar()
            return found == "running"

    def finish(
        self, identifier: int, runner: str, state: Literal["done", "failed", "cancelled", "interrupted"], result: str
    ) -> bool:
        """Write what came of a job; whether it was still this runner's to end."""
        with self._database.write() as connection:
            ended = connection.execute(
                update(jobs)
                .where(jobs.c.id == identifier, jobs.c.runner == runner, jobs.c.state.in_(_WORKING))
                .values(state=state, ended_at=datetime.now(UTC), result=result)
            )
            return ended.rowcount == 1

    def cancel(self, identifier: int) -> Job:
        """Take a waiting job out of the queue, or ask the process of a running one to stop.

        Raises
        ------
        Unknown
        Conflict
            It is over.
        """
        now = datetime.now(UTC)
        with self._exclusive() as connection:
            row = _row(connection, identifier)
            if row.state not in _ACTIVE:
                raise Conflict(f"Job {identifier} is {row.state} already; there is nothing to cancel.")
            values: dict[str, Any] = {"state": "cancelling"}
            if row.state == "waiting":
                values = {"state": "cancelled", "ended_at": now}
            connection.execute(update(jobs).where(jobs.c.id == identifier).values(**values))
            return _job(_row(connection, identifier))

    @contextmanager
    def _exclusive(self) -> Iterator[Connection]:
        """A transaction in which nobody else asks for, claims or cancels jobs."""
        with self._database.write() as connection:
            # SQLite lets one write at a time.
            if not self._database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection


_LOCK: Final = 7360436937
_LOST_SENTENCE: Final = "The process that worked on it is gone; nothing was saved by it. It can be started again."


def _row(connection: Connection, identifier: int) -> Row[Any]:
    row = connection.execute(select(jobs).where(jobs.c.id == identifier)).first()
    if row is None:
        raise Unknown(f"There is no job {identifier}.")
    return row


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        study=row.study,
        kind=row.kind,
        request=row.request,
        by=row.by,
        asked_at=row.asked_at,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        done=row.done,
        total=row.total,
        doing=row.doing,
        result=row.result,
        leaderboard=row.leaderboard,
    )
