"""All records of one database into another, empty one, and the proof that they are the same.

The copy is one transaction: it is there whole, or not at all. Every table is then read back from both in the order of its key
and compared by count and checksum before the transaction ends.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Integer, Table, func, insert, select

from flora_core.errors import DatabaseUnavailable, Refused
from flora_core.progress import Progress, no_progress
from flora_core.storage.database import HEAD, Database
from flora_core.storage.patience import Patience, waiting
from flora_core.storage.schema import METADATA

_ROWS_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Moved:
    """What was copied and compared.

    Attributes
    ----------
    rows : dict of str to int
        {table: rows}, alike in both.
    sha256 : dict of str to str
        {table: checksum of its rows}, alike in both.
    """

    rows: dict[str, int]
    sha256: dict[str, str]


def copy_database(source: Database, target: Database, progress: Progress = no_progress) -> Moved:
    """Copy everything; the source stays as it is, and nobody writes to it meanwhile.

    Raises
    ------
    Refused
        The target is not empty, or is the source.
    DatabaseUnavailable
        One of them can't be reached or is of another age, or what arrived is not what was sent; nothing was kept.
    """
    if source.revision() != HEAD:
        raise DatabaseUnavailable("The database to copy is not of this version. Run: python -m flora_core migrate")
    if source.description == target.description:
        raise Refused("Both are the same database; name another one to copy to.")
    target.migrate()
    tables = METADATA.sorted_tables
    with waiting(Patience(math.inf)), source.write() as old, target.write() as new:
        if not target.is_sqlite:
            from flora_core.storage.postgresql import lift_limits

            lift_limits(new)
        filled = [table.name for table in tables if _count(new, table)]
        if filled:
            raise Refused(f"The database to copy to is not empty ({', '.join(filled)}). Name an empty one.")
        total = sum(_count(old, table) for table in tables)
        done, rows, sums = 0, dict[str, int](), dict[str, str]()
        for table in tables:
            for some in _rows(old, table):
                _write(new, table, some)
                done += len(some)
                progress(done, max(total, 1), f"{done:,} of {total:,} rows")
            if not target.is_sqlite:
                _go_on_counting(new, table)
        for table in tables:
            sent, arrived = _sum(old, table), _sum(new, table)
            if sent != arrived:
                raise DatabaseUnavailable(f"The table {table.name} did not arrive as it was sent; nothing was kept.")
            rows[table.name], sums[table.name] = arrived
    return Moved(rows, sums)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _rows(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """The rows in the order of their key, some at a time."""
    found = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    for some in found.mappings().partitions():
        yield [dict(row) for row in some]


def _write(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Add rows; to PostgreSQL by COPY."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    quoted = connection.dialect.identifier_preparer.quote
    columns = list(table.columns)
    as_kept = [(c.name, c.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)) for c in columns]
    into = f"{quoted(table.name)} ({', '.join(quoted(c.name) for c in columns)})"
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] if kept is None else kept(row[name]) for name, kept in as_kept])


def _sum(connection: Connection, table: Table) -> tuple[int, str]:
    """How many rows there are, and a checksum of them, alike on every database."""
    digest, count = hashlib.sha256(), 0
    rows: Iterator[bytes] = (_canonical(row) for some in _rows(connection, table) for row in some)
    # Databases order texts differently; by their own bytes they stand alike.
    keys = table.primary_key.columns
    if not all(isinstance(column.type, Integer) for column in keys):
        rows = iter(sorted(rows))
    for row in rows:
        digest.update(row)
        count += 1
    return count, digest.hexdigest()


def _canonical(row: Mapping[str, Any]) -> bytes:
    return json.dumps([[name, _plain(value)] for name, value in sorted(row.items())], sort_keys=True).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows behind those that came with a number."""
    for column in table.primary_key.columns:
        if isinstance(column.type, Integer) and column.autoincrement is not False:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            if connection.execute(select(sequence)).scalar() is not None:
                newest = select(func.coalesce(func.max(column), 1)).scalar_subquery()
                connection.execute(select(func.setval(sequence, newest)))
