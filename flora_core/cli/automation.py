"""`report`, `retrain`, `watch`: the cycle as machines run it."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flora_core.cli.options import Json, Study, as_service, context_with_champion, print_json, progress_bar
from flora_core.errors import Refused

commands = typer.Typer(rich_markup_mode=None)


@commands.command(epilog="Example: python -m flora_core report -o report")
def report(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder for its files.")],
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """What continuous integration publishes: report.md, report.html, figures, report.json, junit.xml."""
    from flora_core.reporting.documents import render_documents
    from flora_core.workflows.monitor.current_verdict import verdict_document
    from flora_core.workflows.reports.study_report import build_study_report

    facts = build_study_report(context_with_champion(), study)
    files = render_documents(facts)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (output / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"The report can't be written to {output}: {error.strerror}.") from None
    if as_json:
        print_json({"files": sorted(files), "verdict": facts.verdict, "monitor": verdict_document(facts.watched)})
    else:
        typer.echo(f"{facts.watched.told}\nWrote {len(files)} files to {output}; begin with {output / 'report.html'}.")


@commands.command(epilog="Example: python -m flora_core retrain --if-needed --by nightly")
def retrain(
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="Only where the verdict or new plants ask for it.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who is written into the history; your login name where not given.")] = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """The automatic cycle: verdict, train, gate, promote or keep, and why. Exit 3 where somebody should look."""
    from flora_core.workflows.models.retraining import retrain as cycle

    done = cycle(
        as_service(context_with_champion(), "retrain"),
        study,
        by=by or getpass.getuser(),
        if_needed=if_needed,
        progress=progress_bar("Retraining"),
    )
    if as_json:
        document = asdict(done)
        del document["red"]
        print_json(document)
    else:
        typer.echo(done.why)
    if done.red:
        raise typer.Exit(3)


@commands.command(epilog="Example: python -m flora_core watch --every 60 --retrain-at 03:17")
def watch(
    once: Annotated[bool, typer.Option("--once", help="Look once and end, for cron.")] = False,
    every: Annotated[int, typer.Option(min=1, max=1440, help="Minutes between two looks.")] = 60,
    retrain_at: Annotated[
        str, typer.Option(metavar="HH:MM", help="When to retrain where needed, in UTC; empty for never.")
    ] = "03:17",
    as_json: Json = False,
) -> None:
    """Look at the verdict of every study, tell of a change (FLORA_ALERTS), and retrain at night; until it is stopped."""
    from flora_core.workflows.operations.scheduler import check_all_studies, run_scheduler

    context = as_service(context_with_champion(), "watch")
    if once:
        lines = check_all_studies(context)
        if as_json:
            print_json(lines)
        for line in [] if as_json else lines:
            typer.echo(line["detail"])
        return
    run_scheduler(context, every=every, retrain_at=retrain_at)
