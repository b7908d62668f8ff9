"""`models ...`: versions and their history."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flora_core.cli.options import Json, Study, context_with_champion, print_json, progress_bar
from flora_core.errors import Refused

if TYPE_CHECKING:
    from flora_core.learning.comparison.model_comparison import Comparison
    from flora_core.learning.comparison.promotion_gate import Gate
    from flora_core.storage.registry.registry import Event

Why = Annotated[str, typer.Option(help="The reason; the history keeps it.")]
By = Annotated[str, typer.Option(help="Who does it; your login name where not given.")]

Margin = Annotated[
    float, typer.Option(metavar="POINTS", help="How many points worse still counts as good; above 0, at most 20.")
]

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Model versions and their history.")


@commands.command("list", epilog="Example: python -m flora_core models list --study iris")
def models_list(study: Study = "iris", as_json: Json = False) -> None:
    """All versions, oldest first, and which of them is the champion."""
    from flora_core.workflows.models.lifecycle import list_versions

    found = list_versions(context_with_champion(), study)
    if as_json:
        print_json([v.model_dump() for v in found])
        return
    for v in found:
        champion = "  champion" if v.champion else "  retired" if v.retired else ""
        typer.echo(f"v{v.version}  {v.algorithm:<10}  {v.registered_at}  {v.registered_by}{champion}")
    if not found:
        typer.echo(f"{study} has no model version yet.")


@commands.command("show", epilog="Example: python -m flora_core models show 1")
def models_show(version: str, study: Study = "iris", as_json: Json = False) -> None:
    """One version: its card, its scores and its history."""
    from flora_core.learning.libraries import libraries_note
    from flora_core.workflows.models.lifecycle import show_version, version_number

    row, card, events = show_version(context_with_champion(), study, version_number(version))
    if as_json:
        document = card.model_dump(mode="json")
        document["events"] = [_event_document(e) for e in events]
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
    if note := libraries_note(card):
        typer.echo(note)
    for e in events:
        typer.echo(_event_line(e))


@commands.command("leaderboard", epilog="Example: python -m flora_core models leaderboard 2")
def models_leaderboard(version: str, study: Study = "iris", as_json: Json = False) -> None:
    """What was tried for a version: every family and setting with its scores, seconds, and why it was chosen or not."""
    from flora_core.workflows.models.lifecycle import leaderboard_document, show_version, version_number

    _, card, _ = show_version(context_with_champion(), study, version_number(version))
    if as_json:
        print_json(leaderboard_document(card))
        return
    typer.echo(f"{card.label}: {card.chosen}")
    for c in leaderboard_document(card)["candidates"]:
        settings = ", ".join(f"{k}={v}" for k, v in c["hyperparameters"].items())
        between = "" if c["low"] is None else f" ({100 * c['low']:.1f} to {100 * c['high']:.1f})"
        plants = "" if c["plants"] is None else f", n = {c['plants']:,}"
        typer.echo(
            f"  {c['algorithm']:<9} {settings:<48} log loss {c['log_loss']:.3f}, {100 * c['accuracy']:.1f} % right{between}"
            f"{plants}, {c['seconds']:.1f} s{'; ' + c['why'] if c['why'] else ''}"
        )


@commands.command("runs", epilog="Example: python -m flora_core models runs --study iris --mlflow mlruns")
def models_runs(
    mlflow: Annotated[
        Path | None,
        typer.Option("--mlflow", help="A new folder: write them as MLflow's file store, to look at with it."),
    ] = None,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """The trainings of a study side by side: scores with intervals, parameters, data and code version."""
    from flora_core.workflows.models.runs import export_runs, list_runs

    context = context_with_champion()
    if mlflow is not None:
        written = export_runs(context, study, mlflow)
        if as_json:
            print_json({"study": study, "output": str(mlflow), "runs": written})
        else:
            # MLflow 3 reads file stores on request only.
            typer.echo(
                f"Wrote {written} runs to {mlflow}; look at them with: MLFLOW_ALLOW_FILE_STORE=true mlflow ui "
                f"--backend-store-uri {mlflow}"
            )
        return
    runs = list_runs(context, study)
    if as_json:
        print_json(runs)
        return
    for run in runs:
        settings = ", ".join(f"{name}={value}" for name, value in run["hyperparameters"].items()) or "no setting"
        code = ", ".join(f"{name} {version}" for name, version in run["libraries"].items())
        typer.echo(
            f"v{run['version']}  {run['algorithm']} ({settings}), {100 * run['accuracy']:.1f} % right "
            f"({100 * run['low']:.1f} to {100 * run['high']:.1f}, n = {run['plants_scored']}), log loss {run['log_loss']:.3f}; "
            f"{run['candidates']} tried, {run['plants']} plants, table {run['table_sha256'][:12]}, seed {run['seed']}; {code}"
        )
    if not runs:
        typer.echo(f"{study} has no model version yet.")


@commands.command("verify", epilog="Example: python -m flora_core models verify")
def models_verify(as_json: Json = False) -> None:
    """Compare every version's files with the checksums they were registered with; exit 1 where one differs."""
    from flora_core.workflows.models.lifecycle import verify_versions

    verified, spare = verify_versions(context_with_champion())
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


