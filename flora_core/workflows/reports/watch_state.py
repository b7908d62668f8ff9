"""When the watch last ran for a study, what it decided, and whether a run was missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flora_core.access import UseCase
from flora_core.storage.scheduler_runs import SchedulerRuns
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

#: A look or a night takes its time; only after this long it was missed.
_GRACE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class WatchState:
    """The watch, in words.

    Attributes
    ----------
    sentences : tuple of str
        When it last looked and last had its night, and what it decided.
    missed : str
        What was missed and what to do; "" where nothing was.
    failed : bool
        Whether the last night or look asks for a person.
    """

    sentences: tuple[str, ...]
    missed: str = ""
    failed: bool = False


@use_case(UseCase.READ_MONITOR)
def watch_state(context: AppContext, study: str, now: datetime | None = None) -> WatchState | None:
    """What the watch last did for a study; None where it never ran."""
    runs = SchedulerRuns(context.database).of(study)
    if not runs:
        return None
    moment = now or datetime.now(UTC)
    look, night = runs.get("look"), runs.get("night")
    sentences = []
    if look is not None and look.at is not None:
        sentences.append(f"The watch last looked on {_written(look.at)}: {look.decision}")
    if night is not None:
        sentences.append(
            f"The last night was on {_written(night.at)}: {night.decision}" if night.at else night.decision
        )
    due_runs = (("night", night), ("look", look))
    late = [
        (name, run.next_at)
        for name, run in due_runs
        if run is not None and run.next_at is not None and run.next_at + _GRACE < moment
    ]
    missed = ""
    if late:
        name, due = late[0]
        word = f"The night of {due.day} {due:%B %Y}" if name == "night" else f"The look of {_written(due)}"
        missed = f"{word} was missed: the watch is not running. Start it: python -m flora_core watch."
    failed = any(run is not None and run.failed for run in (look, night))
    return WatchState(tuple(one for one in sentences if one), missed, failed)


def _written(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
