"""`monitor`: do the plants still look like the training plants, and how right is the model still?"""

from __future__ import annotations

from typing import Annotated

import typer

from flora_core.cli.options import Json, Study, context_with_champion, print_json

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core monitor --since 2026-06-01 --until 2026-06-30 --window week")
def monitor(
    since: Annotated[
        str, typer.Option(metavar="D", help="The first day, like 2026-06-01; a year back where not given.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="D", help="The last day, like 2026-06-30; today where not given.")] = "",
    window: Annotated[str, typer.Option(help="day, week or month.")] = "week",
    version: Annotated[int | None, typer.Option(metavar="V", help="Only what this version identified.")] = None,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """The verdict on the last plants, and what happened before them, window by window; exit 3 when it is red."""
    from flora_core.workflows.monitor import asked_days, asked_window, monitor_document, monitor_study

    first, last = asked_days(since, until)
    context = context_with_champion()
    found = monitor_study(context, study, since=first, until=last, window=asked_window(window), version=version)
    if as_json:
        print_json(monitor_document(found))
    else:
        typer.echo(f"{found.verdict.upper()}: {found.sentence if found.current is None else found.current.told}")
        for line in (*found.reasons, *found.notes):
            typer.echo(f"  {line}")
        if found.windows:
            typer.echo(f"{'window':<28}{'plants':>8}{'determined':>12}{'right':>8}{'estimated':>11}  verdict")
        for one in found.windows:
            known = [part.realised for part in one.parts]
            determined, right = sum(r.determined for r in known), sum(r.right for r in known)
            guesses = [f"{part.estimated.value:.0%}" for part in one.parts if part.estimated]
            typer.echo(
                f"{one.span.written:<28}{one.plants:>8,}{determined:>12,}{right if determined else '-':>8}"
                f"{', '.join(guesses) or '-':>11}  {one.verdict if one.plants else '-'}"
            )
    if found.verdict == "red":
        raise typer.Exit(3)
