"""Recorded identifications: as typed, as used, unit, version, time, who. Only ever added."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import numpy as np
from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select, tuple_

from flora_core.errors import Unknown
from flora_core.monitoring.profiles.profile import Bins, Profile, profile_of
from flora_core.storage.database import Database
from flora_core.storage.records.profiles import add_to_day, day_of
from flora_core.storage.records.recording_in_parts import Recorder, delete_unfinished
from flora_core.storage.schema import identifications, recordings

Channel = Literal["page", "command", "api"]

#: Letters that are not taken for each other when read aloud or copied by hand.
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Plant:
    """One identified plant, ready to be recorded or read back.

    Attributes
    ----------
    row : int
        Its row in the table it came from, 1 for a single plant.
    catalogue_number : str
        "" where it has none; always text.
    used : tuple of float or None
        The measurements in the study's order and units; None where not measured.
    typed : tuple of str
        As typed, in the recording's unit.
    probabilities : tuple of float
        In the order of the model's species.
    species : int
        The likeliest species.
    possible : tuple of int
        The prediction set, likeliest first; empty where the plant fits no species.
    misfit : float
        Distance to the nearest species over its limit; above 1 it fits none.
    collector, site : str
        Who gathered it and where, as its row says; "" where the recording says it for all its plants.
    """

    row: int
    catalogue_number: str
    used: tuple[float | None, ...]
    typed: tuple[str, ...]
    probabilities: tuple[float, ...]
    species: int
    possible: tuple[int, ...]
    misfit: float
    collector: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the plants of one act of recording share."""

    token: str
    study: str
    version: int
    at: datetime
    by: str
    door: Channel
    unit: str
    source: str
    source_sha256: str
    plants: int
    recipe: str = ""
    collector: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class IdentificationRecord:
    """One identification as it was recorded."""

    recording: Recording
    plant: Plant

    @property
    def collector(self) -> str:
        """Who gathered the plant; "" where nobody said."""
        return self.plant.collector or self.recording.collector

    @property
    def site(self) -> str:
        """Where it was gathered; "" where nobody said."""
        return self.plant.site or self.recording.site

    @property
    def id(self) -> str:
        """Its identifier, for people and programs: "k7f3q2mh4p-1"."""
        return f"{self.recording.token}-{self.plant.row}"


#: Identifiers or numbers looked up by one statement.
_LOOKED_UP: Final = 1_000


