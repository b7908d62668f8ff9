"""Determinations: what persons say of identified specimens. Only ever added, as slips are glued beside older slips.

Who made a slip of the hand takes it back by a withdrawal, which is added too: the slip stays, and counts no more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from flora_core.determination import AT_RANDOM, AnswerKind, GivenName
from flora_core.storage.database import Database
from flora_core.storage.records.identifications import IdentificationRecord, identified_between, record_from_row
from flora_core.storage.records.newest_slips import having_slip_from, last_said, newest_slips, stands
from flora_core.storage.records.slip_places import keys_of, place_of, some_at_once, unused_fingerprint
from flora_core.storage.schema import determinations, identifications, recordings, withdrawals

#: Rows held at once while a study is gone through.
_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Slip:
    """One determination, ready to be added.

    Attributes
    ----------
    identification : str
        The identifier of the identification it is laid beside: "k7f3q2mh4p-1".
    given : GivenName
    by : str
        Who determined.
    at : str
        When: "2026-06-03", or "2026-06" or "2026" where no more is known. ISO 8601.
    level : int
        HISPID's verification level, 0 to 4.
    remark, verbatim : str
        What was written beside the name; and the name as it was typed.
    source, source_sha256 : str
        The file it came from, or "drawn at random" where chance chose the plant, or "".
    """

    identification: str
    given: GivenName
    by: str
    at: str
    level: int
    remark: str = ""
    verbatim: str = ""
    source: str = ""
    source_sha256: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for the same word of the same person: name, day, level and remark."""
        said = (
            self.given.answer,
            self.given.name,
            self.given.other,
            self.by.casefold(),
            self.at,
            self.level,
            self.remark,
        )
        return hashlib.sha256(repr(tuple(map(str, said))).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination(Slip):
    """A determination as it was added: its slip, when and by whom it was entered, and its place in that order."""

    entered_at: datetime
    entered_by: str
    number: int


@dataclass(frozen=True, slots=True)
class Determined:
    """An identification, the determination of it that counts, and whether chance chose the plant to be determined."""

    recorded: IdentificationRecord
    determination: Determination
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Certain:
    """A determined plant that was given a name: how sure the model was of it, and what it is.

    Attributes
    ----------
    version : int
    day : str
        When it was identified (UTC).
    species : int
        The likeliest species by that version: its place in the version's study.
    certainty : float
        The probability of that species.
    given : GivenName
        What the newest determination says.
    drawn : bool
        Whether chance chose the plant to be determined.
    """

    version: int
    day: str
    species: int
    certainty: float
    given: GivenName
    drawn: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How many plants that a version identified so on one day are determined so.

    Attributes
    ----------
    version : int
    day : str
        When they were identified (UTC): "2026-06-03".
    species : int
        The likeliest species by that version: its place in the version's study.
    fits : bool
        Whether they fitted any species; where not, the answer was "none of these".
    given : GivenName
        What the newest determinations say.
    plants : int
    """

    version: int
    day: str
    species: int
    fits: bool
    given: GivenName
    plants: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the recorded identifications are determined.

    `identified` counts identifications, `determined` those with a determination of the level asked for, `species` those
    whose newest one names a plain species.
    """

    identified: int
    determined: int
    species: int


class Determinations:
    """The determinations of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, slips: Sequence[Slip], *, entered_by: str, entered_at: datetime | None = None) -> tuple[int, ...]:
        """Lay slips beside their identifications; one transaction, all or nothing.

        Parameters
        ----------
        entered_at : datetime, optional
            Now, except where a past season is brought in.

        Returns
        -------
        tuple of int
            The number of each that was added; 0 where the same person had said the same already.

        Raises
        ------
        Unknown
            An identification is not there; nothing was added.
        DatabaseUnavailable
            Nothing was added.
        """
        moment = entered_at or datetime.now(UTC)
        added = []
        with self._database.write() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            statement = insert(determinations).on_conflict_do_nothing().returning(determinations.c.id)
            keys = keys_of(connection, [slip.identification for slip in slips])
            for slip in slips:
                recording, row = keys[place_of(slip.identification)]
                found = connection.execute(
                    statement,
                    {
                        "recording": recording,
                        "row": row,
                        "answer": slip.given.answer.value,
                        "name": slip.given.name,
                        "other": slip.given.other,
                        "verbatim": slip.verbatim,
                        "by": slip.by,
                        "at": slip.at,
                        "level": slip.level,
                        "remark": slip.remark,
                        "source": slip.source,
                        "source_sha256": slip.source_sha256,
                        "entered_at": moment,
                        "entered_by": entered_by,
                        "fingerprint": unused_fingerprint(connection, recording, row, slip.fingerprint),
                    },
                ).scalar()
                added.append(int(found or 0))
        return tuple(added)

    def withdraw(self, numbers: Iterable[int], *, by: str, entered_by: str = "") -> int:
        """Take determinations back: each keeps its row and counts no more. Returns how many were not taken back before.

        Parameters
        ----------
        entered_by : str
            Only those that this person entered; those of all where "".

        Raises
        ------
        DatabaseUnavailable
            Nothing was taken back.
        """
        own = select(determinations.c.id, determinations.c.recording).where(
            determinations.c.id.in_(list(numbers)), stands()
        )
        if entered_by:
            own = own.where(determinations.c.entered_by == entered_by)
        moment = datetime.now(UTC)
        with self._database.write() as connection:
            found = connection.execute(own).all()
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            for row in found:
                connection.execute(
                    insert(withdrawals).on_conflict_do_nothing(),
                    {"determination": row.id, "recording": row.recording, "at": moment, "by": by},
                )
        return len(found)

    def of(self, identification: str) -> tuple[Determination, ...]:
        """All determinations of one identification that stand, oldest first."""
        (found,) = self.of_each([identification]).values()
        return found

    def of_each(self, identified: Iterable[str]) -> dict[str, tuple[Determination, ...]]:
        """All determinations of each of these identifications that stand, oldest first; empty where there is none."""
        found: dict[str, list[Determination]] = {identifier.strip().lower(): [] for identifier in identified}
        with self._database.read() as connection:
            for pairs in some_at_once([place_of(identifier) for identifier in found]):
                rows = connection.execute(
                    select(recordings.c.token, *_SLIP)
                    .join(recordings, recordings.c.id == determinations.c.recording)
                    .where(tuple_(recordings.c.token, determinations.c.row).in_(pairs), stands())
                    .order_by(determinations.c.at, determinations.c.id)
                )
                for row in rows:
                    found[f"{row.token}-{row.d_row}"].append(_determination(row))
        return {identifier: tuple(slips) for identifier, slips in found.items()}

    def latest(
        self,
        study: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        version: int | None = None,
        level: int = 0,
        as_of: date | None = None,
    ) -> Iterator[Determined]:
        """Each determined plant with its newest determination, in the order they were recorded.

        Reads a few thousand at a time, so that memory does not grow with the study.

        Parameters
        ----------
        since, until : datetime, optional
            Of plants identified from `since` on and before `until`.
        version : int, optional
            Of plants identified by this model version only.
        level : int
            Determinations below this verification level are passed over.
        as_of : date, optional
            Determinations after this day are passed over: the study as it was known then.
        """
        last = (0, 0)
        (by_lot,) = having_slip_from(AT_RANDOM)
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    newest_slips(level, as_of, identifications, recordings, *_SLIP, by_lot.label("drawn"))
                    .where(*_identified(study, since, until, version))
                    .where(_after(last))
                    .order_by(determinations.c.recording, determinations.c.row)
                    .limit(_AT_ONCE)
                ).all()
            for row in rows:
                yield Determined(record_from_row(row), _determination(row), bool(row.drawn))
            if len(rows) < _AT_ONCE:
                return
            last = (rows[-1].d_recording, rows[-1].d_row)

    def tallies(
        self,
        study: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        version: int | None = None,
        level: int = 0,
        as_of: date | None = None,
        source: str = "",
    ) -> tuple[Tally, ...]:
        """The newest determinations of a study, counted by version, day, name given by the model and by the person.

        One query; what comes back does not grow with the plants but with the days.

        Parameters
        ----------
        source : str
            Of plants with a determination from this source only. The others as for `latest`.
        """
        counted = (
            recordings.c.version,
            self._day(recordings.c.at).label("day"),
            identifications.c.species,
            (identifications.c.possible != "").label("fits"),
            determinations.c.answer,
            determinations.c.name,
            determinations.c.other,
        )
        statement = (
            newest_slips(level, as_of, *counted, func.count().label("plants"))
            .where(*_identified(study, since, until, version), *having_slip_from(source))
            .group_by(*counted)
            .order_by(*counted)
        )
        with self._database.read() as connection:
            return tuple(
                Tally(
                    row.version,
                    row.day,
                    row.species,
                    row.fits,
                    given_name_of(row.answer, row.name, row.other),
                    row.plants,
                )
                for row in connection.execute(statement)
            )

    def newest_certainties(
        self, study: str, since: datetime, until: datetime, *, level: int = 0, as_of: date | None = None, most: int
    ) -> tuple[Certain, ...]:
        """How sure the names of the determined plants were that were identified last, newest first; none that fitted nothing.

        Parameters
        ----------
        most : int
            So many plants at most, so that the cost does not grow with what is kept.
        """
        (by_lot,) = having_slip_from(AT_RANDOM)
        columns = (
            recordings.c.version,
            self._day(recordings.c.at).label("day"),
            identifications.c.species,
            identifications.c.probabilities,
            determinations.c.answer,
            determinations.c.name,
            determinations.c.other,
            by_lot.label("drawn"),
        )
        statement = (
            newest_slips(level, as_of, *columns)
            .where(*_identified(study, since, until, None), identifications.c.possible != "")
            .order_by(determinations.c.recording.desc(), determinations.c.row.desc())
            .limit(most)
        )
        with self._database.read() as connection:
            return tuple(
                Certain(
                    r.version,
                    r.day,
                    r.species,
                    max(json.loads(r.probabilities)),
                    given_name_of(r.answer, r.name, r.other),
                    bool(r.drawn),
                )
                for r in connection.execute(statement)
            )

    def coverage(
        self,
        study: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        version: int | None = None,
        level: int = 0,
        as_of: date | None = None,
    ) -> Coverage:
        """How many of a study's identifications are determined; parameters as for `latest`."""
        identified = select(func.coalesce(func.sum(recordings.c.plants), 0)).where(
            *_identified(study, since, until, version)
        )
        of_plants = newest_slips(
            level, as_of, func.count(), func.count().filter(determinations.c.answer == AnswerKind.SPECIES.value)
        ).where(*_identified(study, since, until, version))
        with self._database.read() as connection:
            determined, species = connection.execute(of_plants).one()
            return Coverage(int(connection.execute(identified).scalar_one()), determined, species)

    def newest_number(self) -> int:
        """A number that grows with each determination and each withdrawal, of all studies; 0 where there is none."""
        with self._database.read() as connection:
            return int(connection.execute(select(last_said())).scalar_one())

    def newest_of(self, study: str, level: int = 0) -> int:
        """The number of the determination of a study that was entered last, at this level or above; 0 where there is none."""
        # The newest first: as a rule it is of the study, and nothing else is looked at.
        statement = (
            select(determinations.c.id)
            .join(recordings, recordings.c.id == determinations.c.recording)
            .where(recordings.c.study == study, determinations.c.level >= level)
            .order_by(determinations.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return int(connection.execute(statement).scalar() or 0)

    def of_source(self, study: str, source_sha256: str) -> int:
        """How many determinations of a study came from this file."""
        statement = (
            select(func.count())
            .select_from(determinations)
            .join(recordings, recordings.c.id == determinations.c.recording)
            .where(recordings.c.study == study, determinations.c.source_sha256 == source_sha256)
        )
        with self._database.read() as connection:
            return int(connection.execute(statement).scalar_one())

    def _day(self, moment: ColumnElement[datetime]) -> ColumnElement[str]:
        """The day of a moment in UTC, as text."""
        if self._database.is_sqlite:
            return func.strftime("%Y-%m-%d", moment)
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")


#: A determination's columns, under names that those of recordings and identifications don't have.
_SLIP: Final = tuple(column.label(f"d_{column.name}") for column in determinations.c)


def _identified(
    study: str, since: datetime | None, until: datetime | None, version: int | None
) -> list[ColumnElement[bool]]:
    conditions = [recordings.c.study == study, recordings.c.complete, *identified_between(since, until)]
    if version is not None:
        conditions.append(recordings.c.version == version)
    return conditions


def _after(last: tuple[int, int]) -> ColumnElement[bool]:
    return tuple_(determinations.c.recording, determinations.c.row) > last


def _determination(row: Row[Any]) -> Determination:
    return Determination(
        identification=f"{row.token}-{row.d_row}",
        given=given_name_of(row.d_answer, row.d_name, row.d_other),
        by=row.d_by,
        at=row.d_at,
        level=row.d_level,
        remark=row.d_remark,
        verbatim=row.d_verbatim,
        source=row.d_source,
        source_sha256=row.d_source_sha256,
        entered_at=row.d_entered_at,
        entered_by=row.d_entered_by,
        number=row.d_id,
    )


def given_name_of(answer: str, name: str, other: str) -> GivenName:
    return GivenName(AnswerKind(answer), name, other)
