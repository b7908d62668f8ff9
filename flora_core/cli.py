"""The `flora` command: one job, one command; `python -m flora_core COMMAND --help` shows an example of each.

Results go to stdout, with `--json` as one JSON document and nothing else; progress and refusals go to stderr. Exit code:
0 done, 1 refused (one line says what is wrong and what to do), 2 wrong usage, 3 the verdict or gate is red.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import typer

from flora_core.errors import FloraError, Refused, as_document
from flora_core.workflows.house import House, open_house

app = typer.Typer(
    name="flora",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measure a plant, learn its name, and know how far to trust it.",
)
models_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Model versions and their history.")
studies_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Plant groups.")
app.add_typer(models_app, name="models")
app.add_typer(studies_app, name="studies")

Study = Annotated[str, typer.Option(help="The plant group.", show_default=True)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")]


def main() -> None:
    """Run the command line; the last place where an error becomes a sentence and an exit code."""
    try:
        app()
    except FloraError as error:
        typer.echo(f"flora: {error.message}", err=True)
        if "--json" in sys.argv:
            _print_json(as_document(error))
        sys.exit(1)


@app.command(
    epilog="Example: python -m flora_core identify sepal_length=6.0 sepal_width=2.7 petal_length=5.1 petal_width=1.6"
)
def identify(
    values: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE...", help="Measurements; one left out is missing.")
    ],
    unit: Annotated[str, typer.Option(help="Unit of all values, like mm; without it, the study's own.")] = "",
    record: Annotated[bool, typer.Option("--record", help="Record the identification.")] = False,
    by: Annotated[str, typer.Option(help="Who identifies; your login name where not given.")] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """One plant: its name, and how far to trust it."""
    from flora_core.units import parse_unit
    from flora_core.workflows import identify as workflow

    house = _open()
    found = workflow.identify(house, study, _pairs(values), parse_unit(unit))
    identifier = None
    if record:
        (recorded,) = workflow.record(house, [found], by=by or getpass.getuser(), door="command")
        identifier = recorded.id
    if as_json:
        _print_json(found.as_json(identifier))
        return
    from flora_core.identification.sentences import percent

    typer.echo(found.sentence)
    for note in (*found.plant.notes, *found.plant.unusual):
        typer.echo(f"  {note}")
    if found.fits:
        width = max(map(len, found.study.species_names))
        typer.echo("")
        for j in (-found.probability).argsort(kind="stable")[:5]:
            typer.echo(f"  {found.study.species_names[j]:<{width}}  {percent(found.probability[j])}")
        typer.echo(f"\nStill possible (95 % prediction set): {', '.join(found.answer.prediction_set)}")
    typer.echo(f"Named by {found.model.card.identified_by}.")
    if identifier:
        typer.echo(f"Recorded as {identifier}.")


@app.command(epilog="Example: python -m flora_core batch flowers.csv -o named.csv --by 'A. Gray'")
def batch(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table: .csv, .tsv, .txt or .xlsx.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where the result goes (.csv, .tsv or .xlsx); beside FILE if not given."),
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
    darwin_core: Annotated[
        Path | None, typer.Option(metavar="OUT.zip", help="Write a Darwin Core archive too.")
    ] = None,
    no_record: Annotated[bool, typer.Option("--no-record", help="Record nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Record a file that was recorded before once more.")] = False,
    duplicates: Annotated[
        str, typer.Option(help="Rows with one catalogue number: flag, replicate (one plant, pooled), latest or error.")
    ] = "flag",
    decimal: Annotated[str, typer.Option(metavar="SIGN", help="The decimal sign, where the file does not tell.")] = "",
    separator: Annotated[
        str, typer.Option(metavar="SIGN", help="What parts columns, where the file does not tell.")
    ] = "",
    middle_of_ranges: Annotated[bool, typer.Option("--middle-of-ranges", help="Read 2.0-2.5 as 2.25.")] = False,
    by: Annotated[str, typer.Option(help="Who identifies; your login name where not given.")] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """A table; every row back, in order, its own columns untouched, with a name or a reason."""
    from flora_core.tables.checking import Duplicates
    from flora_core.workflows.batch import BatchRequest, remember_columns, run_batch, summary_document, understand
    from flora_core.workflows.batch.sinks import DarwinCoreSink, TableSink

    target = output or _beside(file)
    kind = target.suffix.lower().removeprefix(".") or "csv"
    if kind not in ("csv", "tsv", "txt", "xlsx"):
        raise Refused(f"The result can't be written as .{kind}; choose .csv, .tsv or .xlsx.")
    signs: dict[str, Literal[".", ",", ""]] = {"": "", ".": ".", ",": ","}
    if decimal not in signs:
        raise Refused(f"'{decimal}' is not a decimal sign; it is . or ,")
    if duplicates not in list(Duplicates):
        raise Refused(f"--duplicates can't be '{duplicates}'; it is {', '.join(Duplicates)}.")
    house = _open()
    request = BatchRequest(
        study=study, name=file.name, sheet=sheet, decimal=signs[decimal],
        separator={"tab": "\t", "space": " "}.get(separator, separator),
        columns=_equals(columns, "--map", "COLUMN=NAME"), units=_equals(units, "--unit", "NAME=UNIT"), id_column=id_column,
        middle_of_ranges=middle_of_ranges, duplicates=Duplicates(duplicates),
    )  # fmt: skip
    with ExitStack() as files:
        stream = files.enter_context(_reading(file))
        understood = understand(house, stream, request)
        written = files.enter_context(_written_whole(target, file))
        sinks: list[Any] = [
            TableSink(written, "tsv" if kind == "tsv" else "xlsx" if kind == "xlsx" else "csv", understood)
        ]
        if darwin_core is not None:
            sinks.append(DarwinCoreSink(files.enter_context(_written_whole(darwin_core, file)), understood))
        person = by or getpass.getuser()
        summary = run_batch(
            house,
            stream,
            understood,
            sinks=sinks,
            record=not no_record,
            again=again,
            by=person,
            progress=_share(file.name),
        )
        for sink in sinks:
            sink.close()
    if columns or units:
        remember_columns(house, understood, person)
    if as_json:
        _print_json(summary_document(understood, summary, str(target)))
        return
    typer.echo(summary.sentence(understood.model.study))
    for column, name in understood.mapping.items():
        typer.echo(f"  {column} is {name}")
    for note in (*summary.notes, *understood.questions):
        typer.echo(f"  {note}")
    for issue in summary.issues[:20]:
        typer.echo(f"  {issue.sentence()}")
    if summary.issue_count > 20:
        typer.echo(f"  ... and {summary.issue_count - 20:,} more issues; each stands in its row's flora_issues.")
    typer.echo(f"Written to {target}." + (f" Recorded {summary.recorded:,}." if summary.recorded else ""))


@models_app.command("list", epilog="Example: python -m flora_core models list --study iris")
def models_list(study: Study = "iris", as_json: Json = False) -> None:
    """All versions, oldest first, and which of them is the champion."""
    from flora_core.workflows.models import list_versions

    found = list_versions(_open(), study)
    if as_json:
        _print_json([v.model_dump() for v in found])
        return
    for v in found:
        champion = "  champion" if v.champion else ""
        typer.echo(f"v{v.version}  {v.algorithm:<10}  {v.registered_at}  {v.registered_by}{champion}")
    if not found:
        typer.echo(f"{study} has no model version yet.")


@models_app.command("show", epilog="Example: python -m flora_core models show 1")
def models_show(version: str, study: Study = "iris", as_json: Json = False) -> None:
    """One version: its card, its scores and its history."""
    from flora_core.workflows.models import show_version, version_number

    row, card, events = show_version(_open(), study, version_number(version))
    if as_json:
        document = card.model_dump(mode="json")
        document["events"] = [
            {"kind": e.kind, "at": e.at.isoformat(timespec="seconds"), "by": e.by, "why": e.why} for e in events
        ]
        document["artifact_sha256"] = row.checksums.artifact
        _print_json(document)
        return
    s = card.scores
    typer.echo(f"{card.label}: {card.algorithm_title}, trained {card.trained_at:%Y-%m-%d} on {card.table.rows} plants.")
    typer.echo(card.chosen)
    typer.echo(
        f"Accuracy {100 * s.accuracy:.1f} % (95 % interval {100 * s.low:.1f} to {100 * s.high:.1f}, n = {s.plants}; "
        f"always naming the most common species: {100 * card.baseline:.1f} %), {s.method}."
    )
    for name, species in s.by_species.items():
        typer.echo(
            f"  {name}: {species.right} of {species.plants} named right "
            f"({100 * species.recall_low:.0f} to {100 * species.recall_high:.0f} %)"
        )
    if card.study.caveat:
        typer.echo(card.study.caveat)
    for e in events:
        typer.echo(f"{e.at:%Y-%m-%d %H:%M} UTC  {e.kind} by {e.by}: {e.why}")


@models_app.command("verify", epilog="Example: python -m flora_core models verify")
def models_verify(as_json: Json = False) -> None:
    """Compare every version's files with the checksums they were registered with; exit 1 where one differs."""
    from flora_core.workflows.models import verify_versions

    verified, spare = verify_versions(_open())
    wrong = [v for v in verified if v.problem]
    if as_json:
        _print_json(
            {
                "ok": not wrong,
                "versions": [
                    {"study": v.study, "version": v.version, "ok": not v.problem, "problem": v.problem}
                    for v in verified
                ],
                "leftovers": spare,
            }
        )
    else:
        for v in verified:
            typer.echo(f"{v.study} v{v.version}: {v.problem or 'whole and unchanged'}")
        for name in spare:
            typer.echo(f"{name}: left by a process that was stopped while saving; nothing uses it")
    if wrong:
        typer.echo(f"flora: {len(wrong)} of {len(verified)} versions can't be used; see above.", err=True)
        raise typer.Exit(1)


