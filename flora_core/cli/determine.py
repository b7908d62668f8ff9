"""`determine`: what a person says of identified plants, one by one or by table."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from flora_core.cli.options import Json, Study, context_with_champion, print_json, progress_bar
from flora_core.errors import Refused
from flora_core.tables.columns.assignments import read_assignments

commands = typer.Typer(rich_markup_mode=None)


@commands.command(
    epilog="Example: python -m flora_core determine k7f3q2mh4p-1 'Iris versicolor' --by 'A. Gray' --status 2"
)
def determine(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE | ID NAME",
            help="A table of determinations; or a record's identifier (or catalogue number) and a name.",
        ),
    ],
    by: Annotated[str, typer.Option(help="Who determined; in a table, of rows that don't say.")] = "",
    date: Annotated[str, typer.Option(help="When, like 2026-06-03, 2026-06 or 2026; today where not given.")] = "",
    status: Annotated[str, typer.Option(metavar="N", help="How far it was verified, HISPID's 0 to 4.")] = "",
    remark: Annotated[str, typer.Option(help="What the slip says besides.")] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=WHAT", help="What a column holds: id, number, name, by, date, level, remark."
        ),
    ] = None,
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook.")] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """What a person says of identified plants; only ever added beside what was said before."""
    if len(what) > 1:
        _one(what[0], " ".join(what[1:]), by, date, status, remark, study, as_json=as_json)
    else:
        _table(Path(what[0]), by, date, status, remark, columns or [], sheet, study, as_json=as_json)


def _one(plant: str, name: str, by: str, date: str, status: str, remark: str, study: str, *, as_json: bool) -> None:
    from flora_core.workflows import determine as workflow

    laid = workflow.determine(
        context_with_champion(),
        study,
        plant,
        name,
        by=by,
        date=date,
        level=status,
        remark=remark,
        entered_by=getpass.getuser(),
    )
    if as_json:
        print_json(laid.as_json())
        return
    typer.echo(f"Added to {laid.identifier}." if laid.added else f"{laid.identifier}: said before; nothing was added.")
    for note in laid.outcome.notes:
        typer.echo(f"  {note}")
    for slip in laid.slips:
        typer.echo(f"  {slip.at:<10}  {slip.given.written}, det. {slip.by} (level {slip.level}){_remark(slip.remark)}")


def _table(
    file: Path,
    by: str,
    date: str,
    status: str,
    remark: str,
    columns: list[str],
    sheet: str,
    study: str,
    *,
    as_json: bool,
) -> None:
    from flora_core.workflows.determine import defaults
    from flora_core.workflows.determine.table import determine_table

    with _reading(file) as stream:
        found = determine_table(
            context_with_champion(),
            study,
            stream,
            file.name,
            defaults=defaults(by, date, status, remark),
            columns=read_assignments(
                columns, "--map", "COLUMN=WHAT; write for example --map 'checked as=name'", empty=True
            ),
            sheet=sheet,
            entered_by=getpass.getuser(),
            progress=progress_bar(file.name),
        )
    if as_json:
        print_json(found.as_json())
        return
    typer.echo(found.outcome.sentence())
    for column, role in found.mapping.items():
        typer.echo(f"  {column} is {role}")
    for note in found.outcome.notes:
        typer.echo(f"  {note}")
    for issue in found.outcome.issues:
        typer.echo(f"  {issue.sentence()}")


def _reading(file: Path) -> BinaryIO:
    try:
        return open(file, "rb")
    except OSError as error:
        raise Refused(
            f"{file} can't be read: {error.strerror}. For one plant write: determine ID NAME --by WHO."
        ) from None


def _remark(text: str) -> str:
    return f": {text}" if text else ""
