"""Identifications that nobody has determined yet, at a cost that does not grow with what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Subquery, and_, false, func, or_, select

from flora_core.storage.database import Database
from flora_core.storage.records.identifications import (
    IdentificationRecord,
    identified_between,
    owned_by,
    record_from_row,
    select_recorded,
)
from flora_core.storage.records.newest_slips import stands
from flora_core.storage.schema import determinations, identifications, recordings

#: Which plants of some days: all, or those that fit no species, could be several, lack a measurement, or are determined.
Which = Literal["all", "unfit", "unsure", "gaps", "determined"]

#: How many of the newest undetermined plants are looked through.
SEEN: Final = 100_000


def undetermined(
    database: Database,
    study: str,
    *,
    most: int,
    rare: Mapping[int, Sequence[int]] | None = None,
    owner: str | None = None,
) -> tuple[IdentificationRecord, ...]:
    """Of the newest `SEEN` undetermined plants of a study, those that may teach most, then the newest others.

    Reads only. What may teach is told by what was recorded: plants that fit no species or several, and rare species.

    Parameters
    ----------
    most : int
        How many of the first kind, and how many in all.
    rare : mapping of int to sequence of int
        {model version: places of rare species in its study}.
    owner : str, optional
        Only those that this one recorded.

    Returns
    -------
    tuple of IdentificationRecord
        Newest recording first; no plant twice.
    """
    newest = _newest(study, *owned_by(owner))
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


def drawn(
    database: Database,
    study: str,
    count: int,
    since: datetime | None = None,
    until: datetime | None = None,
    owner: str | None = None,
) -> tuple[IdentificationRecord, ...]:
    """So many plants that chance chose of the newest `SEEN` undetermined ones of a study; another draw at every call.

    Parameters
    ----------
    since, until : datetime, optional
        Of those recorded from the one moment on, and before the other.
    owner : str, optional
        Of those that this one recorded.
    """
    newest = _newest(study, *identified_between(since, until), *owned_by(owner))
    with database.read() as connection:
        rows = connection.execute(select(newest).order_by(func.random()).limit(count)).all()
    return tuple(record_from_row(row) for row in rows)


def plants_between(
    database: Database,
    study: str,
    since: datetime,
    until: datetime,
    version: int | None,
    which: Which,
    species: int | None,
    most: int,
) -> tuple[IdentificationRecord, ...]:
    """Plants recorded from one moment on and before another: those that nobody determined first, then the newest.

    Parameters
    ----------
    version : int or None
        Only what this version identified.
    which : {"all", "unfit", "unsure", "gaps", "determined"}
        Those that fit no species, could be several, lack a measurement, or are determined.
    species : int or None
        Only those given this name, by its place in the study.
    most : int
        How many at most.
    """
    wanted = [recordings.c.study == study, *identified_between(since, until)]
    if version is not None:
        wanted.append(recordings.c.version == version)
    if species is not None:
        wanted += [identifications.c.species == species, identifications.c.possible != ""]
    slips = _determined()
    of_kind = {
        "unfit": identifications.c.possible == "",
        "unsure": identifications.c.possible.contains(" "),
        "gaps": identifications.c.used.contains("null"),
        "determined": slips,
    }
    if which != "all":
        wanted.append(of_kind[which])
    statement = (
        select_recorded(recordings, *(c for c in identifications.c if c.name != "recording"))
        .where(*wanted)
        .order_by(slips, recordings.c.id.desc(), identifications.c.row)
        .limit(most)
    )
    with database.read() as connection:
        return tuple(record_from_row(row) for row in connection.execute(statement))


def _determined() -> ColumnElement[bool]:
    return (
        select(1)
        .where(
            determinations.c.recording == identifications.c.recording,
            determinations.c.row == identifications.c.row,
            stands(),
        )
        .exists()
    )


def _newest(study: str, *also: ColumnElement[bool]) -> Subquery:
    """The newest `SEEN` plants of a study that nobody determined."""
    return (
        select_recorded(recordings, *(c for c in identifications.c if c.name != "recording"))
        .where(recordings.c.study == study, ~_determined(), *also)
        .order_by(recordings.c.id.desc(), identifications.c.row)
        .limit(SEEN)
        .subquery()
    )


def _telling(columns: Any, rare: Mapping[int, Sequence[int]]) -> ColumnElement[bool]:
    of_rare = [
        and_(columns.version == version, columns.species.in_(places)) for version, places in rare.items() if places
    ]
    return or_(columns.possible == "", columns.possible.like("% %"), *of_rare, false())
