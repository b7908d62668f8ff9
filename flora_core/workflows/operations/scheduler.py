"""The watch: looks at every study's verdict again and again, tells of changes, and retrains at night."""

from __future__ import annotations

import logging
import re
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType
from typing import Any, Final

from flora_core.access import UseCase
from flora_core.errors import FloraError, Refused, WrongSetting
from flora_core.logs import set_up_log
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.storage.scheduler_runs import SchedulerRuns
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.retraining import retrain
from flora_core.workflows.monitor.alerts import announce_change
from flora_core.workflows.monitor.current_verdict import current_verdict, verdict_document
from flora_core.workflows.operations.event_delivery import deliver_events

_log: Final = logging.getLogger("flora.watch")
_BY: Final = "the watch"
#: Seconds between two looks at what waits to be delivered.
_DELIVER_SECONDS: Final = 5.0


@use_case(UseCase.TRAIN)
def check_all_studies(context: AppContext, next_look: datetime | None = None) -> list[dict[str, Any]]:
    """Look at every real study with a champion once, tell of a change and of other events, and keep that it was done.

    Parameters
    ----------
    next_look : datetime, optional
        When the next look is due; a missed one is said.

    Returns
    -------
    list of dict
        For each study its name, verdict, what became of it ("told", "nothing new", ...) that in words, and
        the whole verdict.

    Raises
    ------
    WrongSetting, DatabaseUnavailable
    """
    lines = []
    runs = SchedulerRuns(context.database)
    for study in _watched_studies(context):
        seen = current_verdict(context, study)
        told = announce_change(context, study, seen.verdict, seen.told)
        failed = told.state == "not told"
        decision = f"{seen.word} ({seen.basis})." + (f" {told.detail}" if failed else "")
        runs.note(study, "look", decision, failed=failed, next_at=next_look)
        lines.append(
            {
                "study": study,
                "verdict": seen.verdict,
                "state": told.state,
                "detail": told.detail,
                "monitor": verdict_document(seen),
            }
        )
    deliver_events(context)
    return lines


@use_case(UseCase.TRAIN)
def run_scheduler(context: AppContext, *, every: int, retrain_at: str) -> None:
    """Look every so many minutes and retrain once a day, until SIGTERM or SIGINT; what is being done is finished first.

    A look that fails (no database, no network) is logged, and the next one tried.

    Raises
    ------
    Refused
        `retrain_at` is no time of day.
    WrongSetting
        FLORA_ALERTS can't be read: no later look would mend that.
    """
    hour, minute = _time_of_day(retrain_at)
    set_up_log(context.settings.log)
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    night = _next(datetime.now(UTC), hour, minute) if hour is not None and minute is not None else None
    _log.info("watching", extra={"facts": {"every_minutes": every, "retrain_at": retrain_at}})
    _try(lambda: _expect_night(context, night))
    while not stop.is_set():
        _try(lambda: _look(context, every))
        next_look = time.monotonic() + 60.0 * every
        while not stop.is_set() and time.monotonic() < next_look:
            _try(lambda: deliver_events(context))
            if night is not None and datetime.now(UTC) >= night:
                night = _next(datetime.now(UTC), hour or 0, minute or 0)
                _try(partial(_retrain_all, context, stop, night))
            stop.wait(min(_DELIVER_SECONDS, max(0.0, next_look - time.monotonic())))
    _log.info("stopped")


def _try(step: Callable[[], object]) -> None:
    """Do one step of the watch; one that fails for now (no database, no network) is logged, and done again at its next turn."""
    try:
        step()
    except WrongSetting:
        raise
    except FloraError as error:
        _log.error(error.message)


def _look(context: AppContext, every: int) -> None:
    due = datetime.now(UTC) + timedelta(minutes=every)
    for line in check_all_studies(context, next_look=due):
        _log.info(line["detail"], extra={"facts": {"study": line["study"], "verdict": line["verdict"]}})


def _watched_studies(context: AppContext) -> list[str]:
    """The real studies with a champion."""
    studies = RecordStatistics(context.database).studies()
    return [study for study in studies if context.registry.champion_version(study) is not None]


def _expect_night(context: AppContext, night: datetime | None) -> None:
    """Say when the next night is due; where one passed while nobody watched, say that it was missed."""
    runs, now = SchedulerRuns(context.database), datetime.now(UTC)
    for study in _watched_studies(context) if night is not None else []:
        before = runs.of(study).get("night")
        due = None if before is None else before.next_at
        missed = (
            f"The night of {due.day} {due:%B %Y} was missed: the watch was not running." if due and due < now else ""
        )
        if night is not None:
            runs.expect(study, "night", night, missed)


def _retrain_all(context: AppContext, stop: threading.Event, due: datetime) -> None:
    runs = SchedulerRuns(context.database)
    for study in _watched_studies(context):
        if stop.is_set():
            return
        try:
            done = retrain(context, study, by=_BY)
        except FloraError as error:
            # The other studies have their night all the same.
            _log.error(error.message, extra={"facts": {"study": study}})
            runs.note(study, "night", error.message, failed=True, next_at=due)
            continue
        runs.note(study, "night", done.why, failed=done.red, next_at=due)
        facts = {"study": study, "version": done.version, "promoted": done.promoted}
        _log.log(logging.WARNING if done.red else logging.INFO, done.why, extra={"facts": facts})


def _time_of_day(text: str) -> tuple[int | None, int | None]:
    if not text:
        return None, None
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise Refused(f"--retrain-at '{text}' is no time of day; write for example 03:17, or '' for never.")
    return int(found[1]), int(found[2])


def _next(now: datetime, hour: int, minute: int) -> datetime:
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