@studies_app.command("list", epilog="Example: python -m flora_core studies list")
def studies_list(as_json: Json = False) -> None:
    """All plant groups."""
    from flora_core.workflows.studies import list_studies

    found = list_studies(_open())
    if as_json:
        _print_json([_study_document(view) for view in found])
        return
    for view in found:
        typer.echo(
            f"{view.study.name}: {view.study.title}, {sum(view.plants.values())} plants, {len(view.plants)} species"
        )


@studies_app.command("show", epilog="Example: python -m flora_core studies show iris")
def studies_show(name: str, as_json: Json = False) -> None:
    """One plant group: measurements with units and limits, species with plants, what to know before trusting it."""
    from flora_core.tables.limits import span
    from flora_core.workflows.studies import show_study

    view = show_study(_open(), name)
    if as_json:
        _print_json(_study_document(view))
        return
    typer.echo(f"{view.study.title} ({view.study.name})")
    for m in view.study.measurements:
        typer.echo(f"  {m.name}: {span(m)}{f', {m.term}' if m.term else ''}. {m.how}")
    for species in view.study.species:
        about = f" {species.note}" if species.note else ""
        typer.echo(f"  {species.name} {species.author}: {view.plants.get(species.name, 0)} plants.{about}")
    for line in filter(None, (view.study.caveat, *view.warnings, *view.study.sources)):
        typer.echo(line)


