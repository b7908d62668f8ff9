"""What every command shares: its options, the context, a bar of progress, one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from flora_core.durable_files import appearing_whole
from flora_core.errors import NotAllowed, Refused

if TYPE_CHECKING:
    from flora_core.tables.layout import Arrangement
    from flora_core.workflows.context import AppContext

Study = Annotated[str, typer.Option(help="The plant group.", show_default=True)]
JoinHeaders = Annotated[bool, typer.Option("--join-headers", help="Read two header rows as one.")]
Spread = Annotated[bool, typer.Option("--spread", help="Spread a long table, so that each plant is a row.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")]


def command_context() -> AppContext:
    """The context of the settings, acting for the operating system's user, or with the roles of FLORA_TOKEN where that is set.

    What it is made of is imported only now, for commands that need none start sooner.

    Raises
    ------
    NotAllowed
        FLORA_TOKEN is not known, has expired or was revoked.
    """
    from flora_core.workflows import context

    opened = context.open_context()
    secret = opened.settings.token.get_secret_value()
    if not secret:
        return opened.acting_as(opened.principal, "command")
    from flora_core.access import NOBODY
    from flora_core.workflows.access.sign_in import principal_of_program
    from flora_core.workflows.authorisation import note_turned_away

    try:
        return opened.acting_as(principal_of_program(opened, secret), "command")
    except NotAllowed:
        note_turned_away(opened.acting_as(NOBODY, "command"), "FLORA_TOKEN")
        raise


def arrangement_said(join_headers: bool, spread: bool) -> Arrangement:
    """How a table is to be arranged before it is read.

    Raises
    ------
    Refused
        Both were said.
    """
    if join_headers and spread:
        raise Refused("A table is read with --join-headers or with --spread, not with both.")
    return "join-headers" if join_headers else "spread" if spread else ""


def as_service(context: AppContext, name: str) -> AppContext:
    """The same context for a service of the server: trains and promotes, and no more; a token or key keeps its own roles."""
    from flora_core.access import service_principal

    if not context.principal.is_local:
        return context
    return context.acting_as(service_principal(name), "command")


def context_with_champion() -> AppContext:
    """The context, with its first champion trained where there is none yet."""
    from flora_core.workflows.models.lifecycle import ensure_champion

    context = command_context()
    ensure_champion(context, progress_bar("Training the first model"))
    return context


def progress_bar(title: str) -> Any:
    """A bar on stderr where that is a terminal, a few lines where it is not."""
    shown = -1

    def told(done: int, total: int, doing: str) -> None:
        nonlocal shown
        if sys.stderr.isatty():
            filled = round(30 * done / total)
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r{title} [{'#' * filled}{'.' * (30 - filled)}] {doing:<45}{end}")
            sys.stderr.flush()
        elif 4 * done // total > shown:
            shown = 4 * done // total
            typer.echo(f"{title}: {100 * done // total} %, {doing}", err=True)

    return told


def print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))


def open_input(file: Path) -> BinaryIO:
    """A file to be read.

    Raises
    ------
    Refused
        It is not there, or may not be read.
    """
    try:
        return open(file, "rb")
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from None


@contextmanager
def atomic_output(target: Path, source: Path | None = None) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all, and never in place of the one that is read."""
    if source is not None and target.exists() and source.exists() and target.samefile(source):
        raise Refused(f"{target} is the file that is read; choose another name for the result.")
    try:
        with appearing_whole(target) as stream:
            yield stream
    except OSError as error:
        raise Refused(f"{target} can't be written: {error.strerror}.") from None
