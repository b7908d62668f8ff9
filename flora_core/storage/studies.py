"""Studies and their training tables: every table that was ever trained on is kept, with its checksum."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import zlib
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, func, insert, select

from flora_core.errors import Conflict, Unknown
from flora_core.model import TrainingPlants, TrainingTable
from flora_core.storage.database import Database
from flora_core.storage.tables import studies, training_tables
from flora_core.study import Study

_SPECIES: Final = "species"
_GROUP: Final = "group"


class Studies:
    """All studies of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self) -> tuple[str, ...]:
        """The studies' names, in order of creation."""
        with self._database.read() as connection:
            return tuple(connection.execute(select(studies.c.name).order_by(studies.c.created_at)).scalars())

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

    def add(self, study: Study, plants: TrainingPlants, by: str, *, simulated: bool = False) -> None:
        """Add a study with its first training table; one transaction.

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
            content = _as_csv(study, plants)
            connection.execute(
                insert(training_tables).values(
                    study=study.name,
                    number=1,
                    sha256=hashlib.sha256(content).hexdigest(),
                    plants=len(plants.species),
                    source=plants.table.source,
                    content=zlib.compress(content),
                    added_at=now,
                    added_by=by,
                )
            )

    def plants(self, study: Study) -> TrainingPlants:
        """The newest training table of a study.

        Raises
        ------
        Unknown
            It has none.
        """
        with self._database.read() as connection:
            newest = select(func.max(training_tables.c.number)).where(training_tables.c.study == study.name)
            row = connection.execute(
                select(training_tables).where(
                    training_tables.c.study == study.name, training_tables.c.number == newest.scalar_subquery()
                )
            ).first()
        if row is None:
            raise Unknown(f"The study {study.name} has no training table.")
        return _from_row(study, row)


def _as_csv(study: Study, plants: TrainingPlants) -> bytes:
    """The table as CSV: species, group where there is one, then the measurements, every number in full precision."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    groups = plants.groups
    writer.writerow([_SPECIES, *([_GROUP] if groups is not None else []), *study.names])
    for i, (j, row) in enumerate(zip(plants.species, plants.values.tolist(), strict=True)):
        cells = ["" if math.isnan(value) else repr(value) for value in row]
        writer.writerow([study.species_names[j], *([groups[i]] if groups is not None else []), *cells])
    return stream.getvalue().encode()


def _from_row(study: Study, row: Row[Any]) -> TrainingPlants:
    reader = csv.reader(io.StringIO(zlib.decompress(row.content).decode()))
    header = next(reader)
    rows = list(reader)
    index = {name: j for j, name in enumerate(study.species_names)}
    species = np.array([index[cells[0]] for cells in rows], dtype=np.int64)
    first = header.index(study.names[0])
    values = np.array([[float(cell) if cell else math.nan for cell in cells[first:]] for cells in rows])
    counts = np.bincount(species, minlength=len(index))
    return TrainingPlants(
        values=values,
        species=species,
        groups=np.array([cells[1] for cells in rows]) if first == 2 else None,
        table=TrainingTable(
            source=row.source,
            sha256=row.sha256,
            rows=len(species),
            plants={name: int(count) for name, count in zip(study.species_names, counts, strict=True)},
            missing_cells=int(np.isnan(values).sum()),
        ),
    )
