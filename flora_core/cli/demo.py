"""`demo load` and `demo remove`: a simulated season to show."""

from __future__ import annotations

import typer

from flora_core.cli.options import Json, context_with_champion, print_json, progress_bar

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="A simulated season, to show every page with.")


@commands.command("load", epilog="Example: python -m flora_core demo load")
def demo_load(as_json: Json = False) -> None:
    """Fill a study of its own with ninety simulated days; one that is there is replaced."""
    from flora_core.workflows.demo.load import load

    done = load(context_with_champion(), progress=progress_bar("Simulating a season"))
    if as_json:
        print_json({"study": done.study, "records": done.records, "determinations": done.determinations})
    else:
        typer.echo(
            f"Loaded {done.records:,} simulated records and {done.determinations:,} determinations into the study "
            f"'{done.study}'. See them with --study {done.study}; take them away with: python -m flora_core demo remove"
        )


@commands.command("remove", epilog="Example: python -m flora_core demo remove")
def demo_remove(as_json: Json = False) -> None:
    """Remove the simulated season without a trace."""
    from flora_core.workflows.demo.load import remove

    removed = remove(context_with_champion())
    if as_json:
        print_json({"records": removed})
    else:
        typer.echo(f"Removed {removed:,} rows." if removed else "There is no simulated season; nothing was removed.")
