"""All identifications of a study, some thousands at a time, so that memory does not grow with the study."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import tuple_

from flora_core.storage.database import Database
from flora_core.storage.records.identifications import (
    IdentificationRecord,
    identified_between,
    record_from_row,
    select_recorded,
)
from flora_core.storage.schema import identifications, recordings

_AT_ONCE: Final = 2_000


def all_recorded(
    database: Database, study: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[list[IdentificationRecord]]:
    """The identifications of a study in the order they were recorded; reads only.

    Parameters
    ----------
    since, until : datetime, optional
        Of plants identified from `since` on and before `until`.
    """
    i = identifications.c
    last = (0, 0)
    while True:
        statement = (
            select_recorded(recordings, *identifications.c)
            .where(recordings.c.study == study, tuple_(i.recording, i.row) > last, *identified_between(since, until))
            .order_by(i.recording, i.row)
            .limit(_AT_ONCE)
        )
        with database.read() as connection:
            rows = connection.execute(statement).all()
        if rows:
            yield [record_from_row(row) for row in rows]
        if len(rows) < _AT_ONCE:
            return
        last = (rows[-1].recording, rows[-1].row)
