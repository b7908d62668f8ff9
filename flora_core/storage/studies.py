"""Studies and their training tables: every table that was ever trained on is kept, with its checksum."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, func, insert, select, update

from flora_core.errors import Conflict, DatabaseUnavailable, Unknown
from flora_core.model import TrainingPlants, TrainingTable, state_columns
from flora_core.storage.database import Database
from flora_core.storage.schema import events, studies, training_tables
from flora_core.study import Study

_SPECIES: Final = "species"
_GROUP: Final = "group"
_ID: Final = "id"

#: All studies, each with the version of the newest event that made one the champion (`registry.Registry.champion_version`).
_LISTED: Final = select(
    studies.c.name,
    studies.c.document,
    studies.c.simulated,
    select(events.c.version)
    .where(events.c.study == studies.c.name, events.c.kind.in_(("promoted", "rolled back")))
    .order_by(events.c.id.desc())
    .limit(1)
    .scalar_subquery()
    .label("champion"),
).order_by(studies.c.created_at)


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A training table as it is listed: its number, checksums, plants (of each species too; {} in old databases), origin."""

    number: int
    sha256: str
    plants: int
    counts: dict[str, int]
    source: str
    source_sha256: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class ListedStudy:
    """A study as it stands in a list.

    Attributes
    ----------
    name, title : str
    simulated : bool
        Whether it is a demonstration study.
    champion : int or None
        The version that identifies its plants; None where there is none.
    """

    name: str
    title: str
    simulated: bool
    champion: int | None


@lru_cache(maxsize=256)
def _title(document: str) -> str:
    """The title in a study's document; it is asked for again with every rerun of a page."""
    return str(json.loads(document)["title"])


class Studies:
    """All studies of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> tuple[str, ...]:
        """The studies' names, in order of creation."""
        with self._database.read() as connection:
            return tuple(connection.execute(select(studies.c.name).order_by(studies.c.created_at)).scalars())

    def titles(self) -> dict[str, str]:
        """{name: title} of all studies, in order of creation."""
        with self._database.read() as connection:
            rows = connection.execute(select(studies.c.name, studies.c.document).order_by(studies.c.created_at)).all()
        return {row.name: _title(row.document) for row in rows}

    def listed(self) -> tuple[ListedStudy, ...]:
        """All studies in order of creation, each with its champion; one query."""
        with self._database.read() as connection:
            return tuple(
                ListedStudy(row.name, _title(row.document), bool(row.simulated), row.champion)
                for row in connection.execute(_LISTED)
            )

    def get(self, name: str) -> Study:
        """A study by its name.

        Raises
        ------
        Unknown
            There is none; the message lists those there are.
        """
        with self._database.read() as connection:
            document = connection.execute(select(studies.c.document).where(studies.c.name == name)).scalar()
        if document is None:
            raise Unknown(f"There is no study '{name}'. There are: {', '.join(self.names()) or 'none yet'}.")
        return Study.model_validate_json(document)

    def is_simulated(self, name: str) -> bool:
        """Whether it is a demonstration study, whose records may be removed; False where there is none of that name."""
        with self._database.read() as connection:
            return bool(connection.execute(select(studies.c.simulated).where(studies.c.name == name)).scalar())

    def add(
        self, study: Study, plants: TrainingPlants, by: str, *, simulated: bool = False, source_sha256: str = ""
    ) -> None:
        """Add a study with its first training table; one transaction.

        Parameters
        ----------
        source_sha256 : str
            Of the file the plants came from, so that the same file is known again.

        Raises
        ------
        Conflict
            A study of that name exists.
        """
        now = datetime.now(UTC)
        with self._database.write() as connection:
            if connection.execute(select(studies.c.name).where(studies.c.name == study.name)).scalar():
                raise Conflict(f"There is a study '{study.name}' already; choose another name.")
            connection.execute(
                insert(studies).values(
                    name=study.name,
                    document=study.model_dump_json(),
                    simulated=simulated,
                    created_at=now,
                    created_by=by,
                )
            )
            connection.execute(insert(training_tables).values(_table_row(study, plants, 1, by, now, source_sha256)))

    def add_table(self, study: Study, plants: TrainingPlants, by: str, *, after: int, source_sha256: str = "") -> int:
        """Add a training table in which a study has grown, and the study as it is now; one transaction.

        Earlier tables stay as they are, each with the study as it was: what was trained on them can be repeated.

        Parameters
        ----------
        study : Study
            As it is from now on: the same name and measurements, and at least the species there were.
        plants : TrainingPlants
            All plants, those of earlier tables too.
        after : int
            The number of the table that the plants were added to.

        Returns
        -------
        int
            The table's number.

        Raises
        ------
        Conflict
            Somebody else added plants in the meantime.
        Unknown
            There is no such study.
        """
        now = datetime.now(UTC)
        with self._database.write() as connection:
            newest = connection.execute(
                select(func.max(training_tables.c.number)).where(training_tables.c.study == study.name)
            ).scalar()
            if newest is None:
                raise Unknown(f"There is no study '{study.name}'.")
            if newest != after:
                raise Conflict(
                    f"Somebody added plants to {study.name} in the meantime. Read the file again, then add them."
                )
            connection.execute(
                update(studies).where(studies.c.name == study.name).values(document=study.model_dump_json())
            )
            row = _table_row(study, plants, after + 1, by, now, source_sha256)
            connection.execute(insert(training_tables).values(row))
        return after + 1

    def tables(self, name: str) -> tuple[KeptTable, ...]:
        """The training tables of a study, oldest first; their plants are not read."""
        t = training_tables.c
        with self._database.read() as connection:
            rows = connection.execute(
                select(t.number, t.sha256, t.plants, t.source, t.source_sha256, t.counts, t.added_at, t.added_by)
                .where(t.study == name)
                .order_by(t.number)
            ).all()
        return tuple(
            KeptTable(
                r.number, r.sha256, r.plants, json.loads(r.counts), r.source, r.source_sha256, r.added_at, r.added_by
            )
            for r in rows
        )

    def plants(self, study: Study, number: int | None = None) -> TrainingPlants:
        """A training table of a study, the newest where no number is given.

        Parameters
        ----------
        study : Study
            As it is now; an older table is read with the study as it was then, see `as_of`.

        Raises
        ------
        Unknown
            It has none, or none of that number.
        DatabaseUnavailable
            The table is not what was stored.
        """
        row = self._row(study.name, number)
        if number is not None and row.document:
            study = Study.model_validate_json(row.document)
        return _from_row(study, row)

    def as_of(self, name: str, number: int) -> Study:
        """The study as it was with that training table.

        Raises
        ------
        Unknown
            There is no such table.
        """
        row = self._row(name, number)
        return Study.model_validate_json(row.document) if row.document else self.get(name)

    def _row(self, name: str, number: int | None) -> Row[Any]:
        newest = select(func.max(training_tables.c.number)).where(training_tables.c.study == name)
        with self._database.read() as connection:
            row = connection.execute(
                select(training_tables).where(
                    training_tables.c.study == name,
                    training_tables.c.number == (newest.scalar_subquery() if number is None else number),
                )
            ).first()
        if row is None:
            which = "no training table" if number is None else f"no training table {number}"
            raise Unknown(f"The study {name} has {which}.")
        return row


