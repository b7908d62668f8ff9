"""`drift` and `estimate`: two tables against each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flora_core.cli.options import Json, Study, command_context, print_json
from flora_core.errors import Refused
from flora_core.settings import read_settings
from flora_core.tables.columns.assignments import read_assignments

if TYPE_CHECKING:
    from flora_core.study import Study as Noun
    from flora_core.workflows.monitor.two_tables import Table, TablesDrift

commands = typer.Typer(rich_markup_mode=None)

Reference = Annotated[
    Path,
    typer.Argument(metavar="REFERENCE", help="The table to compare with: .csv, .tsv, .txt, .xlsx, .parquet or .arrow."),
]
Current = Annotated[Path, typer.Argument(metavar="CURRENT", help="The table that is compared.")]
Size = Annotated[int | None, typer.Option("--chunk-size", metavar="N", min=1, help="Rows of a window of CURRENT.")]


@commands.command(
    epilog="Example: python -m flora_core drift herbarium.csv field.csv --columns 'petal length,petal width'"
)
def drift(
    reference: Reference,
    current: Current,
    columns: Annotated[
        str, typer.Option(metavar="A,B", help="Which columns; all that both tables have where not given.")
    ] = "",
    tool: Annotated[
        str, typer.Option("--as", metavar="TOOL", help="Whose definitions: flora, nannyml or evidently.")
    ] = "flora",
    chunk_size: Size = None,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """Two tables against each other: herbarium and field, last year and this year."""
    from flora_core.storage.cluster import spread
    from flora_core.workflows.monitor.two_tables import TOOLS, drift_of_tables, figures_document

    known = {name: name for name in TOOLS}
    if tool not in known:
        raise Refused(f"--as can't be '{tool}'; it is {', '.join(TOOLS)}.")
    before, now = _read(reference), _read(current)
    asked, whose, settings = _names(columns, before), _study(study), read_settings()

    def ask(workers: int) -> TablesDrift:
        return drift_of_tables(before, now, columns=asked, tool=known[tool], size=chunk_size, study=whose)

    found = spread(ask, settings.cluster, settings.processes, settings.without_cluster)
    for note in found.notes:
        typer.echo(note, err=True)
    if as_json:
        print_json(figures_document(found.figures))
        return
    for one in found.windows:
        if len(found.windows) > 1:
            typer.echo(f"Rows {one.window.start + 1:,} to {one.window.stop:,}")
        typer.echo(one.window_verdict.sentence)
        for reason in one.window_verdict.reasons[1:]:
            typer.echo(f"  {reason.text}")
        for step in dict.fromkeys(reason.next_step for reason in one.window_verdict.reasons if reason.next_step):
            typer.echo(f"  {step}")
        if one.window_verdict.power:
            typer.echo(f"  {one.window_verdict.power}")
    if not found.windows:
        for f in found.figures:
            told = f"{f.value:.6g}" if f.value is not None else "no value"
            alert = "  alert" if f.alert else ""
            typer.echo(f"{f.start}-{f.end}  {f.column}  {f.method}  {told} (n = {f.n:,}){alert}")


@commands.command(
    epilog="Example: python -m flora_core estimate last_year.csv this_year.csv --identified species --true determined "
    "--probability setosa=p_setosa --probability versicolor=p_versicolor"
)
def estimate(
    reference: Reference,
    current: Current,
    identified: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the species named.")],
    true: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the true species; CURRENT may lack it.")],
    probability: Annotated[
        list[str], typer.Option(metavar="SPECIES=COLUMN", help="The column of a species' probability; once for each.")
    ],
    tool: Annotated[str, typer.Option("--as", metavar="TOOL", help="Whose definitions: flora or nannyml.")] = "flora",
    chunk_size: Size = None,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """The accuracy of CURRENT without its labels, from probabilities calibrated on REFERENCE."""
    from flora_core.workflows.monitor.two_tables import estimate_of_tables, figures_document

    if tool not in ("flora", "nannyml"):
        raise Refused(f"--as can't be '{tool}'; it is flora or nannyml.")
    found = estimate_of_tables(
        _read(reference),
        _read(current),
        identified=identified,
        true=true,
        probabilities=read_assignments(
            probability, "--probability", "SPECIES=COLUMN; write for example setosa=p_setosa"
        ),
        tool="nannyml" if tool == "nannyml" else "flora",
        size=chunk_size,
    )
    if as_json:
        print_json(figures_document(found))
        return
    for e in found:
        if e.value is None or e.low is None or e.high is None:
            typer.echo(f"{e.start}-{e.end}  {e.metric}: nothing to estimate from")
            continue
        real = f"; realised {100 * e.realised:.1f} %" if e.realised is not None else ""
        alert = "  alert" if e.alert else ""
        interval = f"{100 * e.low:.1f} to {100 * e.high:.1f} %"
        typer.echo(f"{e.start}-{e.end}  {e.metric} {100 * e.value:.1f} % ({interval}, n = {e.n:,}{real}){alert}")
    typer.echo("Assumed: plants that look alike are of the same species as often as they were in the reference.")


def _read(file: Path) -> Table:
    from flora_core.workflows.monitor.two_tables import read_table

    try:
        with open(file, "rb") as stream:
            return read_table(stream, file.name)
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from None


def _study(name: str) -> Noun:
    """The study whose units and names the sentences use; the one that comes with the program needs no database."""
    from flora_core.study import IRIS
    from flora_core.workflows.studies.listing import show_study

    if name == IRIS.name:
        return IRIS
    return show_study(command_context(), name).study


def _names(text: str, table: Table) -> list[str]:
    """The columns between the commas; one whose name holds a comma itself is taken whole."""
    if text.strip() in table.columns:
        return [text.strip()]
    return [name.strip() for name in text.split(",") if name.strip()]
