"""`profiles check` and `profiles rebuild`: what the monitor reads, against the records it was counted from."""

from __future__ import annotations

from dataclasses import asdict

import typer

from flora_core.cli.options import Json, Study, command_context, print_json

commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What the monitor reads, day by day.")


@commands.command(epilog="Example: python -m flora_core profiles check --json")
def check(study: Study = "iris", as_json: Json = False) -> None:
    """Compare the profiles with the records, to the last digit; exit 3 where a day differs."""
    from flora_core.workflows.monitor.profiles import recount

    found = recount(command_context(), study)
    if as_json:
        print_json({"study": study, "versions": [asdict(one) for one in found]})
    for one in found if not as_json else ():
        days = f"{one.plants:,} plants on {one.days:,} day{'' if one.days == 1 else 's'}"
        said = f"differ on {', '.join(one.differing)}; run profiles rebuild" if one.differing else "the same"
        typer.echo(f"{study} v{one.version}: {days}; profiles and records are {said}.".replace("are differ", "differ"))
    if not found and not as_json:
        typer.echo(f"Nothing was recorded in {study} yet.")
    if any(one.differing for one in found):
        raise typer.Exit(3)


@commands.command(epilog="Example: python -m flora_core profiles rebuild")
def rebuild(study: Study = "iris", as_json: Json = False) -> None:
    """Make the profiles again from the records; the same records give the same profiles."""
    from flora_core.workflows.monitor.profiles import rebuild as made_again

    plants = made_again(command_context(), study)
    if as_json:
        print_json({"study": study, "plants": plants})
    else:
        typer.echo(f"Counted {plants:,} recorded plants of {study} again.")
