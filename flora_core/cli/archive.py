"""`archive`: a study's records as a Darwin Core archive."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from flora_core.cli.options import Json, Study, atomic_output, context_with_champion, print_json, progress_bar
from flora_core.errors import Refused

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core archive irises-2026.zip --since 2026-01-01 --determined")
def archive(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the archive goes, a .zip file.")],
    since: Annotated[str, typer.Option(metavar="DAY", help="From this day on, like 2026-06-01.")] = "",
    until: Annotated[str, typer.Option(metavar="DAY", help="Up to the end of this day.")] = "",
    determined: Annotated[bool, typer.Option("--determined", help="Only plants that somebody determined.")] = False,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """A study's records as a Darwin Core archive, each plant with all that was ever said of it."""
    from flora_core.workflows.reports.darwin_core_archive import write_archive

    first, last = _day(since, "--since"), _day(until, "--until")
    context = context_with_champion()
    with atomic_output(file) as stream:
        found = write_archive(
            context,
            study,
            stream,
            since=first,
            until=last and last + timedelta(days=1),
            only_determined=determined,
            progress=progress_bar(file.name),
        )
    if as_json:
        print_json({"file": str(file), **asdict(found)})
        return
    typer.echo(
        f"Written to {file}: {found.plants:,} plants, {found.determined:,} of them determined ({found.determinations:,} "
        "determinations)."
    )


def _day(text: str, option: str) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{option} '{text}' is not a day; write it like 2026-06-01.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
