"""What happened, on its way to those who want to hear of it: each event kept once, each delivery tried until it got through.

Events are read off the rows that tell them (a version's history, a failed job, an announced verdict), so that none is lost with
the process that caused it, and a unique key keeps each from being gathered twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, String, and_, cast, insert, literal, or_, select, update

from flora_core.storage.database import Database
from flora_core.storage.schema import announcements, deliveries, events, jobs, outbox, studies

EventKind = Literal["promoted", "rolled back", "retired", "trained", "verdict changed", "job failed"]

#: After this long another process may take up a delivery whose sender was killed.
CLAIM: Final = timedelta(minutes=2)
#: Waits between the attempts of one delivery; after the last of them it is given up.
WAITS: Final = tuple(timedelta(seconds=s) for s in (5, 30, 300, 1800, 7200, 18000, 36000, 36000))
#: Events gathered at a time.
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, as its row tells it.

    Attributes
    ----------
    key : str
        The same for the same event, whoever notices it.
    at : datetime
    data : dict
        What is told of it.
    """

    key: str
    study: str
    kind: EventKind
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that waits to be told to a receiver."""

    event: int
    receiver: str
    study: str
    kind: EventKind
    document: str
    attempts: int


class EventOutbox:
    """The events of all studies that are not simulated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def gather(
        self, written: Callable[[Happening], str], receivers: Callable[[EventKind], Sequence[str]]
    ) -> tuple[Happening, ...]:
        """Keep what happened since the last time, with a delivery for each receiver; one transaction.

        Parameters
        ----------
        written : callable
            The document that receivers are sent.
        receivers : callable
            Who is told of events of a kind.
        """
        now = datetime.now(UTC)
        with self._database.read() as connection:
            # As a rule nothing happened: a look that locks nobody out.
            if not _new(connection):
                return ()
        with self._database.write() as connection:
            found = _new(connection)
            for one in found:
                done = connection.execute(
                    insert(outbox)
                    .values(study=one.study, kind=one.kind, key=one.key, document=written(one), at=one.at)
                    .returning(outbox.c.id)
                )
                number = done.scalar_one()
                rows = [
                    {"event": number, "receiver": receiver, "study": one.study, "next_at": now}
                    for receiver in receivers(one.kind)
                ]
                if rows:
                    connection.execute(insert(deliveries), rows)
            return found

    def due(self, receivers: Sequence[str], most: int = 100) -> tuple[Delivery, ...]:
        """Deliveries that may be tried now, oldest event first."""
        now = datetime.now(UTC)
        with self._database.read() as connection:
            rows = connection.execute(
                select(deliveries.c.event, deliveries.c.receiver, deliveries.c.attempts, outbox)
                .join(outbox, outbox.c.id == deliveries.c.event)
                .where(_waiting(now), deliveries.c.next_at <= now, deliveries.c.receiver.in_(receivers))
                .order_by(deliveries.c.event)
                .limit(most)
            ).all()
        return tuple(Delivery(r.event, r.receiver, r.study, r.kind, r.document, r.attempts) for r in rows)

    def claim(self, delivery: Delivery) -> bool:
        """Whether the caller may deliver it now; of several who ask at once one may. One transaction."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            done = connection.execute(
                update(deliveries)
                .where(_this(delivery), _waiting(now), deliveries.c.attempts == delivery.attempts)
                .values(claimed_at=now, attempts=delivery.attempts + 1)
            )
            return done.rowcount == 1

    def delivered(self, delivery: Delivery) -> None:
        """It got through: done for ever."""
        with self._database.write() as connection:
            connection.execute(
                update(deliveries).where(_this(delivery)).values(delivered_at=datetime.now(UTC), problem="")
            )

    def failed(self, delivery: Delivery, problem: str, *, final: bool = False) -> bool:
        """It did not get through: it waits for the next attempt, or is given up; whether it is given up."""
        now = datetime.now(UTC)
        over = final or delivery.attempts >= len(WAITS)
        values: dict[str, Any] = {"claimed_at": None, "problem": problem[:500]}
        values |= {"gave_up_at": now} if over else {"next_at": now + WAITS[delivery.attempts]}
        with self._database.write() as connection:
            connection.execute(update(deliveries).where(_this(delivery)).values(**values))
        return over


def _this(delivery: Delivery) -> Any:
    return and_(deliveries.c.event == delivery.event, deliveries.c.receiver == delivery.receiver)


def _waiting(now: datetime) -> Any:
    free = or_(deliveries.c.claimed_at.is_(None), deliveries.c.claimed_at < now - CLAIM)
    return and_(deliveries.c.delivered_at.is_(None), deliveries.c.gave_up_at.is_(None), free)


def _new(connection: Connection) -> tuple[Happening, ...]:
    """What is not in the outbox yet, oldest first."""
    found = [*_of_versions(connection), *_of_jobs(connection), *_of_verdicts(connection)]
    return tuple(sorted(found, key=lambda one: one.at))


def _rows(connection: Connection, table: Any, word: str, *conditions: Any) -> Sequence[Any]:
    key = literal(f"{word}:") + cast(table.c.id, String)
    return connection.execute(
        select(table)
        .join(studies, and_(studies.c.name == table.c.study, ~studies.c.simulated))
        .where(*conditions, ~select(1).where(outbox.c.key == key).exists())
        .order_by(table.c.id)
        .limit(_MOST)
    ).all()


def _of_versions(connection: Connection) -> list[Happening]:
    words: dict[str, EventKind] = {
        "registered": "trained",
        "promoted": "promoted",
        "rolled back": "rolled back",
        "retired": "retired",
    }
    return [
        Happening(
            f"event:{row.id}",
            row.study,
            words[row.kind],
            row.at,
            {"study": row.study, "version": row.version, "by": row.by, "why": row.why, "overruled": row.overruled},
        )
        for row in _rows(connection, events, "event", events.c.kind.in_(list(words)))
    ]


def _of_jobs(connection: Connection) -> list[Happening]:
    return [
        Happening(
            f"job:{row.id}",
            row.study,
            "job failed",
            row.ended_at or row.asked_at,
            {"study": row.study, "job": row.id, "kind": row.kind, "by": row.by, "problem": row.result},
        )
        for row in _rows(connection, jobs, "job", jobs.c.state == "failed")
    ]


def _of_verdicts(connection: Connection) -> list[Happening]:
    # A first verdict that is green changed nothing.
    changed = or_(announcements.c.before != "", announcements.c.verdict != "green")
    return [
        Happening(
            f"verdict:{row.id}",
            row.study,
            "verdict changed",
            row.at,
            {"study": row.study, "verdict": row.verdict, "before": row.before, "sentence": row.sentence},
        )
        for row in _rows(connection, announcements, "verdict", changed)
    ]


def compact_json(value: dict[str, Any]) -> str:
    """A JSON document, the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
