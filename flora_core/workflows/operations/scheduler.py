"""The watch: looks at every study's verdict again and again, tells of changes, and retrains at night."""

from __future__ import annotations

import logging
import re
import signal
import threading
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, Final

from flora_core.access import UseCase
from flora_core.errors import FloraError, Refused, WrongSetting
from flora_core.logs import set_up_log
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.retraining import retrain
from flora_core.workflows.monitor.alerts import announce_change
from flora_core.workflows.monitor.current_verdict import current_verdict, verdict_document

_log: Final = logging.getLogger("flora.watch")
_BY: Final = "the watch"


@use_case(UseCase.TRAIN)
def check_all_studies(context: AppContext) -> list[dict[str, Any]]:
    """Look at every real study with a champion once, and tell of a change.

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
    for study in RecordStatistics(context.database).studies():
        if context.registry.champion_version(study) is None:
            continue
        seen = current_verdict(context, study)
        told = announce_change(context, study, seen.verdict, seen.told)
        lines.append(
            {
                "study": study,
                "verdict": seen.verdict,
                "state": told.state,
                "detail": told.detail,
                "monitor": verdict_document(seen),
            }
        )
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
    while not stop.is_set():
        try:
            for line in check_all_studies(context):
                _log.info(line["detail"], extra={"facts": {"study": line["study"], "verdict": line["verdict"]}})
            if night is not None and datetime.now(UTC) >= night:
                _retrain_all(context, stop)
                night += timedelta(days=1)
        except WrongSetting:
            raise
        except FloraError as error:
            _log.error(error.message)
        stop.wait(60.0 * every)
    _log.info("stopped")


def _retrain_all(context: AppContext, stop: threading.Event) -> None:
    for study in RecordStatistics(context.database).studies():
        if stop.is_set():
            return
        if context.registry.champion_version(study) is not None:
            done = retrain(context, study, by=_BY)
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
