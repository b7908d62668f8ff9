"""`models ...`: versions and their history."""

from __future__ import annotations

import typer

from flora_core.cli.doors import Json, Study, open_with_champion, print_json

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Model versions and their history.")


@commands.command("list", epilog="Example: python -m flora_core models list --study iris")
def models_list(study: Study = "iris", as_json: Json = False) -> None:
    """All versions, oldest first, and which of them is the champion."""
    from flora_core.workflows.models import list_versions

    found = list_versions(open_with_champion(), study)
    if as_json:
        print_json([v.model_dump() for v in found])
        return
    for v in found:
        champion = "  champion" if v.champion else ""
        typer.echo(f"v{v.version}  {v.algorithm:<10}  {v.registered_at}  {v.registered_by}{champion}")
    if not found:
        typer.echo(f"{study} has no model version yet.")


@commands.command("show", epilog="Example: python -m flora_core models show 1")
def models_show(version: str, study: Study = "iris", as_json: Json = False) -> None:
    """One version: its card, its scores and its history."""
    from flora_core.workflows.models import show_version, version_number

    row, card, events = show_version(open_with_champion(), study, version_number(version))
    if as_json:
        document = card.model_dump(mode="json")
        document["events"] = [
            {"kind": e.kind, "at": e.at.isoformat(timespec="seconds"), "by": e.by, "why": e.why} for e in events
        ]
        document["artifact_sha256"] = row.checksums.artifact
        print_json(document)
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


@commands.command("verify", epilog="Example: python -m flora_core models verify")
def models_verify(as_json: Json = False) -> None:
    """Compare every version's files with the checksums they were registered with; exit 1 where one differs."""
    from flora_core.workflows.models import verify_versions

    verified, spare = verify_versions(open_with_champion())
    wrong = [v for v in verified if v.problem]
    if as_json:
        print_json(
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