class Records:
    """The identifications of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        *,
        study: str,
        version: int,
        by: str,
        door: Channel,
        unit: str,
        plants: Sequence[Plant],
        source: str = "",
        source_sha256: str = "",
        collector: str = "",
        site: str = "",
        at: datetime | None = None,
        bins: Bins | None = None,
        owner: str = "",
        shadow_version: int | None = None,
        shadow: Sequence[tuple[int, float]] = (),
    ) -> tuple[str, ...]:
        """Record identified plants; one transaction, all or nothing.

        Parameters
        ----------
        collector, site : str
            Who gathered the plants and where, where that is known.
        at : datetime, optional
            When they were identified; now, except where a past season is brought in.
        bins : Bins, optional
            The model's, in which the profile of the day counts; where they are left out, the plants are counted at the
            next need.
        owner : str
            The identity of who records, who may read it again.
        shadow_version : int, optional
            The challenger that was asked beside the version.
        shadow : sequence of (int, float)
            What it would have said of each plant: the place of a species, -1 where none fits; and how sure it would be.

        Returns
        -------
        tuple of str
            The identifier of each plant.

        Raises
        ------
        DatabaseUnavailable
            Nothing was recorded.
        """
        token, moment = _new_token(), at or datetime.now(UTC)
        with self._database.write() as connection:
            key = _insert_recording(
                connection,
                token=token,
                study=study,
                version=version,
                at=moment,
                by=by,
                door=door,
                unit=unit,
                source=source,
                source_sha256=source_sha256,
                plants=len(plants),
                collector=collector,
                site=site,
                profiled=bins is not None,
                unsure=sum(len(plant.possible) != 1 for plant in plants),
                shadow_version=shadow_version,
                owner=owner,
            )
            rows = [_as_row(key, plant) for plant in plants]
            for row, (species, probability) in zip(rows, shadow, strict=False):
                row |= {"shadow_species": species, "shadow_probability": probability}
            connection.execute(insert(identifications), rows)
            if bins is not None:
                add_to_day(connection, study, version, day_of(moment), _profile_of(bins, plants))
        return tuple(f"{token}-{plant.row}" for plant in plants)

    def begin(
        self,
        *,
        study: str,
        version: int,
        by: str,
        door: Channel,
        source: str,
        source_sha256: str,
        recipe: str,
        collector: str = "",
        site: str = "",
        at: datetime | None = None,
        bins: Bins | None = None,
        owner: str = "",
        shadow_version: int | None = None,
    ) -> Recorder:
        """Begin to record a table; writes one row, which does not count yet. Parameters as for `record`.

        Raises
        ------
        DatabaseUnavailable
        """
        token, now = _new_token(), datetime.now(UTC)
        with self._database.write() as connection:
            key = _insert_recording(
                connection,
                token=token,
                study=study,
                version=version,
                # Until it is finished this says when it was begun, whatever day it is of: see `sweep`.
                at=now,
                by=by,
                door=door,
                unit="",
                source=source,
                source_sha256=source_sha256,
                plants=0,
                complete=False,
                recipe=recipe,
                collector=collector,
                site=site,
                shadow_version=shadow_version,
                owner=owner,
            )
        return Recorder(self._database, key, token, at or now, bins)

    def find_by_checksum(self, study: str, source_sha256: str) -> tuple[Recording, ...]:
        """The recordings of a file, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(recordings)
                .where(recordings.c.study == study, recordings.c.source_sha256 == source_sha256, recordings.c.complete)
                .order_by(recordings.c.id.desc())
            )
            return tuple(_recording(row) for row in rows)

    def sweep(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Delete what processes that were killed in the middle of a table left behind; how many recordings that was."""
        before = datetime.now(UTC) - older_than
        with self._database.read() as connection:
            left = (
                connection.execute(select(recordings.c.id).where(~recordings.c.complete, recordings.c.at < before))
                .scalars()
                .all()
            )
        for key in left:
            delete_unfinished(self._database, key)
        return len(left)

    def get(self, identifier: str, owner: str | None = None) -> IdentificationRecord:
        """The identification of that identifier.

        Parameters
        ----------
        owner : str, optional
            Only where this one recorded it.

        Raises
        ------
        Unknown
            There is none.
        """
        place = parse_identifier(identifier)
        if place is not None:
            with self._database.read() as connection:
                found = connection.execute(
                    select_recorded(recordings, identifications).where(
                        recordings.c.token == place[0], identifications.c.row == place[1], *owned_by(owner)
                    )
                ).first()
            if found is not None:
                return record_from_row(found)
        raise no_identification(identifier)

    def studies_of(self, identifiers: Iterable[str], owner: str | None = None) -> dict[str, str]:
        """The study of each identification that is there, and that this owner recorded: {identifier: study}."""
        wanted = [pair for pair in map(parse_identifier, identifiers) if pair]
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                rows = connection.execute(
                    select_recorded(recordings.c.token, identifications.c.row, recordings.c.study).where(
                        tuple_(recordings.c.token, identifications.c.row).in_(wanted[start : start + _LOOKED_UP]),
                        *owned_by(owner),
                    )
                )
                found.update((f"{row.token}-{row.row}", row.study) for row in rows)
        return found

    def find_by_catalogue_number(
        self, study: str, numbers: Iterable[str], owner: str | None = None
    ) -> dict[str, tuple[str, ...]]:
        """The identifiers of the plants that bear each of these numbers, oldest first; numbers that nobody bears are left out.

        Where an owner is given, of the plants that this one recorded. One look into an index for each number.
        """
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                rows = connection.execute(
                    select_recorded(recordings.c.token, identifications.c.row, identifications.c.catalogue_number)
                    .where(
                        recordings.c.study == study,
                        *owned_by(owner),
                        identifications.c.catalogue_number.in_(wanted[start : start + _LOOKED_UP]),
                    )
                    .order_by(recordings.c.id, identifications.c.row)
                )
                for row in rows:
                    found.setdefault(row.catalogue_number, []).append(f"{row.token}-{row.row}")
        return {number: tuple(identifiers) for number, identifiers in found.items()}

    def newest(self, study: str, count: int = 20) -> tuple[IdentificationRecord, ...]:
        """The newest identifications of a study, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select_recorded(recordings, identifications)
                .where(recordings.c.study == study)
                .order_by(recordings.c.id.desc(), identifications.c.row)
                .limit(count)
            ).all()
        return tuple(record_from_row(row) for row in rows)


