"""`migrate`, `backup`, `restore`: what an operator does to an installation."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flora_core.cli.options import Json, command_context, print_json, progress_bar
from flora_core.errors import Refused

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core migrate")
def migrate(as_json: Json = False) -> None:
    """Upgrade the database to this version's schema; make a copy of it first."""
    from flora_core.workflows.operations.maintenance import upgrade_database

    before, after = upgrade_database(command_context())
    if as_json:
        print_json({"before": before, "after": after})
    else:
        typer.echo(
            f"The database is at migration {after}." if before == after else f"From {before or 'nothing'} to {after}."
        )


@commands.command(epilog="Example: python -m flora_core backup flora-2026-05-03.zip")
def backup(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A new .zip file, or its address in an object store (s3://bucket/flora.zip); - for stdout, to be encrypted.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Write database and models to one file, while the program may run; PostgreSQL by its own pg_dump."""
    from flora_core.storage.files.backup import HELD
    from flora_core.workflows.operations.maintenance import back_up

    if file == "-":
        if as_json:
            raise Refused("With - the backup itself goes to stdout, and no document can; leave --json out.")
        with tempfile.TemporaryDirectory(prefix="flora-backup-") as folder:
            whole = Path(folder) / "flora.zip"
            back_up(command_context(), str(whole))
            with open(whole, "rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    done = back_up(command_context(), file)
    if as_json:
        print_json({"file": str(file), **asdict(done)})
    else:
        typer.echo(
            f"Wrote {file}: the database (migration {done.migration}) and {done.versions} model versions, "
            f"{done.size / 1e6:.1f} MB before packing. It holds {HELD}; only you can read it. docs/operations.md says how to "
            "encrypt it."
        )


@commands.command(epilog="Example: python -m flora_core restore flora-2026-05-03.zip")
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `backup` wrote, a file or its address.")],
    as_json: Json = False,
) -> None:
    """Make database and models from a backup, where none are; every file is checked before it counts."""
    from flora_core.workflows.models.lifecycle import verify_versions
    from flora_core.workflows.operations.maintenance import restore as restore_from

    context = command_context()
    done = restore_from(context, file)
    context.database.migrate()
    verified, _ = verify_versions(context)
    wrong = [v.problem for v in verified if v.problem]
    if as_json:
        print_json({"file": str(file), **asdict(done), "ok": not wrong})
    else:
        typer.echo(f"Restored {file}: {done.versions} model versions, {'all whole' if not wrong else wrong[0]}.")
    if wrong:
        raise typer.Exit(1)


@commands.command(epilog="Example: python -m flora_core move postgresql://flora@host/flora")
def move(
    address: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE",
            envvar="FLORA_MOVE_TO",
            help="An empty database: postgresql://user:password@host/name or sqlite:///path. With a password better in the "
            "environment than here, where others on the machine can see it.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Copy all records into another, empty database, and prove that they arrived; end the server first."""
    from flora_core.workflows.operations.maintenance import move_records

    done = move_records(command_context(), address, progress_bar("Copying"))
    if as_json:
        print_json(asdict(done))
        return
    for table, rows in done.rows.items():
        typer.echo(f"  {rows:>12,}  {table}")
    typer.echo(
        f"Copied {sum(done.rows.values()):,} rows of {len(done.rows)} tables; each was read back and is the same to the last "
        "character. The models folder stays where it is. Set FLORA_DATABASE_URL to the new database and start."
    )
