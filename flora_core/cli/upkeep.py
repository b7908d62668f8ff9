"""`migrate`: what an operator does to the house itself."""

from __future__ import annotations

import typer

from flora_core.cli.doors import Json, print_json
from flora_core.workflows.house import open_house

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core migrate")
def migrate(as_json: Json = False) -> None:
    """Bring the database to this program's age; make a copy of it first."""
    before, after = open_house().database.migrate()
    if as_json:
        print_json({"before": before, "after": after})
    else:
        typer.echo(
            f"The database is at migration {after}." if before == after else f"From {before or 'nothing'} to {after}."
        )
