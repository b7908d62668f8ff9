"""Removing a simulated study, with everything that was ever kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Table, delete, select

from flora_core.errors import Conflict, Unknown
from flora_core.storage.database import Database
from flora_core.storage.registry.version_store import VersionStore
from flora_core.storage.schema import METADATA, recordings, studies, versions
from flora_core.storage.shared_locks import SharedLocks, holding

_LOCK: Final = "simulated"


@contextmanager
def changing_simulated(locks: SharedLocks) -> Iterator[None]:
    """The right to load or remove a simulated study, which one process has at a time; it is lost with the process.

    Raises
    ------
    Conflict
        Somebody else has it.
    Unavailable
        The folder of the models can't be written.
    """
    with holding(locks, _LOCK) as mine:
        if not mine:
            raise Conflict(
                "The simulated season is being loaded or removed by somebody else just now. Try again in a minute."
            )
        yield


def remove_simulated(database: Database, files: VersionStore, study: str) -> int:
    """Remove a simulated study: its rows in every table, all or nothing, then the files of the versions that had a row.

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
    removed, own, gone = 0, set[int](), False
    try:
        with database.write() as connection:
            simulated = connection.execute(select(studies.c.simulated).where(studies.c.name == study)).scalar()
            if simulated is None:
                raise Unknown(f"There is no study '{study}'.")
            if not simulated:
                raise Conflict(f"'{study}' is a real study; only a simulated one can be removed.")
            own = set(connection.execute(select(versions.c.version).where(versions.c.study == study)).scalars())
            # Those that refer to others first.
            for table in reversed(METADATA.sorted_tables):
                removed += _rows_of(connection, table, study)
            files.mark_unregistered(study, own)
        gone = True
    finally:
        if not gone:
            files.mark_registered(study, own)
    # Only what had a row of ours: another process may be saving versions of the next season already.
    files.delete_removed(study, own)
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
