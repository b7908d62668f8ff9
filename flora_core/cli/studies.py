"""`studies ...`: plant groups."""

from __future__ import annotations

from typing import Any

import typer

from flora_core.cli.doors import Json, open_with_champion, print_json

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Plant groups.")


@commands.command("list", epilog="Example: python -m flora_core studies list")
def studies_list(as_json: Json = False) -> None:
    """All plant groups."""
    from flora_core.workflows.studies import list_studies

    found = list_studies(open_with_champion())
    if as_json:
        print_json([_study_document(view) for view in found])
        return
    for view in found:
        typer.echo(
            f"{view.study.name}: {view.study.title}, {sum(view.plants.values())} plants, {len(view.plants)} species"
        )


@commands.command("show", epilog="Example: python -m flora_core studies show iris")
def studies_show(name: str, as_json: Json = False) -> None:
    """One plant group: measurements with units and limits, species with plants, what to know before trusting it."""
    from flora_core.tables.limits import span
    from flora_core.workflows.studies import show_study

    view = show_study(open_with_champion(), name)
    if as_json:
        print_json(_study_document(view))
        return
    typer.echo(f"{view.study.title} ({view.study.name})")
    for m in view.study.measurements:
        typer.echo(f"  {m.name}: {span(m)}{f', {m.term}' if m.term else ''}. {m.how}")
    for species in view.study.species:
        about = f" {species.note}" if species.note else ""
        typer.echo(f"  {species.name} {species.author}: {view.plants.get(species.name, 0)} plants.{about}")
    for line in filter(None, (view.study.caveat, *view.warnings, *view.study.sources)):
        typer.echo(line)


def _study_document(view: Any) -> dict[str, Any]:
    document: dict[str, Any] = view.study.model_dump(mode="json")
    document["species"] = view.plants
    document["species_details"] = view.study.model_dump(mode="json")["species"]
    document["warnings"] = list(view.warnings)
    return document