@app.command(epilog="Example: python -m flora_core migrate")
def migrate(as_json: Json = False) -> None:
    """Bring the database to this program's age; make a copy of it first."""
    before, after = open_house().database.migrate()
    if as_json:
        _print_json({"before": before, "after": after})
    else:
        typer.echo(
            f"The database is at migration {after}." if before == after else f"From {before or 'nothing'} to {after}."
        )


def _beside(file: Path) -> Path:
    """A name beside the file that is not taken yet."""
    for number in range(1, 10_000):
        place = file.with_name(f"{file.stem}-identified{'' if number == 1 else f'-{number}'}.csv")
        if not place.exists():
            return place
    raise Refused(f"Too many results lie beside {file}; say where this one shall go, with -o.")


def _reading(file: Path) -> BinaryIO:
    try:
        return open(file, "rb")
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from None


@contextmanager
def _written_whole(target: Path, source: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all, and never in place of the one that is read."""
    if target.exists() and source.exists() and target.samefile(source):
        raise Refused(f"{target} is the file that is read; choose another name for the result.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with open(unfinished, "w+b") as stream:
            yield stream
        unfinished.replace(target)
    except OSError as error:
        raise Refused(f"{target} can't be written: {error.strerror}.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _equals(given: list[str] | None, option: str, shape: str) -> dict[str, str]:
    """What stands on both sides of the last equals sign: a column's name may hold one itself."""
    pairs = {}
    for text in given or []:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip():
            raise Refused(f"{option} '{text}' is not {shape}.")
        pairs[name.strip()] = value.strip()
    return pairs


def _share(title: str) -> Any:
    """Progress of a table: a share of it, and how many rows."""
    told = _progress(title)
    return lambda share, doing: told(round(1000 * share), 1000, doing)


def _open() -> House:
    """The house, with its first champion trained where there is none yet."""
    from flora_core.workflows.models import ensure_champion

    house = open_house()
    ensure_champion(house, _progress("Training the first model"))
    return house


def _progress(title: str) -> Any:
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


def _pairs(values: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip():
            raise Refused(f"'{value}' is not NAME=VALUE; write for example petal_length=5.1")
        if name.strip() in pairs:
            raise Refused(f"{name.strip()} is given twice; give it once.")
        pairs[name.strip()] = text
    return pairs


def _study_document(view: Any) -> dict[str, Any]:
    document: dict[str, Any] = view.study.model_dump(mode="json")
    document["species"] = view.plants
    document["species_details"] = view.study.model_dump(mode="json")["species"]
    document["warnings"] = list(view.warnings)
    return document


def _print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
