"""Sums over the records of each study, for a monitoring system to read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from flora_core.storage.database import Database
from flora_core.storage.tables import events, recordings, studies


class Figures:
    """Reads only; one query a figure, whatever the number of studies. Simulated studies are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def studies(self) -> tuple[str, ...]:
        """The names of the studies that are not simulated, oldest first."""
        with self._database.read() as connection:
            return tuple(
                connection.execute(
                    select(studies.c.name).where(~studies.c.simulated).order_by(studies.c.created_at)
                ).scalars()
            )

    def identified(self) -> dict[str, int]:
        """Plants identified and recorded, of each study that has any."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(recordings.c.study, func.sum(recordings.c.plants))
                .join(studies, studies.c.name == recordings.c.study)
                .where(recordings.c.complete, ~studies.c.simulated)
                .group_by(recordings.c.study)
            )
            return {study: int(plants) for study, plants in rows}

    def crowned(self) -> dict[str, datetime]:
        """When the newest champion of each study was promoted or restored."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(events.c.study, func.max(events.c.at).label("at"))
                .join(studies, studies.c.name == events.c.study)
                .where(events.c.kind.in_(("promoted", "rolled back")), ~studies.c.simulated)
                .group_by(events.c.study)
            )
            return {row.study: row.at for row in rows}
