"""Removing a simulated study, with everything that was ever kept of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import Connection, Table, delete, select

from flora_core.errors import Conflict, Unknown
from flora_core.storage.database import Database
from flora_core.storage.schema import METADATA, recordings, studies


def remove_simulated(database: Database, models: Path, study: str) -> int:
    """Remove a simulated study: its rows in every table, all or nothing, then its models' files.

    Real studies can't be removed: the database's own triggers refuse it, too.

    Returns
    -------
    int
        How many rows went.

    Raises
    ------
    Unknown
        There is no such study.
    Conflict
        It is a real one.
    """
    removed = 0
    with database.write() as connection:
        simulated = connection.execute(select(studies.c.simulated).where(studies.c.name == study)).scalar()
        if simulated is None:
            raise Unknown(f"There is no study '{study}'.")
        if not simulated:
            raise Conflict(f"'{study}' is a real study; only a simulated one can be removed.")
        # Those that refer to others first.
        for table in reversed(METADATA.sorted_tables):
            removed += _rows_of(connection, table, study)
    shutil.rmtree(models / study, ignore_errors=True)
    return removed


def _rows_of(connection: Connection, table: Table, study: str) -> int:
    if table is studies:
        return int(connection.execute(delete(studies).where(studies.c.name == study)).rowcount)
    if "study" in table.c:
        return int(connection.execute(delete(table).where(table.c.study == study)).rowcount)
    if "recording" in table.c:
        own = select(recordings.c.id).where(recordings.c.study == study)
        return int(connection.execute(delete(table).where(table.c.recording.in_(own))).rowcount)
    return 0