@commands.command("history", epilog="Example: python -m flora_core models history --study iris")
def models_history(study: Study = "iris", as_json: Json = False) -> None:
    """Everything that happened to the versions of a study, oldest first: what, when, who, why."""
    from flora_core.workflows.models.lifecycle import history

    found = history(context_with_champion(), study)
    if as_json:
        print_json([{"version": e.version, **_event_document(e)} for e in found])
        return
    for e in found:
        typer.echo(f"v{e.version}  {_event_line(e)}")


@commands.command("compare", epilog="Example: python -m flora_core models compare 1 2")
def models_compare(
    champion: Annotated[str, typer.Argument(metavar="A", help="A version, most often the champion.")],
    challenger: Annotated[str, typer.Argument(metavar="B", help="The version that might take its place.")],
    margin: Margin = 2.0,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """Two versions on the same folds, and on determined plants; exit 3 where something stands against B."""
    from flora_core.workflows.models.lifecycle import compare_versions, version_number

    context = context_with_champion()
    a, b = version_number(champion), version_number(challenger)
    comparison, gate = compare_versions(
        context, study, a, b, margin=margin / 100, progress=progress_bar(f"Comparing v{a} with v{b}")
    )
    if as_json:
        print_json(_comparison_document(a, b, comparison, gate))
    else:
        typer.echo(comparison.sentence)
        for name, d in comparison.by_species.items():
            typer.echo(f"  {name}: {100 * d.champion:.1f} % and {100 * d.challenger:.1f} % named right, n = {d.plants}")
        typer.echo(gate.sentence)
    if not gate.passed:
        raise typer.Exit(3)


@commands.command("promote", epilog="Example: python -m flora_core models promote 2 --why 'better on wet meadows'")
def models_promote(
    version: str,
    why: Why,
    by: By = "",
    margin: Margin = 2.0,
    overrule: Annotated[
        bool, typer.Option("--overrule", help="Promote although the gate is shut; needs --by, and the event tells so.")
    ] = False,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """Let a version identify from now on, where the gate is open; exit 3 and nothing changed where it is shut."""
    from flora_core.workflows.models.lifecycle import promote, version_number

    if overrule and not by.strip():
        raise typer.BadParameter("whoever overrules the gate gives a name: --by WHO", param_hint="--overrule")
    context = context_with_champion()
    number = version_number(version)
    done = promote(context, study, number, by=by or getpass.getuser(), why=why, overrule=overrule, margin=margin / 100)
    document: dict[str, Any] = {
        "study": study,
        "version": number,
        "promoted": done.promoted,
        "before": done.before,
        "overruled": done.overruled,
        "gate": None
        if done.gate is None
        else {
            "passed": done.gate.passed,
            "proven": done.gate.proven,
            "answer": done.gate.answer,
            "plants_needed": done.gate.plants_needed,
            "sentence": done.gate.sentence,
            "reasons": list(done.gate.reasons),
        },
        "sentence": None if done.comparison is None else done.comparison.sentence,
    }
    if as_json:
        print_json(document)
    elif done.promoted:
        over = " The gate was overruled, and the history says so." if done.overruled else ""
        was = f", in place of v{done.before}" if done.before is not None else ""
        typer.echo(f"{study} v{number} identifies from now on{was}.{over}")
    else:
        assert done.gate is not None  # noqa: S101  the only way not to be promoted
        typer.echo(f"Not promoted. {done.gate.sentence}")
        typer.echo("To promote it all the same: --overrule --by WHO --why REASON")
    if not done.promoted:
        raise typer.Exit(3)


@commands.command("rollback", epilog="Example: python -m flora_core models rollback --why 'worse on pressed plants'")
def models_rollback(why: Why, by: By = "", study: Study = "iris", as_json: Json = False) -> None:
    """Let the champion before this one identify again."""
    from flora_core.workflows.models.lifecycle import roll_back

    version = roll_back(context_with_champion(), study, by=by or getpass.getuser(), why=why)
    if as_json:
        print_json({"study": study, "version": version})
    else:
        typer.echo(f"{study} v{version} identifies again.")


@commands.command("retire", epilog="Example: python -m flora_core models retire 2 --why 'trained on a wrong table'")
def models_retire(version: str, why: Why, by: By = "", study: Study = "iris", as_json: Json = False) -> None:
    """Put a version away for good: it stays to be read, and can't be promoted any more. Not the champion."""
    from flora_core.workflows.models.lifecycle import retire, version_number

    number = version_number(version)
    retire(context_with_champion(), study, number, by=by or getpass.getuser(), why=why)
    if as_json:
        print_json({"study": study, "version": number, "retired": True})
    else:
        typer.echo(f"{study} v{number} is retired.")


@commands.command("watch", epilog="Example: python -m flora_core models watch 2 --why 'before it identifies'")
def models_watch(version: str, why: Why, by: By = "", study: Study = "iris", as_json: Json = False) -> None:
    """Have a version say in silence, of every plant that is recorded, what it would have said."""
    from flora_core.workflows.models.lifecycle import version_number
    from flora_core.workflows.models.shadow import watch_in_shadow

    number = version_number(version)
    watch_in_shadow(context_with_champion(), study, number, by=by or getpass.getuser(), why=why)
    if as_json:
        print_json({"study": study, "version": number, "watching": True})
    else:
        typer.echo(f"{study} v{number} watches in the shadow.")


@commands.command("unwatch", epilog="Example: python -m flora_core models unwatch")
def models_unwatch(by: By = "", study: Study = "iris", as_json: Json = False) -> None:
    """Have the version that watches in the shadow watch no more; what it said is kept."""
    from flora_core.workflows.models.shadow import stop_watching

    number = stop_watching(context_with_champion(), study, by=by or getpass.getuser())
    if as_json:
        print_json({"study": study, "version": number, "watching": False})
    else:
        typer.echo(f"{study} v{number} watches no more.")


@commands.command("shadow", epilog="Example: python -m flora_core models shadow --json")
def models_shadow(study: Study = "iris", as_json: Json = False) -> None:
    """What the version in the shadow would have said: where it agrees, where it differs, and who was right."""
    from flora_core.errors import Refused
    from flora_core.workflows.models.shadow import shadow_comparison

    seen = shadow_comparison(context_with_champion(), study)
    if seen is None:
        raise Refused(
            f"No version of {study} watches. Let one watch: python -m flora_core models watch VERSION --why REASON."
        )
    if as_json:
        print_json(seen.document())
        return
    typer.echo(
        f"v{seen.challenger} beside v{seen.champion}: of {seen.plants:,} plants both say the same of {seen.agreed:,}."
    )
    for one in seen.disagreements:
        typer.echo(f"  {one.plants:>8,}  {one.champion} | {one.challenger}")
    typer.echo(seen.finding)


def _event_document(e: Event) -> dict[str, Any]:
    return {
        "kind": e.kind,
        "at": e.at.isoformat(timespec="seconds"),
        "by": e.by,
        "why": e.why,
        "gate": e.gate,
        "overruled": e.overruled,
    }


def _event_line(e: Event) -> str:
    over = f" [over the gate: {e.gate}]" if e.overruled else ""
    return f"{e.at:%Y-%m-%d %H:%M} UTC  {e.kind} by {e.by}: {e.why}{over}"


def _comparison_document(a: int, b: int, comparison: Comparison, gate: Gate) -> dict[str, Any]:
    from flora_core.workflows.models.comparison import comparison_document

    return {"champion": a, "challenger": b, **comparison_document(comparison, gate)}


@commands.command("export", epilog="Example: python -m flora_core models export 2 -o iris-v2.skops")
def models_export(
    version: str,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A new file; .skops by custom. A folder for --mlflow.")
    ],
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Write a model folder for MLflow's servers instead.")
    ] = False,
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """Write a version with its card to a skops file, which can be opened without running anybody's code."""
    from flora_core.storage.registry.skops_file import file_checksum
    from flora_core.workflows.models.lifecycle import version_number
    from flora_core.workflows.models.transfer import export_mlflow, export_version

    number = version_number(version)
    if mlflow:
        export_mlflow(context_with_champion(), study, number, output)
        if as_json:
            print_json({"study": study, "version": number, "output": str(output)})
        else:
            typer.echo(
                f"Wrote {study} v{number} to {output}; try it with: mlflow models serve -m {output} --env-manager local"
            )
        return
    _, content = export_version(context_with_champion(), study, number)
    try:
        with open(output, "xb") as stream:
            stream.write(content)
    except FileExistsError:
        raise Refused(f"{output} is there already; choose another name.") from None
    except OSError as error:
        raise Refused(f"{output} can't be written: {error.strerror}.") from None
    if as_json:
        print_json({"study": study, "version": number, "output": str(output), "sha256": file_checksum(content)})
    else:
        typer.echo(f"Wrote {study} v{number} to {output}, {len(content) / 1e6:.2f} MB.")


@commands.command("import", epilog="Example: python -m flora_core models import iris-v2.skops --by 'A. Gray'")
def models_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `models export` wrote.")],
    by: By = "",
    study: Study = "iris",
    as_json: Json = False,
) -> None:
    """Bring in a version from a skops file, not promoted; its types are compared with a list before anything is built."""
    from flora_core.workflows.models.transfer import import_version

    context = context_with_champion()
    try:
        if file.stat().st_size > context.settings.max_upload_mb * 1_000_000:
            raise Refused(f"{file} is larger than {context.settings.max_upload_mb} MB (FLORA_MAX_UPLOAD_MB).")
        content = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}.") from None
    card = import_version(context, study, content, file.name, by=by or getpass.getuser())
    if as_json:
        assert card.imported is not None  # noqa: S101  just written
        document = {"study": study, "version": card.version, "algorithm": card.algorithm}
        print_json({**document, "imported": card.imported.model_dump(mode="json"), "warnings": list(card.warnings)})
    else:
        typer.echo(f"Brought in as {card.label}, not promoted. Its scores are the file's word. {card.warnings[0]}")
