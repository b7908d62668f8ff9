"""`studies ...`: plant groups, made of labelled tables."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flora_core.cli.options import (
    JoinHeaders,
    Json,
    Spread,
    arrangement_said,
    context_with_champion,
    open_input,
    print_json,
)
from flora_core.errors import Issue, Refused
from flora_core.tables.columns.assignments import read_assignments
from flora_core.tables.columns.state_options import read_state_options

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Plant groups.")

File = Annotated[
    Path, typer.Option("--from", metavar="FILE", help="A labelled table: .csv, .tsv, .txt, .xlsx, .parquet or .arrow.")
]
Label = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The column of species' names; guessed if not given.")
]
Id = Annotated[str | None, typer.Option("--id", metavar="COLUMN", help="The column of catalogue numbers.")]
Group = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The column of populations, sites or plants that belong together.")
]
Genus = Annotated[str, typer.Option(help="The genus of epithets that stand alone, or the column that holds it.")]
Merge = Annotated[list[str] | None, typer.Option(metavar='"A=B"', help="Count the plants called A as B; also renames.")]
LeaveOut = Annotated[list[str] | None, typer.Option(metavar="NAME", help="Leave the plants of that name out.")]
Keep = Annotated[
    bool, typer.Option("--keep-qualified", help="Keep names with cf., aff., ?, sp. and hybrids as species.")
]
Codes = Annotated[bool, typer.Option("--codes", help="The names are numbers: codes of species.")]
Units = Annotated[list[str] | None, typer.Option("--unit", metavar="COLUMN=UNIT", help="The unit of a column.")]
Sheet = Annotated[str, typer.Option(help="The sheet of a workbook.")]
Decimal = Annotated[str, typer.Option(metavar="SIGN", help="The decimal sign, where the file does not tell.")]
Separator = Annotated[str, typer.Option(metavar="SIGN", help="What parts columns, where the file does not tell.")]
Middle = Annotated[bool, typer.Option("--middle-of-ranges", help="Read 2.0-2.5 as 2.25.")]
ChecklistFile = Annotated[
    Path | None,
    typer.Option(
        "--checklist",
        metavar="FILE",
        help="Accepted names and synonyms, kept with the group: Darwin Core Taxon, or an export of WFO or WCVP.",
    ),
]
Gather = Annotated[
    bool, typer.Option("--gather-synonyms", help="Count plants called by a synonym as those of its accepted name.")
]
By = Annotated[str, typer.Option(help="Who makes it; your login name where not given.")]


@commands.command("list", epilog="Example: python -m flora_core studies list")
def studies_list(as_json: Json = False) -> None:
    """All plant groups."""
    from flora_core.workflows.studies import list_studies

    found = list_studies(context_with_champion())
    if as_json:
        print_json([study_document(view) for view in found])
        return
    for view in found:
        champion = f"champion v{view.champion}" if view.champion is not None else "no champion yet"
        typer.echo(
            f"{view.study.name}: {view.study.title}, {sum(view.plants.values()):,} plants, {len(view.plants)} species, "
            f"{champion}"
        )


@commands.command("show", epilog="Example: python -m flora_core studies show iris")
def studies_show(name: str, as_json: Json = False) -> None:
    """One plant group: measurements with units and limits, species with plants, what to know before trusting it."""
    from flora_core.workflows.studies import show_study

    _print(show_study(context_with_champion(), name), as_json, {})


@commands.command(
    "create",
    epilog="Example: python -m flora_core studies create seeds --from seeds.csv --label variety --measurement 'area_mm2=mm2'",
)
def studies_create(
    name: str,
    file: File,
    label: Label = None,
    id_column: Id = None,
    group: Group = None,
    measurements: Annotated[
        list[str] | None,
        typer.Option(
            "--measurement",
            metavar="COLUMN[=UNIT]",
            help="A measured column, and no others than those given; else all.",
        ),
    ] = None,
    units: Units = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="COLUMN=KIND", help="What a column holds: measured, counted, unordered or ordered states."
        ),
    ] = None,
    orders: Annotated[
        list[str] | None,
        typer.Option("--order", metavar='"COLUMN=a<b<c"', help="The states of a column in their order."),
    ] = None,
    states: Annotated[
        list[str] | None,
        typer.Option(
            "--state", metavar='"COLUMN: A=B"', help="Count state A of a column as B; an empty B makes A unknown."
        ),
    ] = None,
    hints: Annotated[
        list[str] | None,
        typer.Option("--hint", metavar='"COLUMN: STATE=HOW"', help="A sentence on how to recognise a state."),
    ] = None,
    terms: Annotated[
        list[str] | None,
        typer.Option(
            "--term",
            metavar='"COLUMN[: STATE]=TERM"',
            help="The term of a trait ontology for a character or one of its states: TO:0000499.",
        ),
    ] = None,
    genus: Genus = "",
    merge: Merge = None,
    leave_out: LeaveOut = None,
    keep_qualified: Keep = False,
    codes: Codes = False,
    sheet: Sheet = "",
    decimal: Decimal = "",
    separator: Separator = "",
    middle_of_ranges: Middle = False,
    join_headers: JoinHeaders = False,
    spread: Spread = False,
    checklist: ChecklistFile = None,
    gather_synonyms: Gather = False,
    title: Annotated[str, typer.Option(help="As it is shown on screens.")] = "",
    organism: Annotated[str, typer.Option(help="What is measured, one of them: flower, kernel, leaf.")] = "",
    condition: Annotated[
        str, typer.Option(help="How the plants were measured: fresh, pressed or unknown.")
    ] = "unknown",
    region: Annotated[str, typer.Option(help="Where they grew.")] = "",
    licence: Annotated[str, typer.Option(help="The licence of the data.")] = "",
    source: Annotated[str, typer.Option(help="Where the data come from: a citation or an address.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """A plant group from a labelled table: names, measurements and units are read from it, and corrected by options."""
    from flora_core.workflows.studies import Choices, checklist_for, create, propose

    if gather_synonyms and checklist is None:
        raise Refused("--gather-synonyms needs a checklist that says which names are synonyms (--checklist FILE).")
    if condition not in ("fresh", "pressed", "unknown"):
        raise Refused(f"--condition can't be '{condition}'; it is fresh, pressed or unknown.")
    kept: Literal["fresh", "pressed", "unknown"] = condition  # type: ignore[assignment]
    context = context_with_champion()
    with open_input(file) as stream:
        choices = Choices(
            study=name,
            label=label,
            id_column=id_column,
            group=group,
            genus=genus,
            measurements=dict(_column_and_unit(text) for text in measurements or ()),
            units=read_assignments(units, "--unit", "COLUMN=UNIT"),
            states=read_state_options(kinds or (), orders or (), states or (), hints or (), terms or ()),
            names=_names(merge, leave_out),
            keep_qualified=keep_qualified,
            codes=codes,
            sheet=sheet,
            decimal=_decimal(decimal),
            separator=_separator(separator),
            middle_of_ranges=middle_of_ranges,
            arrangement=arrangement_said(join_headers, spread),
            title=title,
            organism=organism,
            condition=kept,
            region=region,
            licence=licence,
            source=source,
        )
        proposal = propose(context, stream, file.name, choices)
        if checklist is not None:
            with open_input(checklist) as names:
                found = checklist_for(context, proposal, names, checklist.name, gathers=gather_synonyms)
            stream.seek(0)
            proposal = propose(context, stream, file.name, replace(choices, checklist=found))
    view = create(context, proposal, by or getpass.getuser())
    said = {
        "label": proposal.label,
        "id": proposal.id_column,
        "group": proposal.group,
        "columns": dict(zip(proposal.measured, view.study.names, strict=True)),
        "notes": list(proposal.notes),
        "left_out": proposal.left_out,
        "issues": [_issue(issue) for issue in proposal.issues],
    }
    _print(view, as_json, said, proposal.warnings, (proposal.columns_read, *proposal.notes), proposal.issues)
    if not as_json:
        typer.echo(f"Next: python -m flora_core train --study {name}")


@commands.command("add", epilog="Example: python -m flora_core studies add seeds --from more-seeds.csv --label variety")
def studies_add(
    name: str,
    file: File,
    label: Label = None,
    id_column: Id = None,
    group: Group = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=NAME", help="Which column is which measurement.")
    ] = None,
    units: Units = None,
    genus: Genus = "",
    merge: Merge = None,
    leave_out: LeaveOut = None,
    keep_qualified: Keep = False,
    codes: Codes = False,
    sheet: Sheet = "",
    decimal: Decimal = "",
    separator: Separator = "",
    middle_of_ranges: Middle = False,
    join_headers: JoinHeaders = False,
    spread: Spread = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """More plants for a plant group, of its species or of new ones: its next training table. Models stay as they are."""
    from flora_core.workflows.studies import Choices, add_plants, propose_addition

    context = context_with_champion()
    with open_input(file) as stream:
        choices = Choices(
            study=name,
            label=label,
            id_column=id_column,
            group=group,
            genus=genus,
            units=read_assignments(units, "--unit", "COLUMN=UNIT"),
            names=_names(merge, leave_out),
            keep_qualified=keep_qualified,
            codes=codes,
            sheet=sheet,
            decimal=_decimal(decimal),
            separator=_separator(separator),
            middle_of_ranges=middle_of_ranges,
            arrangement=arrangement_said(join_headers, spread),
        )
        said_columns = read_assignments(columns, "--map", "COLUMN=NAME")
        addition = propose_addition(context, stream, file.name, choices, said_columns)
    view = add_plants(context, addition, by or getpass.getuser())
    said = {
        "added": addition.added,
        "new_species": list(addition.new_species),
        "table": view.tables[-1].number,
        "columns": addition.mapping,
        "notes": list(addition.notes),
        "issues": [_issue(issue) for issue in addition.issues],
    }
    if not as_json:
        new = f", {', '.join(addition.new_species)} among them for the first time" if addition.new_species else ""
        typer.echo(f"Added {sum(addition.added.values()):,} plants as table {view.tables[-1].number}{new}.")
    _print(view, as_json, said, addition.warnings, addition.notes, addition.issues)


@commands.command(
    "checklist",
    epilog="Example: python -m flora_core studies checklist iris --from classification.csv --gather-synonyms",
)
def studies_checklist(
    name: str,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Darwin Core Taxon, or an export of WFO or WCVP; zipped or not."),
    ] = None,
    gather_synonyms: Gather = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """The checklist of accepted names that is kept with a plant group; with --from, another in its place."""
    from flora_core.workflows.studies import keep_checklist, show_study

    context = context_with_champion()
    if file is not None:
        with open_input(file) as stream:
            keep_checklist(context, name, stream, file.name, by or getpass.getuser(), gathers=gather_synonyms)
    elif gather_synonyms:
        raise Refused("--gather-synonyms goes with the checklist's file (--from FILE).")
    document = checklist_document(show_study(context, name))
    if as_json:
        print_json(document)
    elif document is None:
        typer.echo(f"No checklist is kept with {name}. Give one: studies checklist {name} --from FILE")
    else:
        typer.echo(_checklist_in_words(document))
        for species, accepted in document["synonyms"].items():
            typer.echo(f"  {species} is a synonym of {accepted}.")


def _print(
    view: Any,
    as_json: bool,
    said: dict[str, Any],
    warnings: Sequence[str] = (),
    notes: Sequence[str] = (),
    issues: Sequence[Issue] = (),
) -> None:
    from flora_core.tables.values.limits import limits_text
    from flora_core.workflows.studies import issues_shown

    told = [*warnings, *(w for w in view.warnings if not any(w.rstrip(".") in one for one in warnings))]
    if as_json:
        print_json({**study_document(view), **said, "warnings": told})
        return
    study = view.study
    typer.echo(f"{study.title} ({study.name})")
    for m in study.measurements:
        kind = {"measured": "", "counted": "counted, ", "unordered": "states ", "ordered": "states in order "}[m.kind]
        typer.echo(
            f"  {m.name}: {kind}{limits_text(m)}{f', {m.term}' if m.term else ''}{f'. {m.how}' if m.how else ''}"
        )
    for species in study.species:
        about = f" {species.note}" if species.note else ""
        typer.echo(
            f"  {f'{species.name} {species.author}'.strip()}: {view.plants.get(species.name, 0):,} plants.{about}"
        )
    if view.checklist is not None:
        typer.echo(_checklist_in_words(checklist_document(view) or {}))
    for line in filter(None, (study.caveat, *told, *notes, *issues_shown(issues), *study.sources)):
        typer.echo(line)


def study_document(view: Any) -> dict[str, Any]:
    """A study for programs: its measurements, {species: plants}, champion, training tables and warnings."""
    document: dict[str, Any] = view.study.model_dump(mode="json")
    document["species"] = view.plants
    document["species_details"] = view.study.model_dump(mode="json")["species"]
    document["champion"] = view.champion
    document["tables"] = [
        {
            "number": t.number,
            "plants": t.plants,
            "source": t.source,
            "sha256": t.sha256,
            "added_by": t.added_by,
            "added_at": t.added_at.isoformat(timespec="seconds"),
        }
        for t in view.tables
    ]
    document["warnings"] = list(view.warnings)
    document["checklist"] = checklist_document(view)
    return document


def checklist_document(view: Any) -> dict[str, Any] | None:
    """The checklist kept with a study, for programs; None where there is none."""
    from flora_core.workflows.studies import synonyms_of_study

    if view.checklist is None:
        return None
    return {
        "source": view.checklist.source,
        "sha256": view.checklist.sha256,
        "names": len(view.checklist.names),
        "gathers_synonyms": view.checklist.gathers,
        "synonyms": synonyms_of_study(view.study.species_names, view.checklist),
    }


def _checklist_in_words(document: dict[str, Any]) -> str:
    counts = "count as their accepted names" if document["gathers_synonyms"] else "are shown with their accepted names"
    return f"Checklist: {document['source']}, {document['names']:,} names; synonyms {counts}."


def _issue(issue: Issue) -> dict[str, Any]:
    return {
        "row": issue.row,
        "column": issue.column,
        "value": issue.value,
        "problem": issue.problem,
        "suggestion": issue.suggestion,
    }


def _column_and_unit(text: str) -> tuple[str, str]:
    left, sign, right = text.rpartition("=")
    return (left.strip(), right.strip()) if sign and left.strip() else (text.strip(), "")


def _names(merge: Sequence[str] | None, leave_out: Sequence[str] | None) -> dict[str, str]:
    return read_assignments(merge, "--merge", "A=B") | {name.strip(): "" for name in leave_out or ()}


def _decimal(text: str) -> Literal[".", ",", ""]:
    signs: dict[str, Literal[".", ",", ""]] = {"": "", ".": ".", ",": ","}
    if text not in signs:
        raise Refused(f"'{text}' is not a decimal sign; it is . or ,")
    return signs[text]


def _separator(text: str) -> str:
    return {"tab": "\t", "space": " "}.get(text, text)