def _table_row(
    study: Study, plants: TrainingPlants, number: int, by: str, now: datetime, source_sha256: str
) -> dict[str, Any]:
    content = _as_csv(study, plants)
    counts = np.bincount(plants.species, minlength=len(study.species))
    return {
        "study": study.name,
        "number": number,
        "sha256": hashlib.sha256(content).hexdigest(),
        "plants": len(plants.species),
        "counts": json.dumps(dict(zip(study.species_names, counts.tolist(), strict=True)), ensure_ascii=False),
        "document": study.model_dump_json(),
        "source": plants.table.source,
        "source_sha256": source_sha256,
        "content": zlib.compress(content),
        "added_at": now,
        "added_by": by,
    }


def _as_csv(study: Study, plants: TrainingPlants) -> bytes:
    """The table as CSV: species, catalogue number and group where there are any, then the measurements in full precision."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    about = {_ID: plants.ids, _GROUP: plants.groups}
    known = {name: column.tolist() for name, column in about.items() if column is not None}
    writer.writerow([_SPECIES, *known, *study.names])
    for i, (j, row) in enumerate(zip(plants.species, plants.values.tolist(), strict=True)):
        cells = ["" if math.isnan(value) else repr(value) for value in row]
        writer.writerow([study.species_names[j], *(column[i] for column in known.values()), *cells])
    return stream.getvalue().encode()


def _from_row(study: Study, row: Row[Any]) -> TrainingPlants:
    try:
        content = zlib.decompress(row.content)
    except zlib.error:
        content = b""
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise DatabaseUnavailable(
            f"Training table {row.number} of {row.study} is not what was stored: its checksum differs. Restore the database "
            "from a backup (docs/operations.md)."
        )
    reader = csv.reader(io.StringIO(content.decode()))
    header = next(reader)
    rows = list(reader)
    index = {name: j for j, name in enumerate(study.species_names)}
    species = np.array([index[cells[0]] for cells in rows], dtype=np.int64)
    # A measurement may be called "group" too: what stands before the measurements is told by its place.
    first = len(header) - len(study.measurements)
    about = {name: np.array([cells[j] for cells in rows], dtype=str) for j, name in enumerate(header[:first])}
    values = np.array([[float(cell) if cell else math.nan for cell in cells[first:]] for cells in rows])
    counts = np.bincount(species, minlength=len(index))
    return TrainingPlants(
        values=values,
        species=species,
        groups=about.get(_GROUP),
        ids=about.get(_ID),
        states=state_columns(study),
        table=TrainingTable(
            source=row.source,
            sha256=row.sha256,
            rows=len(species),
            plants={name: int(count) for name, count in zip(study.species_names, counts, strict=True)},
            missing_cells=int(np.isnan(values).sum()),
        ),
    )
