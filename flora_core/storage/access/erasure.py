"""A person's name, replaced by a pseudonym wherever it stands; what was said of plants stays as it is."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Column, Connection, Table, select, text, update

from flora_core.storage.database import Database
from flora_core.storage.schema import METADATA, audit, determinations, jobs, outbox, people, recordings

#: Columns that hold the name of a person besides those called "by" or after a collector.
_ALSO: Final = (people.c.name, audit.c.name, audit.c.object, jobs.c.request, jobs.c.result, outbox.c.document)


def columns_of_names() -> tuple[Column[str], ...]:
    """Every column of the database that holds the names of people, alone or with others."""
    called = [
        column
        for table in METADATA.sorted_tables
        for column in table.c
        if re.fullmatch(r"(\w+_)?(by|collector)", column.name)
    ]
    return (*called, *_ALSO)


def replace_name(
    database: Database, name: str, pseudonym: str, identity: tuple[str, str] | None = None
) -> dict[str, int]:
    """Put a pseudonym in the place of a name, also where it stands beside others ("Ada Green & Mary Gray"); one transaction.

    The name is found as whole words, in capital or small letters. In SQLite it is overwritten in the file too.

    Parameters
    ----------
    identity : (str, str), optional
        Issuer and subject of the person, whose subject is replaced as well.

    Returns
    -------
    dict of str to int
        How many rows of each table were changed; those of which none was are left out.

    Raises
    ------
    DatabaseUnavailable
        Nothing was changed.
    """
    changed: dict[str, int] = {}
    columns = columns_of_names()
    tables = sorted({column.table for column in columns}, key=lambda table: table.name)
    with database.write() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        with _may_change(connection, tables):
            for column in columns:
                _count(changed, column.table, _replace_in(connection, column, name, pseudonym))
            if identity is not None:
                _replace_subject(connection, identity, pseudonym)
    if database.is_sqlite:
        with database.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed


def _count(changed: dict[str, int], table: Table, rows: int) -> None:
    if rows:
        changed[table.name] = changed.get(table.name, 0) + rows


def _replace_in(connection: Connection, column: Column[str], name: str, pseudonym: str) -> int:
    # In documents a name may be written with escapes.
    written = {name, json.dumps(name)[1:-1]}
    sought = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in sorted(written)), re.IGNORECASE)
    rows = 0
    # Compared here: SQLite knows capital and small letters of ASCII alone.
    values = connection.execute(select(column).where(column.is_not(None)).distinct()).scalars()
    for held in [value for value in values if sought.search(value)]:
        put = sought.sub(lambda _: pseudonym, held)
        if column.table is determinations and column.name == "by":
            _forget_fingerprints(connection, held)
        rows += connection.execute(update(column.table).where(column == held).values({column.name: put})).rowcount
    return rows


def _forget_fingerprints(connection: Connection, by: str) -> None:
    """What tells the same word of the same person again is made of the name: put chance in its place."""
    for key in connection.execute(select(determinations.c.id).where(determinations.c.by == by)).scalars().all():
        connection.execute(
            update(determinations).where(determinations.c.id == key).values(fingerprint=secrets.token_hex(32))
        )


def _replace_subject(connection: Connection, identity: tuple[str, str], pseudonym: str) -> None:
    issuer, subject = identity
    connection.execute(
        update(audit).where(audit.c.issuer == issuer, audit.c.subject == subject).values(subject=pseudonym)
    )
    owner = f"{issuer} {subject}"
    connection.execute(update(recordings).where(recordings.c.owner == owner).values(owner=f"{issuer} {pseudonym}"))


@contextmanager
def _may_change(connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
    """A block of this transaction in which rows that are only ever appended may be changed; for nobody else."""
    names = [table.name for table in tables]
    if connection.dialect.name != "sqlite":
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
        yield
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))
        return
    found = connection.exec_driver_sql(
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE UPDATE%'"
    ).all()
    triggers = [(row.name, row.sql) for row in found if row.tbl_name in names]
    for name, _ in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, made in triggers:
        connection.exec_driver_sql(made)
