"""Sums over the records of each study, for a monitoring system to read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from flora_core.storage.database import Database
from flora_core.storage.records.newest_slips import last_said, stands
from flora_core.storage.schema import determinations, events, identifications, recordings, studies


class RecordStatistics:
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

    def issues(self) -> dict[str, tuple[int, int]]:
        """Rows that had any issue, and of them those that could not be identified, of each study that has any recordings."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(recordings.c.study, func.sum(recordings.c.troubled), func.sum(recordings.c.refused))
                .join(studies, studies.c.name == recordings.c.study)
                .where(recordings.c.complete, ~studies.c.simulated)
                .group_by(recordings.c.study)
            )
            return {study: (int(troubled), int(refused)) for study, troubled, refused in rows}

    def champion_since(self) -> dict[str, datetime]:
        """When the newest champion of each study was promoted or restored."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(events.c.study, func.max(events.c.at).label("at"))
                .join(studies, studies.c.name == events.c.study)
                .where(events.c.kind.in_(("promoted", "rolled back")), ~studies.c.simulated)
                .group_by(events.c.study)
            )
            return {row.study: row.at for row in rows}

    def simulated(self, study: str) -> bool:
        """Whether a study is a demonstration."""
        with self._database.read() as connection:
            return bool(connection.execute(select(studies.c.simulated).where(studies.c.name == study)).scalar())

    def determined(self) -> dict[str, int]:
        """Plants that a person determined, of each real study that has any."""
        plants = (
            select(recordings.c.study, determinations.c.recording, determinations.c.row)
            .join(recordings, recordings.c.id == determinations.c.recording)
            .where(stands())
            .distinct()
            .subquery()
        )
        with self._database.read() as connection:
            rows = connection.execute(
                select(plants.c.study, func.count())
                .join(studies, studies.c.name == plants.c.study)
                .where(~studies.c.simulated)
                .group_by(plants.c.study)
            )
            return {study: int(count) for study, count in rows}

    def by_day(self, study: str, since: datetime) -> dict[str, int]:
        """Plants recorded on each day (UTC, "2026-06-03") since a moment; days without any are left out."""
        day = self._day(recordings.c.at)
        with self._database.read() as connection:
            rows = connection.execute(
                select(day.label("day"), func.sum(recordings.c.plants).label("plants"))
                .where(recordings.c.study == study, recordings.c.complete, recordings.c.at >= since)
                .group_by(day)
            )
            return {row.day: int(row.plants) for row in rows}

    def pending_jobs(self, study: str, since: datetime) -> int:
        """Plants since a moment that could be several species, or fit none, and that nobody has determined.

        The unsure plants of a recording are counted when it is made: what this costs grows with the recordings and the
        determinations since then, not with the plants.
        """
        of_study = (recordings.c.study == study, recordings.c.complete, recordings.c.at >= since)
        unsure = select(func.coalesce(func.sum(recordings.c.unsure), 0)).where(*of_study)
        determined = (
            select(determinations.c.recording, determinations.c.row)
            .join(recordings, recordings.c.id == determinations.c.recording)
            .where(*of_study, recordings.c.unsure > 0, stands())
            .distinct()
            .subquery()
        )
        settled = (
            select(func.count())
            .select_from(determined)
            .join(
                identifications,
                and_(identifications.c.recording == determined.c.recording, identifications.c.row == determined.c.row),
            )
            .where(or_(identifications.c.possible == "", identifications.c.possible.contains(" ")))
        )
        with self._database.read() as connection:
            return int(connection.execute(unsure).scalar_one()) - int(connection.execute(settled).scalar_one())

    def state(self, study: str) -> tuple[int, int, int]:
        """Three numbers that change whenever something is recorded, determined, or happens to a version of a study."""
        with self._database.read() as connection:
            newest = (
                select(func.max(recordings.c.id)).where(recordings.c.study == study, recordings.c.complete),
                select(last_said()),
                select(func.max(events.c.id)).where(events.c.study == study),
            )
            recorded, determined, happened = (connection.execute(one).scalar() or 0 for one in newest)
            return int(recorded), int(determined), int(happened)

    def _day(self, moment: ColumnElement[datetime]) -> ColumnElement[str]:
        if self._database.is_sqlite:
            return func.strftime("%Y-%m-%d", moment)
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")
