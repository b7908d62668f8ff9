"""`jobs ...`: the queue of training and comparing."""

from __future__ import annotations

from typing import Any

import typer

from flora_core.cli.options import Json, context_with_champion, print_json

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The queue of training and comparing.")


@commands.command("list", epilog="Example: python -m flora_core jobs list")
def jobs_list(as_json: Json = False) -> None:
    """The newest jobs of all studies, newest first: who asked, how far they are, what came of them."""
    from flora_core.workflows.jobs.requests import describe_job, job_outcome, newest_jobs

    found = newest_jobs(context_with_champion())
    if as_json:
        print_json([_document(queued) for queued in found])
        return
    for queued in found:
        job = queued.job
        state = f"waiting, {queued.place} before it" if job.state == "waiting" else job.state
        far = f" {100 * queued.share:.0f} %, {job.doing}" if job.state in ("running", "cancelling") else ""
        typer.echo(
            f"{job.id}  {job.study}  {describe_job(job)}, for {job.by}: {state}{far}. {job_outcome(job)}".rstrip()
        )
    if not found:
        typer.echo("No job was ever asked for.")


@commands.command("cancel", epilog="Example: python -m flora_core jobs cancel 3")
def jobs_cancel(identifier: int, as_json: Json = False) -> None:
    """Take a job out of the queue, or stop it where it is being worked on."""
    from flora_core.workflows.jobs.requests import cancel_job

    job = cancel_job(context_with_champion(), identifier)
    if as_json:
        print_json({"id": job.id, "state": job.state})
    else:
        typer.echo(f"Job {job.id} is {job.state}." if job.state == "cancelled" else f"Job {job.id} is being stopped.")


def _document(queued: Any) -> dict[str, Any]:
    from flora_core.workflows.jobs.requests import describe_job, job_outcome

    job = queued.job
    moments = {"asked_at": job.asked_at, "started_at": job.started_at, "ended_at": job.ended_at}
    return {
        "id": job.id,
        "study": job.study,
        "kind": job.kind,
        "what": describe_job(job),
        "by": job.by,
        "state": job.state,
        "place": queued.place,
        "share": round(queued.share, 4),
        "seconds_left": queued.seconds_left,
        "doing": job.doing,
        "outcome": job_outcome(job),
        **{name: moment and moment.isoformat(timespec="seconds") for name, moment in moments.items()},
    }
