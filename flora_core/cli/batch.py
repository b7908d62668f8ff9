"""`batch`: a table."""

from __future__ import annotations

import getpass
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

import typer

from flora_core.cli.options import (
    JoinHeaders,
    Json,
    Spread,
    Study,
    arrangement_said,
    atomic_output,
    context_with_champion,
    print_json,
    progress_bar,
)
from flora_core.errors import Refused
from flora_core.storage.files.object_files import is_remote
from flora_core.tables.columns.assignments import read_assignments
from flora_core.tables.layout import FORMATS

if TYPE_CHECKING:
    from flora_core.workflows.batch.folders import FolderJob
    from flora_core.workflows.context import AppContext

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core batch flowers.csv -o named.csv --by 'A. Gray'")
def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A table: .csv, .tsv, .txt, .xlsx, .parquet or .arrow; or a folder of them, or a pattern like "
            "'s3://bucket/2026/*.parquet'.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="Where the result goes (.csv, .tsv, .xlsx, .parquet or .arrow); beside FILE if not given.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=NAME", help="Which column is which.")
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option("--unit", metavar="NAME=UNIT", help="The unit of a column.")
    ] = None,
    sheet: Annotated[str, typer.Option(help="The sheet of a workbook.")] = "",
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="The column of catalogue numbers.")
    ] = None,
    as_kind: Annotated[
        str, typer.Option("--as", metavar="KIND", help="What the results are: csv, tsv, xlsx, parquet or arrow.")
    ] = "",
    issues: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write the issues into a table of their own too.")
    ] = None,
    darwin_core: Annotated[
        Path | None, typer.Option(metavar="OUT.zip", help="Write a Darwin Core archive too.")
    ] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Record nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Record a file that was recorded before once more.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--change", metavar="WORDS", help="Undo a mix-up that was offered: 'petal length divided by 10'."),
    ] = None,
    duplicates: Annotated[
        str, typer.Option(help="Rows with one catalogue number: flag, replicate (one plant, pooled), latest or error.")
    ] = "flag",
    decimal: Annotated[str, typer.Option(metavar="SIGN", help="The decimal sign, where the file does not tell.")] = "",
    separator: Annotated[
        str, typer.Option(metavar="SIGN", help="What parts columns, where the file does not tell.")
    ] = "",
    middle_of_ranges: Annotated[bool, typer.Option("--middle-of-ranges", help="Read 2.0-2.5 as 2.25.")] = False,
    join_headers: JoinHeaders = False,
    spread: Spread = False,
    by: Annotated[str, typer.Option(help="Who identifies; your login name where not given.")] = "",
    collector: Annotated[str, typer.Option(help="Who gathered the plants, where their rows don't say.")] = "",
    site: Annotated[str, typer.Option(help="Where they grew, where their rows don't say.")] = "",
    processes: Annotated[
        int, typer.Option(min=1, max=256, help="Parts of a folder that are named at one time on this machine.")
    ] = 2,
    cluster: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The scheduler of a Dask cluster that names the parts of a folder.")
    ] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """A table; every row back, in order, its own columns untouched, with a name or a reason."""
    from flora_core.access import service_principal
    from flora_core.tables.rows.checking import DuplicatePolicy
    from flora_core.workflows.batch import BatchRequest, plan_batch, remember_columns, run_batch, summary_document
    from flora_core.workflows.batch.sinks import DarwinCoreSink, IssuesSink, TableSink
    from flora_core.workflows.operations.maintenance import sweep

    file = Path(source)
    many = is_remote(source) or file.is_dir() or ("*" in source and not file.exists())
    if many and not output:
        raise Refused(f"{source} holds several tables. Name a folder or an address for their results, with -o.")
    target = Path(output) if output else _beside(file)
    kind = as_kind.lower().removeprefix(".") or ("" if many else target.suffix.lower().removeprefix(".") or "csv")
    if kind and f".{kind}" not in FORMATS:
        raise Refused(f"The result can't be written as .{kind}; choose .csv, .tsv, .xlsx, .parquet or .arrow.")
    signs: dict[str, Literal[".", ",", ""]] = {"": "", ".": ".", ",": ","}
    if decimal not in signs:
        raise Refused(f"'{decimal}' is not a decimal sign; it is . or ,")
    if duplicates not in list(DuplicatePolicy):
        raise Refused(f"--duplicates can't be '{duplicates}'; it is {', '.join(DuplicatePolicy)}.")
    context = context_with_champion()
    request = BatchRequest(
        study=study,
        name=file.name,
        sheet=sheet,
        decimal=signs[decimal],
        separator={"tab": "\t", "space": " "}.get(separator, separator),
        columns=read_assignments(columns, "--map", "COLUMN=NAME", empty=True),
        units=read_assignments(units, "--unit", "NAME=UNIT"),
        id_column=id_column,
        middle_of_ranges=middle_of_ranges,
        arrangement=arrangement_said(join_headers, spread),
        duplicates=DuplicatePolicy(duplicates),
        changes=tuple(changes or ()),
    )
    if many:
        from flora_core.workflows.batch.folders import FolderJob

        job = FolderJob(source, output or "", request, kind, not no_record, again, "", collector, site, processes)
        _name_folder(context, job, by, cluster, as_json)
        return
    with ExitStack() as files:
        stream = files.enter_context(_reading(file))
        understood = plan_batch(context, stream, request)
        written = files.enter_context(atomic_output(target, file))
        sinks: list[Any] = [TableSink(written, "csv" if kind == "txt" else kind, understood)]
        if issues is not None:
            sinks.append(IssuesSink(files.enter_context(atomic_output(issues, file))))
        if darwin_core is not None:
            sinks.append(DarwinCoreSink(files.enter_context(atomic_output(darwin_core, file)), understood))
        person = by or getpass.getuser()
        summary = run_batch(
            context,
            stream,
            understood,
            sinks=sinks,
            record=not no_record,
            again=again,
            by=person,
            collector=collector,
            site=site,
            progress=progress_bar(file.name),
        )
        for sink in sinks:
            sink.close()
    if columns or units:
        remember_columns(context, understood, person)
    # Not what this person asked for, and no matter of their role.
    sweep(context.acting_as(service_principal("sweep"), "command"))
    if as_json:
        print_json(summary_document(understood, summary, str(target)))
        return
    typer.echo(summary.sentence(understood.model.study))
    for column, name in understood.mapping.items():
        typer.echo(f"  {column} is {name}")
    for note in (*summary.notes, *understood.questions):
        typer.echo(f"  {note}")
    for offer in summary.offers:
        typer.echo(f"  To undo it in those rows, say --change '{offer.change.words}'.")
    for issue in summary.issues[:20]:
        typer.echo(f"  {issue.sentence()}")
    if summary.issue_count > 20:
        typer.echo(f"  ... and {summary.issue_count - 20:,} more issues; each stands in its row's flora_issues.")
    typer.echo(f"Written to {target}." + (f" Recorded {summary.recorded:,}." if summary.recorded else ""))


