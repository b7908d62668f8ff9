"""A table recorded a part at a time: it counts once it is finished, and what was written before that can be taken back."""

from __future__ import annotations

import contextlib
from datetime import datetime
from types import TracebackType
from typing import Final

from sqlalchemy import Connection, delete, select, update

from flora_core.errors import Conflict, DatabaseUnavailable
from flora_core.monitoring.profiles.profile import Bins, Profile, counts_of_rows, empty, merge
from flora_core.storage.database import Database
from flora_core.storage.records.bulk_insert import IdentificationColumns, count_unsure, insert_many
from flora_core.storage.records.profiles import add_to_day, day_of
from flora_core.storage.schema import identifications, recordings


class Recorder:
    """Records one table a part at a time, so that nobody else waits long; what it wrote counts once it is finished.

    Use as a context: left by an exception, what was written is taken back.
    """

    def __init__(self, database: Database, key: int, token: str, at: datetime, bins: Bins | None = None) -> None:
        self._database, self._key, self._at, self._plants, self._unsure = database, key, at, 0, 0
        self._profile = empty(bins) if bins else None
        self.token = token

    def add(self, rows: IdentificationColumns, profile: Profile | None = None) -> None:
        """Write some plants; one transaction.

        Parameters
        ----------
        profile : Profile, optional
            Theirs; where it is left out, the recording is counted at the next need.
        """
        with self._database.write() as connection:
            insert_many(connection, self._key, rows)
        self._plants += len(rows.row)
        self._unsure += count_unsure(rows.possible)
        self._profile = merge(self._profile, profile) if self._profile is not None and profile is not None else None

    def finish(self, *, again: bool = True, refused: int = 0, troubled: int = 0) -> None:
        """Let the recording count, all of it at once, and with it the profile of its day.

        Parameters
        ----------
        again : bool
            Whether it counts even where somebody else recorded the same file in the meantime.
        refused, troubled : int
            Rows of the table that could not be identified, and rows that had any issue.

        Raises
        ------
        Conflict
            Somebody else was quicker.
        """
        with self._database.write() as connection:
            if not again:
                self._refuse_second(connection)
            of_whom = connection.execute(
                update(recordings)
                .where(recordings.c.id == self._key)
                .values(
                    complete=True,
                    plants=self._plants,
                    at=self._at,
                    refused=refused,
                    troubled=troubled,
                    profiled=self._profile is not None,
                    unsure=self._unsure,
                )
                .returning(recordings.c.study, recordings.c.version)
            ).first()
            if self._profile is not None and of_whom is not None:
                of_table = counts_of_rows(self._profile.bins, self._plants + refused, refused, troubled)
                whole = merge(self._profile, of_table)
                add_to_day(connection, of_whom.study, of_whom.version, day_of(self._at), whole)

    def take_back(self) -> None:
        """Delete what was written of a recording that was not finished."""
        delete_unfinished(self._database, self._key)

    def _refuse_second(self, connection: Connection) -> None:
        mine = connection.execute(select(recordings).where(recordings.c.id == self._key)).one()
        other = connection.execute(
            select(recordings.c.by).where(
                recordings.c.study == mine.study,
                recordings.c.source_sha256 == mine.source_sha256,
                recordings.c.complete,
                recordings.c.plants > 0,
            )
        ).first()
        if other is not None:
            raise Conflict(f"{mine.source} was recorded by {other.by} just now; run it again to get its identifiers.")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            # If even this fails, the rows stay behind uncounted and are swept up at a later start.
            with contextlib.suppress(DatabaseUnavailable):
                self.take_back()


#: Rows deleted in one transaction, so that nobody waits long for a large recording to be taken back.
_DELETED_AT_ONCE: Final = 20_000


def delete_unfinished(database: Database, key: int) -> None:
    """Delete a recording that is not complete; one that is stays."""
    while True:
        with database.write() as connection:
            if connection.execute(select(recordings.c.complete).where(recordings.c.id == key)).scalar() is not False:
                return
            some = select(identifications.c.row).where(identifications.c.recording == key).limit(_DELETED_AT_ONCE)
            gone = connection.execute(
                delete(identifications).where(
                    identifications.c.recording == key, identifications.c.row.in_(some.scalar_subquery())
                )
            ).rowcount
            if gone < _DELETED_AT_ONCE:
                connection.execute(delete(recordings).where(recordings.c.id == key))
                return