def select_recorded(*columns: Any) -> Select[Any]:
    """Those columns of each identification that counts, joined with its recording."""
    joined = identifications.c.recording == recordings.c.id
    return select(*columns).select_from(recordings.join(identifications, joined)).where(recordings.c.complete)


def identified_between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """That a recording is of `since` or later, and of before `until`; nothing where neither is given."""
    start = [] if since is None else [recordings.c.at >= since]
    return start if until is None else [*start, recordings.c.at < until]


def owned_by(owner: str | None) -> tuple[ColumnElement[bool], ...]:
    """The condition that somebody recorded it; none where None."""
    return () if owner is None else (recordings.c.owner == owner,)


def parse_identifier(identifier: str) -> tuple[str, int] | None:
    """The recording's token and the row that an identifier is made of, as people copy it; None where it is none."""
    token, _, row = identifier.strip().lower().rpartition("-")
    if not token or not (row.isascii() and row.isdecimal() and len(row) < 10):
        return None
    return token, int(row)


def no_identification(identifier: str) -> Unknown:
    """What is said where an identifier is not there."""
    return Unknown(f"There is no identification '{identifier}'. Its identifier looks like k7f3q2mh4p-1.")


def _insert_recording(connection: Connection, **values: object) -> int:
    key = connection.execute(insert(recordings).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101  an insert of one row always has one
    return int(key[0])


def _as_row(recording: int, plant: Plant) -> dict[str, object]:
    same = plant.typed == tuple("" if value is None else repr(value) for value in plant.used)
    return {
        "recording": recording,
        "row": plant.row,
        "catalogue_number": plant.catalogue_number or None,
        "used": _json(plant.used),
        "typed": None if same else _json(plant.typed),
        "probabilities": _json(plant.probabilities),
        "species": plant.species,
        "possible": " ".join(map(str, plant.possible)),
        "misfit": plant.misfit,
        "own_collector": plant.collector or None,
        "own_site": plant.site or None,
    }


def _profile_of(bins: Bins, plants: Sequence[Plant]) -> Profile:
    used = [[np.nan if value is None else value for value in plant.used] for plant in plants]
    return profile_of(
        bins,
        np.array(used, dtype=np.float64),
        np.array([plant.species for plant in plants], dtype=np.int64),
        np.array([plant.probabilities for plant in plants], dtype=np.float64),
        np.array([bool(plant.possible) for plant in plants], dtype=bool),
    )


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)


def record_from_row(row: Row[Any]) -> IdentificationRecord:
    """The identification in a row of `recordings` joined with `identifications`."""
    used = tuple(None if value is None else float(value) for value in json.loads(row.used))
    typed = tuple(json.loads(row.typed)) if row.typed else tuple("" if v is None else repr(v) for v in used)
    return IdentificationRecord(
        _recording(row),
        Plant(
            row=row.row,
            catalogue_number=row.catalogue_number or "",
            used=used,
            typed=typed,
            probabilities=tuple(float(p) for p in json.loads(row.probabilities)),
            species=row.species,
            possible=tuple(int(j) for j in row.possible.split()),
            misfit=row.misfit,
            collector=row.own_collector or "",
            site=row.own_site or "",
        ),
    )


def _recording(row: Row[Any]) -> Recording:
    return Recording(
        row.token,
        row.study,
        row.version,
        row.at,
        row.by,
        row.door,
        row.unit,
        row.source,
        row.source_sha256,
        row.plants,
        row.recipe,
        row.collector,
        row.site,
    )


def _new_token() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(10))
