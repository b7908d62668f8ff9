"""Checklists of accepted names, kept with their studies."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import insert, select

from flora_core.storage.database import Database
from flora_core.storage.schema import checklists
from flora_core.tables.names.checklist import Checklist, pack_names, unpack_names


class Checklists:
    """The checklist of each study; the newest counts, the earlier ones are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, study: str, checklist: Checklist, by: str) -> None:
        """Keep a checklist with a study; one transaction.

        Raises
        ------
        DatabaseUnavailable
        """
        with self._database.write() as connection:
            connection.execute(
                insert(checklists).values(
                    study=study,
                    source=checklist.source,
                    sha256=checklist.sha256,
                    gathers=checklist.gathers,
                    names=len(checklist.names),
                    content=pack_names(checklist.names),
                    added_at=datetime.now(UTC),
                    added_by=by,
                )
            )

    def of(self, study: str) -> Checklist | None:
        """The checklist of a study, or None."""
        newest = (
            select(checklists.c.id, checklists.c.source, checklists.c.sha256, checklists.c.gathers)
            .where(checklists.c.study == study)
            .order_by(checklists.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(newest).first()
        if row is None:
            return None
        return _kept(self._database, row.id, row.source, row.sha256, row.gathers)


@lru_cache(maxsize=8)
def _kept(database: Database, number: int, source: str, sha256: str, gathers: bool) -> Checklist:
    """A kept checklist never changes, so it is unpacked once."""
    with database.read() as connection:
        content = connection.execute(select(checklists.c.content).where(checklists.c.id == number)).scalar_one()
    return Checklist(source, sha256, unpack_names(content), gathers)