def _name_folder(context: AppContext, job: FolderJob, by: str, cluster: str, as_json: bool) -> None:
    from flora_core.workflows.batch.folders import name_folder

    if cluster:
        context = replace(context, settings=context.settings.model_copy(update={"cluster": cluster}))
    summary = name_folder(context, job, by=by or getpass.getuser(), progress=progress_bar(job.source))
    if as_json:
        print_json(summary.as_document())
    else:
        typer.echo(summary.sentence)
        for note in summary.notes or ():
            typer.echo(f"  {note}")
        for part, why in (summary.failed or {}).items():
            typer.echo(f"  {part}: {why}", err=True)
        recorded = f" Recorded {summary.recorded:,}." if summary.recorded else ""
        typer.echo(f"Written to {job.target}, with _flora/summary.json and _flora/issues.csv.{recorded}")
    if summary.failed:
        raise typer.Exit(1)


def _beside(file: Path) -> Path:
    """A name beside the file that is not taken yet."""
    for number in range(1, 10_000):
        place = file.with_name(f"{file.stem}-identified{'' if number == 1 else f'-{number}'}.csv")
        if not place.exists():
            return place
    raise Refused(f"Too many results lie beside {file}; say where this one shall go, with -o.")


def _reading(file: Path) -> BinaryIO:
    """The file; what comes through a pipe is put down first, because a table is looked through more than once."""
    try:
        stream = open(file, "rb")  # noqa: SIM115  closed by the caller
        if stream.seekable():
            return stream
        with stream:
            put_down = tempfile.TemporaryFile()  # noqa: SIM115  closed by the caller
            shutil.copyfileobj(stream, put_down)
        put_down.seek(0)
        return put_down
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from None
