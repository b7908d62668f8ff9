"""Recorded identifications: as typed, as used, unit, version, time, who. Only ever added."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from sqlalchemy import Row, insert, select

from flora_core.errors import Unknown
from flora_core.storage.database import Database
from flora_core.storage.tables import identifications, recordings

Door = Literal["page", "command", "api"]

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
    """

    row: int
    catalogue_number: str
    used: tuple[float | None, ...]
    typed: tuple[str, ...]
    probabilities: tuple[float, ...]
    species: int
    possible: tuple[int, ...]
    misfit: float


@dataclass(frozen=True, slots=True)
class Recording:
    """What the plants of one act of recording share."""

    token: str
    study: str
    version: int
    at: datetime
    by: str
    door: Door
    unit: str
    source: str
    source_sha256: str
    plants: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """One identification as it was recorded."""

    recording: Recording
    plant: Plant

    @property
    def id(self) -> str:
        """Its identifier, for people and programs: "k7f3q2mh4p-1"."""
        return f"{self.recording.token}-{self.plant.row}"


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
        door: Door,
        unit: str,
        plants: Sequence[Plant],
        source: str = "",
        source_sha256: str = "",
    ) -> tuple[str, ...]:
        """Record identified plants; one transaction, all or nothing.

        Returns
        -------
        tuple of str
            The identifier of each plant.

        Raises
        ------
        DatabaseUnavailable
            Nothing was recorded.
        """
        token = "".join(secrets.choice(_LETTERS) for _ in range(10))
        with self._database.write() as connection:
            key = connection.execute(
                insert(recordings).values(
                    token=token,
                    study=study,
                    version=version,
                    at=datetime.now(UTC),
                    by=by,
                    door=door,
                    unit=unit,
                    source=source,
                    source_sha256=source_sha256,
                    plants=len(plants),
                )
            ).inserted_primary_key
            assert key is not None  # noqa: S101  an insert of one row always has one
            connection.execute(insert(identifications), [_as_row(key[0], plant) for plant in plants])
        return tuple(f"{token}-{plant.row}" for plant in plants)

    def get(self, identifier: str) -> Recorded:
        """The identification of that identifier.

        Raises
        ------
        Unknown
            There is none.
        """
        token, _, row = identifier.strip().lower().rpartition("-")
        if token and row.isdecimal() and len(row) < 10:
            with self._database.read() as connection:
                found = connection.execute(
                    select(recordings, identifications)
                    .join(identifications, identifications.c.recording == recordings.c.id)
                    .where(recordings.c.token == token, identifications.c.row == int(row))
                ).first()
            if found is not None:
                return _recorded(found)
        raise Unknown(f"There is no identification '{identifier}'. Its identifier looks like k7f3q2mh4p-1.")

    def newest(self, study: str, count: int = 20) -> tuple[Recorded, ...]:
        """The newest identifications of a study, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(recordings, identifications)
                .join(identifications, identifications.c.recording == recordings.c.id)
                .where(recordings.c.study == study)
                .order_by(recordings.c.id.desc(), identifications.c.row)
                .limit(count)
            ).all()
        return tuple(_recorded(row) for row in rows)


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
    }


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)


def _recorded(row: Row[tuple[object, ...]]) -> Recorded:
    used = tuple(None if value is None else float(value) for value in json.loads(row.used))
    typed = tuple(json.loads(row.typed)) if row.typed else tuple("" if v is None else repr(v) for v in used)
    return Recorded(
        Recording(
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
        ),
        Plant(
            row=row.row,
            catalogue_number=row.catalogue_number or "",
            used=used,
            typed=typed,
            probabilities=tuple(float(p) for p in json.loads(row.probabilities)),
            species=row.species,
            possible=tuple(int(j) for j in row.possible.split()),
            misfit=row.misfit,
        ),
    )
