"""Verdicts that were announced, or are to be: each change once, whoever notices it, and again until somebody heard it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, or_, select, update

from flora_core.storage.database import Database
from flora_core.storage.schema import announcements

#: After this long another process may take up an announcement whose sender was killed.
CLAIM: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One change of a study's verdict.

    Attributes
    ----------
    id : int
    study, verdict, sentence : str
    before : str
        The verdict it changed from; "" for the first there is.
    at : datetime
    delivered_at : datetime or None
        None: nobody was told yet.
    """

    id: int
    study: str
    verdict: str
    sentence: str
    before: str
    at: datetime
    delivered_at: datetime | None


class AlertOutbox:
    """The announcements of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, study: str, verdict: str, sentence: str, quiet: tuple[str, ...] = ("green",)) -> Announcement:
        """Keep a verdict where it differs from the newest that was kept; one transaction.

        Parameters
        ----------
        quiet : tuple of str
            Verdicts that, as the very first of a study, need no announcement: they are kept as delivered.

        Returns
        -------
        Announcement
            The newest there is now.
        """
        with self._database.write() as connection:
            newest = _newest(connection, study)
            if newest is not None and newest.verdict == verdict:
                return newest
            now = datetime.now(UTC)
            connection.execute(
                insert(announcements).values(
                    study=study,
                    verdict=verdict,
                    sentence=sentence,
                    before="" if newest is None else newest.verdict,
                    at=now,
                    delivered_at=now if newest is None and verdict in quiet else None,
                )
            )
            written = _newest(connection, study)
            assert written is not None  # noqa: S101  it was inserted above
            return written

    def newest(self, study: str) -> Announcement | None:
        """The newest of a study, or None."""
        with self._database.read() as connection:
            return _newest(connection, study)

    def claim(self, announcement: Announcement) -> bool:
        """Whether the caller may deliver it now; of several who ask at once one may. One transaction."""
        now = datetime.now(UTC)
        free = or_(announcements.c.claimed_at.is_(None), announcements.c.claimed_at < now - CLAIM)
        with self._database.write() as connection:
            done = connection.execute(
                update(announcements)
                .where(announcements.c.id == announcement.id, announcements.c.delivered_at.is_(None), free)
                .values(claimed_at=now)
            )
            return done.rowcount == 1

    def delivered(self, announcement: Announcement, success: bool) -> None:
        """Say how the delivery went: done for ever, or free to be tried again."""
        change: dict[str, datetime | None] = {"delivered_at": datetime.now(UTC)} if success else {"claimed_at": None}
        with self._database.write() as connection:
            connection.execute(update(announcements).where(announcements.c.id == announcement.id).values(**change))


def _newest(connection: Connection, study: str) -> Announcement | None:
    row = connection.execute(
        select(announcements).where(announcements.c.study == study).order_by(announcements.c.id.desc()).limit(1)
    ).first()
    if row is None:
        return None
    return Announcement(row.id, row.study, row.verdict, row.sentence, row.before, row.at, row.delivered_at)
