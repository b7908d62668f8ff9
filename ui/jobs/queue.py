"""The queue of jobs on a page: looks again every second while something is in it, and not at all otherwise."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.storage.job_queue import Job
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.requests import (
    QueuedJob,
    cancel_job,
    describe_job,
    job_outcome,
    newest_jobs,
    queue,
    resubmit,
)
from ui.jobs.supervisor import SUPERVISOR
from ui.site.person import may
from ui.site.text import escape_markdown

#: Seconds between two looks.
_LOOK = 1.0


def show_queue(
    context: AppContext, study: str, empty: str = "Nothing at the moment.", beside: Callable[[Job], None] | None = None
) -> None:
    """What is being worked on and waits; below, jobs of this study that failed or were interrupted.

    When the last job ends, the page is drawn once more, so that the rest of it sees what came of it.

    Parameters
    ----------
    beside : callable, optional
        Shows more of a job that is being worked on, each time the queue is looked at.
    """
    active = bool(context.jobs.active())

    @st.fragment(run_every=_LOOK if active else None)
    def board() -> None:
        jobs = queue(context)
        for queued in jobs:
            _show(context, queued)
            if beside is not None and queued.job.state != "waiting":
                beside(queued.job)
        if not jobs and empty:
            st.caption(escape_markdown(empty))
        if active and not jobs:
            st.rerun()
        before = st.session_state.get("queue.seen", 0)
        st.session_state["queue.seen"] = len(jobs)
        if len(jobs) < before and jobs:
            st.rerun()

    board()
    _show_last(context, study)


def _show(context: AppContext, queued: QueuedJob) -> None:
    job = queued.job
    with st.container(border=True, key=f"job-{job.id}"):
        words, button = st.columns([5, 1], vertical_alignment="center")
        with words:
            st.markdown(
                f"**{escape_markdown(describe_job(job))}** for {escape_markdown(job.by)} · study {escape_markdown(job.study)}"
            )
            if job.state == "waiting":
                others = "one job is" if queued.place == 1 else f"{queued.place} jobs are"
                st.caption(f"Waiting: {others} before it." if queued.place else "Beginning in a moment.")
            else:
                doing = "stopping" if job.state == "cancelling" else (job.doing or "preparing")
                st.progress(queued.share, escape_markdown(f"{doing[:1].upper()}{doing[1:]}{_left(queued)}"))
        if may(context, UseCase.CANCEL_JOB):
            button.button(
                "Cancel",
                key=f"cancel-{job.id}",
                on_click=_cancel,
                args=(context, job),
                disabled=job.state == "cancelling",
                width="stretch",
            )


def _show_last(context: AppContext, study: str) -> None:
    """The study's newest job, if it failed or was interrupted, with a button to ask for it again."""
    newest = newest_jobs(context, study, 1)
    if not newest or newest[0].job.state not in ("failed", "interrupted"):
        return
    job = newest[0].job
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(describe_job(job))}** for {escape_markdown(job.by)} {job.state}. "
            f"{escape_markdown(job_outcome(job))}"
        )
        if job.state == "interrupted" and may(context, UseCase.TRAIN):
            st.button("Start it again", key=f"again-{job.id}", on_click=_again, args=(context, job))


def _cancel(context: AppContext, job: Job) -> None:
    try:
        cancel_job(context, job.id)
    except FloraError as refused:
        st.toast(escape_markdown(refused.message))
    SUPERVISOR.wake()


def _again(context: AppContext, job: Job) -> None:
    try:
        resubmit(context, job, job.by)
    except FloraError as refused:
        st.toast(escape_markdown(refused.message))
    SUPERVISOR.wake()


def _left(queued: QueuedJob) -> str:
    seconds = queued.seconds_left
    if seconds is None:
        return ""
    if seconds < 5:
        return ", a few seconds left"
    if seconds < 90:
        return f", about {5 * round(seconds / 5)} seconds left"
    return f", about {round(seconds / 60)} minutes left"
