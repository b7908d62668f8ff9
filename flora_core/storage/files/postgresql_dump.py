"""A PostgreSQL database as one file, and back, by the server's own programs: `pg_dump` and `pg_restore`.

References
----------
https://www.postgresql.org/docs/current/app-pgdump.html, https://www.postgresql.org/docs/current/app-pgrestore.html
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flora_core.errors import Unavailable
from flora_core.storage.database import Database

#: Where Debian puts the programs of each version, beside PATH.
_PLACES: Final = "/usr/lib/postgresql/*/bin"


def dump_database(database: Database, target: Path) -> tuple[str, list[tuple[str, int]]]:
    """Write the database to a file as it is at one moment, while it is used and written to.

    Returns
    -------
    str
        The migration it is at.
    list of (str, int)
        The study and number of every model version that it knows of.

    Raises
    ------
    Unavailable, DatabaseUnavailable
        pg_dump is not installed or did not succeed, or the database can't be reached.
    """
    import psycopg

    connection = database.own_connection()
    try:
        # What is read here and what pg_dump writes is of the same moment; that takes as long as the tables are large.
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        moment = connection.execute("SELECT pg_export_snapshot()").fetchone()[0]
        migration = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        versions = connection.execute("SELECT study, version FROM versions ORDER BY study, version").fetchall()
        _run(
            "pg_dump",
            ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment}", f"--file={target}"],
            database,
        )
        connection.execute("COMMIT")
    except psycopg.Error as error:
        raise Unavailable(f"The database {database.description} can't be read: {_first_line(str(error))}.") from error
    finally:
        connection.close()
    return str(migration), [(str(study), int(version)) for study, version in versions]


def is_empty(database: Database) -> bool:
    """Whether the database has no table of ours or of anybody's in its first schema."""
    with contextlib.closing(database.own_connection()) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm')"
        ).fetchone()
        return bool(found[0] == 0)


def load_database(database: Database, source: Path) -> None:
    """Fill an empty database from what `dump_database` wrote: all of it, or nothing.

    Raises
    ------
    Unavailable
        pg_restore is not installed or did not succeed; nothing was kept.
    """
    _run(
        "pg_restore",
        ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(source)],
        database,
    )


def _run(program: str, words: Sequence[str], database: Database) -> None:
    address, password = database.libpq_address()
    command = [str(_found(program)), *words, f"--dbname={address}"]
    done = subprocess.run(  # noqa: S603  a program of PostgreSQL's, and an address of the operator's
        command,
        # Others on this machine see the words of a command, not its environment.
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"{program} did not succeed: {_first_line(done.stderr) or f'code {done.returncode}'}.")


def _found(program: str) -> Path:
    on_path = shutil.which(program)
    if on_path:
        return Path(on_path)
    places = sorted(glob.glob(_PLACES), key=lambda place: [int(n) for n in place.split("/") if n.isdecimal()])
    for place in reversed(places):
        if (Path(place) / program).exists():
            return Path(place) / program
    raise Unavailable(
        f"{program} is not installed here. Install PostgreSQL's client programs, of the server's version or a newer one "
        "(apt-get install postgresql-client)."
    )


def _first_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[0].rstrip(".")[:300] if lines else ""
