"""Studies and their training tables: every table that was ever trained on is kept, with its checksum."""

from __future__ import annotations

import hashlib
import io
import zlib
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Row, func, insert, select

from flora_core.errors import Conflict, Unknown
from flora_core.model import TrainingPlants, TrainingTable
from flora_core.storage.database import Database
from flora_core.storage.tables import studies, training_tables
from flora_core.study import Study

_SPECIES, _GROUP, _SPECIMEN = "species", "group", "specimen"


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
    """The table as CSV: species, group, then the measurements; every number in full precision."""
    import pandas as pd  # a third of a second that a command without a table does not spend

    frame = pd.DataFrame({_SPECIES: [study.species_names[j] for j in plants.species]})
    if plants.groups is not None:
        frame[_GROUP] = plants.groups
    for i, name in enumerate(study.names):
        frame[name] = plants.values[:, i]
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _from_row(study: Study, row: Row[tuple[object, ...]]) -> TrainingPlants:
    import pandas as pd

    content = zlib.decompress(row.content)
    kinds: dict[str, str] = {_SPECIES: "str", _GROUP: "str"}
    frame = pd.read_csv(
        io.BytesIO(content), dtype=kinds, keep_default_na=False, na_values={name: [""] for name in study.names},
        float_precision="round_trip",
    )  # fmt: skip
    index = {name: j for j, name in enumerate(study.species_names)}
    species = np.array([index[name] for name in frame[_SPECIES]], dtype=np.int64)
    values = frame[list(study.names)].to_numpy(dtype=np.float64)
    counts = np.bincount(species, minlength=len(index))
    return TrainingPlants(
        values=values,
        species=species,
        groups=frame[_GROUP].to_numpy(dtype=np.str_) if _GROUP in frame.columns else None,
        table=TrainingTable(
            source=row.source,
            sha256=row.sha256,
            rows=len(species),
            plants={name: int(count) for name, count in zip(study.species_names, counts, strict=True)},
            missing_cells=int(np.isnan(values).sum()),
        ),
    )
