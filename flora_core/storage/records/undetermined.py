"""Identifications that nobody has determined yet, at a cost that does not grow with what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Subquery, and_, false, func, or_, select

from flora_core.storage.database import Database
from flora_core.storage.records.identifications import IdentificationRecord, record_from_row
from flora_core.storage.schema import determinations, identifications, recordings

#: How many of the newest undetermined plants are looked through.
SEEN: Final = 100_000


def undetermined(
    database: Database, study: str, *, most: int, rare: Mapping[int, Sequence[int]] | None = None
) -> tuple[IdentificationRecord, ...]:
    """Of the newest `SEEN` undetermined plants of a study, those that may teach most, then the newest others.

    Reads only. What may teach is told by what was recorded: plants that fit no species or several, and rare species.

    Parameters
    ----------
    most : int
        How many of the first kind, and how many in all.
    rare : mapping of int to sequence of int
        {model version: places of rare species in its study}.

    Returns
    -------
    tuple of IdentificationRecord
        Newest recording first; no plant twice.
    """
    newest = _newest(study)
    telling = _telling(newest.c, rare or {})
    found: dict[str, IdentificationRecord] = {}
    with database.read() as connection:
        for condition in (telling, None):
            statement = select(newest).limit(most)
            for row in connection.execute(statement if condition is None else statement.where(condition)):
                if len(found) >= most and condition is None:
                    break
                recorded = record_from_row(row)
                found.setdefault(recorded.id, recorded)
    return tuple(
        sorted(found.values(), key=lambda one: (-one.recording.at.timestamp(), one.recording.token, one.plant.row))
    )


def drawn(database: Database, study: str, count: int) -> tuple[IdentificationRecord, ...]:
    """So many plants that chance chose of the newest `SEEN` undetermined ones of a study; another draw at every call."""
    newest = _newest(study)
    with database.read() as connection:
        rows = connection.execute(select(newest).order_by(func.random()).limit(count)).all()
    return tuple(record_from_row(row) for row in rows)


def _newest(study: str) -> Subquery:
    """The newest `SEEN` plants of a study that nobody determined."""
    slips = (
        select(1)
        .where(determinations.c.recording == identifications.c.recording, determinations.c.row == identifications.c.row)
        .exists()
    )
    return (
        select(recordings, *(c for c in identifications.c if c.name != "recording"))
        .join(identifications, identifications.c.recording == recordings.c.id)
        .where(recordings.c.study == study, recordings.c.complete, ~slips)
        .order_by(recordings.c.id.desc(), identifications.c.row)
        .limit(SEEN)
        .subquery()
    )


def _telling(columns: Any, rare: Mapping[int, Sequence[int]]) -> ColumnElement[bool]:
    of_rare = [
        and_(columns.version == version, columns.species.in_(places)) for version, places in rare.items() if places
    ]
    return or_(columns.possible == "", columns.possible.like("% %"), *of_rare, false())
