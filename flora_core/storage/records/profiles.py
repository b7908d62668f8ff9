"""The profile of each day: written with the identifications it counts, in one transaction, and made again from them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Row, bindparam, func, insert, select, text, tuple_, update
from sqlalchemy.dialects import postgresql

from flora_core.monitoring.profiles.profile import (
    Bins,
    Profile,
    counts_of_rows,
    empty,
    from_document,
    merge,
    profile_of,
)
from flora_core.storage.database import Database
from flora_core.storage.schema import identifications, profiles, recordings

#: Plants and recordings read at once when profiles are made from records.
_PLANTS_AT_ONCE: Final = 20_000
_RECORDINGS_AT_ONCE: Final = 1_000

_KEY: Final = tuple(profiles.c[name] == bindparam(f"k_{name}") for name in ("study", "version", "day"))
_READ: Final = select(profiles.c.document).where(*_KEY)
_LOCK: Final = _READ.with_for_update()
_CHANGE: Final = update(profiles).where(*_KEY)


def day_of(moment: datetime) -> str:
    """The day of a moment in UTC, as profiles are kept by: "2026-06-03"."""
    return moment.astimezone(UTC).date().isoformat()


def add_to_day(connection: Connection, study: str, version: int, day: str, profile: Profile) -> None:
    """Add a profile to that of its day, inside the caller's transaction; two processes at once lose nothing.

    A writer of SQLite has the database to itself from its first statement on. On PostgreSQL the row is made where there is
    none, and locked: who comes second adds to what the first has written.
    """
    key = {"k_study": study, "k_version": version, "k_day": day}
    blank = {"study": study, "version": version, "day": day, "document": ""}
    if connection.dialect.name == "postgresql":
        connection.execute(postgresql.insert(profiles).on_conflict_do_nothing(), blank)
        before = connection.execute(_LOCK, key).scalar_one()
    else:
        found = connection.execute(_READ, key).scalar()
        if found is None:
            connection.execute(insert(profiles), blank)
        before = found or ""
    known = _read(profile.bins, before)
    if before and known is None:
        # Counted in other bins, by the program of another age: at the next need the whole day is counted again.
        document = ""
        connection.execute(_of_day(study, version, day).values(profiled=False))
    else:
        document = _written(profile if known is None else merge(known, profile))
    connection.execute(_CHANGE, {**key, "document": document})


def _of_day(study: str, version: int, day: str) -> Any:
    start = datetime.combine(datetime.fromisoformat(day), time(), tzinfo=UTC)
    return update(recordings).where(
        recordings.c.study == study,
        recordings.c.version == version,
        recordings.c.at >= start,
        recordings.c.at < start + timedelta(days=1),
    )


def _read(bins: Bins, document: str) -> Profile | None:
    """None where there is none, or one in other bins."""
    try:
        return from_document(bins, json.loads(document)) if document else None
    except ValueError:
        return None


def _written(profile: Profile) -> str:
    return json.dumps(profile.as_document(), separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """What one model version identified on one day (UTC): its profile's document, as JSON."""

    version: int
    day: str
    text: str

    @property
    def document(self) -> Mapping[str, Any]:
        """The document itself."""
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Complete recordings of a version that no profile counts yet."""

    version: int
    recordings: int
    plants: int


class Profiles:
    """The profiles of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def days(
        self, study: str, since: str | None = None, until: str | None = None, *, version: int | None = None
    ) -> tuple[StoredProfile, ...]:
        """The profiles of a study, oldest first; reads one row a version and day, however many plants those had.

        Parameters
        ----------
        since, until : str, optional
            The first day, and the day after the last one.
        """
        conditions = [profiles.c.study == study, profiles.c.document != ""]
        if since is not None:
            conditions.append(profiles.c.day >= since)
        if until is not None:
            conditions.append(profiles.c.day < until)
        if version is not None:
            conditions.append(profiles.c.version == version)
        statement = (
            select(profiles.c.version, profiles.c.day, profiles.c.document)
            .where(*conditions)
            .order_by(profiles.c.day, profiles.c.version)
        )
        with self._database.read() as connection:
            return tuple(StoredProfile(row.version, row.day, row.document) for row in connection.execute(statement))

    def uncounted(self, study: str) -> tuple[Uncounted, ...]:
        """The versions with recordings that no profile counts yet: those of an older program. None, as a rule."""
        statement = (
            select(recordings.c.version, func.count(), func.sum(recordings.c.plants))
            .where(recordings.c.study == study, ~recordings.c.profiled, recordings.c.complete)
            .group_by(recordings.c.version)
            .order_by(recordings.c.version)
        )
        with self._database.read() as connection:
            return tuple(Uncounted(v, n, int(plants)) for v, n, plants in connection.execute(statement))

    def catch_up(self, study: str, version: int, bins: Bins) -> int:
        """Count the recordings that no profile counts yet; how many plants those were.

        In steps, each of them all or nothing: who comes between loses nothing, and what is interrupted goes on at the next
        call. Two processes that catch up at once count every recording once.
        """
        plants = 0
        while some := self._some(study, version):
            counted = self._counted(some, bins)
            with self._database.write() as connection:
                mine = [row.id for row in some]
                claimed = connection.execute(
                    update(recordings).where(recordings.c.id.in_(mine), ~recordings.c.profiled).values(profiled=True)
                )
                if claimed.rowcount != len(mine):
                    # Another process counted some of them in the meantime: leave these, and look again.
                    connection.rollback()
                    continue
                for day, profile in counted.items():
                    add_to_day(connection, study, version, day, profile)
            plants += sum(profile.plants for profile in counted.values())
        return plants

    def forget(self, study: str, version: int) -> None:
        """Forget a version's profiles, so that they are counted from the records again."""
        own = (recordings.c.study == study, recordings.c.version == version)
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                # Who is just recording finishes first; who has not yet come to the profile waits and adds to a blank one.
                connection.execute(text("LOCK TABLE profiles IN SHARE ROW EXCLUSIVE MODE"))
            connection.execute(
                update(profiles).where(profiles.c.study == study, profiles.c.version == version).values(document="")
            )
            connection.execute(update(recordings).where(*own, recordings.c.complete).values(profiled=False))

    def recounted(self, study: str, version: int, bins: Bins) -> dict[str, Profile]:
        """What the profiles of a version would be, counted from the records: {day: profile}. Writes nothing."""
        found: dict[str, Profile] = {}
        last = 0
        while some := self._some(study, version, after=last, counted_too=True):
            for day, profile in self._counted(some, bins).items():
                found[day] = merge(found[day], profile) if day in found else profile
            last = some[-1].id
        return found

    def _some(self, study: str, version: int, *, after: int = 0, counted_too: bool = False) -> list[Row[Any]]:
        """The next recordings, as many as are counted at once."""
        conditions = [recordings.c.study == study, recordings.c.version == version, recordings.c.complete]
        if not counted_too:
            conditions.append(~recordings.c.profiled)
        statement = (
            select(recordings.c.id, recordings.c.at, recordings.c.plants, recordings.c.refused, recordings.c.troubled)
            .where(*conditions, recordings.c.id > after)
            .order_by(recordings.c.id)
            .limit(_RECORDINGS_AT_ONCE)
        )
        with self._database.read() as connection:
            rows: list[Any] = list(connection.execute(statement))
        plants = np.cumsum([row.plants for row in rows])
        return rows[: max(1, int((plants <= _PLANTS_AT_ONCE).sum()))]

    def _counted(self, some: Sequence[Row[Any]], bins: Bins) -> dict[str, Profile]:
        """The profiles of the days of these recordings."""
        days = {row.id: day_of(row.at) for row in some}
        found = {day: empty(bins) for day in days.values()}
        for row in some:
            of_table = counts_of_rows(bins, row.plants + row.refused, row.refused, row.troubled)
            found[days[row.id]] = merge(found[days[row.id]], of_table)
        for part in self._plants(list(days)):
            by_day: dict[str, list[Row[Any]]] = defaultdict(list)
            for row in part:
                by_day[days[row.recording]].append(row)
            for day, rows in by_day.items():
                found[day] = merge(found[day], profile_of_rows(bins, rows))
        return found

    def _plants(self, keys: list[int]) -> Iterator[Sequence[Row[Any]]]:
        """The identifications of some recordings, a bounded number at a time."""
        c, last = identifications.c, (0, 0)
        columns = (c.recording, c.row, c.used, c.probabilities, c.species, c.possible)
        while True:
            statement = (
                select(*columns)
                .where(c.recording.in_(keys), tuple_(c.recording, c.row) > last)
                .order_by(c.recording, c.row)
                .limit(_PLANTS_AT_ONCE)
            )
            with self._database.read() as connection:
                rows: Any = connection.execute(statement).all()
            if rows:
                yield rows
            if len(rows) < _PLANTS_AT_ONCE:
                return
            last = (rows[-1].recording, rows[-1].row)
            keys = [key for key in keys if key >= last[0]]


def profile_of_rows(bins: Bins, rows: Sequence[Row[Any]]) -> Profile:
    """The profile of identifications as they stand in the database; rows of tables are not counted."""
    n = len(rows)
    # One list of lists: reading it is one call for all plants, and null becomes NaN.
    used, shares = (
        np.array(json.loads(f"[{','.join(texts)}]"), dtype=np.float64).reshape(n, -1)
        for texts in ([row.used for row in rows], [row.probabilities for row in rows])
    )
    species = np.array([row.species for row in rows], dtype=np.int64)
    fits = np.array([row.possible != "" for row in rows], dtype=bool)
    return profile_of(bins, used, species, shares, fits, rows=0)
