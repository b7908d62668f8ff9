"""The `flora` command: one job, one command; `python -m flora_core COMMAND --help` shows an example of each.

Results go to stdout, with `--json` as one JSON document and nothing else; progress and refusals go to stderr. Exit code:
0 done, 1 refused (one line says what is wrong and what to do), 2 wrong usage, 3 the verdict or gate is red.
"""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer

from flora_core import __version__
from flora_core.cli import (
    archive,
    automation,
    batch,
    demo,
    determine,
    identify,
    jobs,
    maintenance,
    models,
    monitor,
    people,
    profiles,
    serve,
    studies,
    train,
    two_tables,
)
from flora_core.cli.options import print_json
from flora_core.errors import FloraError, as_document

app = typer.Typer(
    name="flora",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measure a plant, learn its name, and know how far to trust it.",
)
app.add_typer(identify.commands)
app.add_typer(batch.commands)
app.add_typer(determine.commands)
app.add_typer(archive.commands)
app.add_typer(studies.commands, name="studies")
app.add_typer(train.commands)
app.add_typer(models.commands, name="models")
app.add_typer(automation.commands)
app.add_typer(demo.commands, name="demo")
app.add_typer(monitor.commands)
app.add_typer(two_tables.commands)
app.add_typer(jobs.commands, name="jobs")
app.add_typer(profiles.commands, name="profiles")
app.add_typer(maintenance.commands)
app.add_typer(people.people_commands, name="people")
app.add_typer(people.tokens_commands, name="tokens")
app.add_typer(people.audit_commands)
app.add_typer(serve.commands)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Flora Classification {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is, and end."),
    ] = False,
) -> None:
    pass


def _name_the_user() -> None:
    """Give a user whom the system has no entry of (a container with any uid) a name, as every command asks for one."""
    try:
        getpass.getuser()
    except (KeyError, OSError, ImportError):
        os.environ["LOGNAME"] = f"uid-{os.getuid()}" if hasattr(os, "getuid") else "somebody"


def main() -> None:
    """Run the command line; the last place where an error becomes a sentence and an exit code."""
    _name_the_user()
    try:
        app()
    except FloraError as error:
        typer.echo(f"flora: {error.message}", err=True)
        if "--json" in sys.argv:
            print_json(as_document(error))
        sys.exit(1)
