"""`identify`: one plant."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from flora_core.cli.options import Json, Study, context_with_champion, print_json
from flora_core.tables.columns.assignments import read_assignments

commands = typer.Typer(rich_markup_mode=None)


@commands.command(
    epilog="Example: python -m flora_core identify sepal_length=6.0 sepal_width=2.7 petal_length=5.1 petal_width=1.6"
)
def identify(
    values: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE...", help="Measurements; one left out is missing.")
    ],
    unit: Annotated[str, typer.Option(help="Unit of all values, like mm; without it, the study's own.")] = "",
    record: Annotated[bool, typer.Option("--record", help="Record the identification.")] = False,
    by: Annotated[str, typer.Option(help="Who identifies; your login name where not given.")] = "",
    collector: Annotated[str, typer.Option(help="Who gathered the plant, for the record.")] = "",
    site: Annotated[str, typer.Option(help="Where it grew, for the record.")] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """One plant: its name, and how far to trust it."""
    from flora_core.units import parse_unit
    from flora_core.workflows import identify as workflow

    context = context_with_champion()
    found = workflow.identify(
        context,
        study,
        read_assignments(values, "", "NAME=VALUE; write for example petal_length=5.1", first_sign=True, empty=True),
        parse_unit(unit),
    )
    identifier = None
    if record:
        who = by or getpass.getuser()
        (recorded,) = workflow.record(context, [found], by=who, door="command", collector=collector, site=site)
        identifier = recorded.id
    if as_json:
        print_json(found.as_json(identifier))
        return
    from flora_core.identification.sentences import probability_text

    typer.echo(found.sentence)
    for note in (*found.plant.notes, *found.plant.unusual):
        typer.echo(f"  {note}")
    if found.fits:
        width = max(map(len, found.study.species_names))
        typer.echo("\nIf it is one of these species:" if found.unusual else "")
        for j in found.ranking[:5]:
            typer.echo(f"  {found.study.species_names[j]:<{width}}  {probability_text(found.probability[j])}")
        typer.echo(f"\nStill possible (95 % prediction set): {', '.join(found.answer.prediction_set)}")
    if (found.unusual or not found.fits) and found.model.card.unknown_species is not None:
        typer.echo(found.model.card.unknown_species.sentence)
    typer.echo(f"Named by {found.model.card.identified_by}.")
    if identifier:
        typer.echo(f"Recorded as {identifier}.")
