"""The watch: what it keeps of its last run, what Home says of it, and that a missed night is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flora_core.errors import Refused
from flora_core.storage.scheduler_runs import SchedulerRuns
from flora_core.workflows.context import AppContext
from flora_core.workflows.models import retraining
from flora_core.workflows.operations import scheduler
from flora_core.workflows.operations.scheduler import check_all_studies, run_scheduler
from flora_core.workflows.reports.watch_state import watch_state
from tests.workflows.monitor.seasons import flowers, record_flowers

NOW = datetime(2026, 6, 20, 3, 0, tzinfo=UTC)


def test_nothing_is_said_where_the_watch_never_ran(context: AppContext) -> None:
    assert watch_state(context, "iris") is None


def test_a_look_says_when_it_was_and_what_it_found(context: AppContext) -> None:
    with time_machine.travel(NOW, tick=False):
        record_flowers(context, flowers(context.champion("iris"), 40, seed=1)[0], 16)
        check_all_studies(context)
        seen = watch_state(context, "iris")
    assert seen is not None
    assert seen.sentences == (
        "The watch last looked on 20 June 2026, 03:00 UTC: All is well (11 to 17 June 2026 · 40 flowers · version 1).",
    )
    assert (seen.missed, seen.failed) == ("", False)


def watch_for(context: AppContext, monkeypatch: pytest.MonkeyPatch, at: datetime, *, every: int = 60) -> None:
    """Let the watch begin at a moment, do one round, and end."""
    monkeypatch.setattr(scheduler.signal, "signal", lambda *words: None)
    rounds = iter([False, True])

    class Stop:
        over = False

        def is_set(self) -> bool:
            return self.over

        def set(self) -> None:
            self.over = True

        def wait(self, seconds: float) -> bool:
            self.over = next(rounds, True)
            travel.shift(timedelta(minutes=every))
            return self.over

    monkeypatch.setattr(scheduler.threading, "Event", Stop)
    with time_machine.travel(at, tick=False) as travel:
        run_scheduler(context, every=every, retrain_at="03:17")


def test_a_night_says_what_it_decided_and_when_the_next_is_due(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        scheduler, "retrain", lambda context, study, by: retraining.Retrained(False, None, False, "Not needed.")
    )
    watch_for(context, monkeypatch, NOW)
    run = SchedulerRuns(context.database).of("iris")["night"]
    assert (run.decision, run.failed, run.next_at) == ("Not needed.", False, datetime(2026, 6, 21, 3, 17, tzinfo=UTC))
    seen = watch_state(context, "iris", NOW + timedelta(hours=2))
    assert seen is not None
    assert "The last night was on 20 June 2026, 04:00 UTC: Not needed." in seen.sentences


def test_a_night_that_failed_is_said_and_the_watch_goes_on(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(context: AppContext, study: str, by: str) -> None:
        raise Refused("The disk is full.")

    monkeypatch.setattr(scheduler, "retrain", refuses)
    watch_for(context, monkeypatch, NOW)
    seen = watch_state(context, "iris", NOW + timedelta(hours=2))
    assert seen is not None
    assert seen.failed
    assert any(sentence.endswith("The disk is full.") for sentence in seen.sentences)


def test_a_missed_night_is_said_while_nobody_watches_and_after_it_began_again(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOW, tick=False):
        SchedulerRuns(context.database).expect("iris", "night", datetime(2026, 6, 20, 3, 17, tzinfo=UTC))
    soon, later = (watch_state(context, "iris", NOW + timedelta(minutes=minutes)) for minutes in (30, 60))
    assert soon is not None
    assert later is not None
    assert soon.missed == ""
    assert later.missed == (
        "The night of 20 June 2026 was missed: the watch is not running. Start it: python -m flora_core watch."
    )
    watch_for(context, monkeypatch, NOW + timedelta(days=2, hours=1), every=5)
    seen = watch_state(context, "iris", NOW + timedelta(days=2, hours=1, minutes=10))
    assert seen is not None
    assert seen.missed == ""
    assert "The night of 20 June 2026 was missed: the watch was not running." in seen.sentences
    assert seen.failed


def test_a_look_that_is_overdue_is_said(context: AppContext) -> None:
    with time_machine.travel(NOW, tick=False):
        check_all_studies(context, next_look=NOW + timedelta(hours=1))
    assert (watch_state(context, "iris", NOW + timedelta(hours=1)) or 0).missed == ""  # type: ignore[union-attr]
    late = watch_state(context, "iris", NOW + timedelta(hours=5))
    assert late is not None
    assert late.missed.startswith("The look of 20 June 2026, 04:00 UTC was missed")
