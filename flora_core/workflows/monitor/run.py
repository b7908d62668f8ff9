"""A span of days, window by window, each version's plants against that version's own reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flora_core.access import UseCase
from flora_core.model import Model
from flora_core.monitoring.decision import Verdict
from flora_core.monitoring.verdicts.wording import VERDICT_WORDS
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.calendar import DateRange, WindowKind
from flora_core.workflows.monitor.current_verdict import (
    LOOK_BACK,
    CurrentVerdict,
    StudyDays,
    read_days,
    reason_texts,
    reasons_of_last,
    sentence_of_last,
    verdict_now,
    verdict_of_last,
)
from flora_core.workflows.monitor.ground_truth import ground_truth
from flora_core.workflows.monitor.version_windows import MonitoredWindow, calendar_windows, last_window


@dataclass(frozen=True, slots=True, eq=False)
class MonitorResult:
    """What the monitor says of a study.

    Attributes
    ----------
    study : Study
        As the newest version knows it.
    champion : int or None
        The version that identifies.
    models : dict of int to Model
        The versions that identified any of these plants.
    span : DateRange
    kind : {"day", "week", "month"}
    windows : tuple of MonitoredWindow
        Oldest first; empty ones between, so that a picture shows the gap.
    last : MonitoredWindow or None
        The last plants: those of a week back from the newest, of more days where these are too few; None where there are none.
    verdict : Verdict
        Of the last plants.
    sentence : str
        What a person reads first.
    notes : tuple of str
        What else should be known: a champion changed, plants that can't be counted, dates that lie ahead.
    current : CurrentVerdict or None
        The study's verdict now, where nobody asked for certain days or one version: then `last`, `verdict` and `sentence` are
        its own.
    """

    study: Study
    champion: int | None
    models: dict[int, Model]
    span: DateRange
    kind: WindowKind
    windows: tuple[MonitoredWindow, ...]
    last: MonitoredWindow | None
    verdict: Verdict
    sentence: str
    notes: tuple[str, ...]
    current: CurrentVerdict | None = None

    @property
    def word(self) -> str:
        """The verdict as people are told it."""
        return VERDICT_WORDS[self.verdict] if self.current is None else self.current.word

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found in the last plants, the gravest first, each with what to do."""
        return reason_texts(reasons_of_last(self.last))

    @property
    def plants(self) -> int:
        """Plants identified in the span."""
        return sum(window.plants for window in self.windows)


@use_case(UseCase.READ_MONITOR)
def monitor_study(
    context: AppContext,
    study: str,
    *,
    since: date | None = None,
    until: date | None = None,
    window: WindowKind = "week",
    version: int | None = None,
    today: date | None = None,
    known: date | None = None,
) -> MonitorResult:
    """What the monitor says of the plants identified in some days; costs nothing for plants, only for days.

    Where neither days nor a version are given the verdict is that of `current_verdict`, whichever windows are asked for.

    Parameters
    ----------
    since, until : date, optional
        The first and the last day (UTC); the last year to today where not given.
    window : {"day", "week", "month"}
    version : int, optional
        Only what this version identified.
    today : date, optional
        The day it is, for a look back.
    known : date, optional
        Determinations after this day are passed over: what was known then.

    Raises
    ------
    Unknown, DatabaseUnavailable
    """
    end = (until or today or datetime.now(UTC).date()) + timedelta(days=1)
    span = DateRange(since or min(end - LOOK_BACK, end - timedelta(days=1)), end)
    found = read_days(context, study, end, version=version, ahead=until is None)
    within = found.since(span.since)
    studies = {v: m.study for v, m in found.models.items()}
    truth = ground_truth(context, studies, study, span.since, span.until, known)
    windows = calendar_windows(within, truth, found.models, span, window)
    current = None
    if since is None and until is None and version is None and known is None:
        current = verdict_now(context, study, found, truth)
    last = last_window(context, within, truth, found.models) if current is None else current.last
    return MonitorResult(
        found.named,
        found.champion,
        found.models,
        span,
        window,
        windows,
        last,
        verdict_of_last(last, found.champion),
        current.sentence if current is not None else _sentence(found, last, span),
        _notes(found, last, windows),
        current,
    )


def _sentence(found: StudyDays, last: MonitoredWindow | None, span: DateRange) -> str:
    if last is None:
        return f"No {found.named.organism} was recorded from {span.written}: there is nothing to watch yet."
    return sentence_of_last(last, found.champion)


def _notes(found: StudyDays, last: MonitoredWindow | None, windows: Sequence[MonitoredWindow]) -> tuple[str, ...]:
    study, notes = found.named, []
    if last is not None:
        changed = [str(part.version) for part in last.parts]
        if len(changed) > 1:
            notes.append(
                f"Versions {' and '.join(changed)} named these {study.plural}, one after the other; each is compared with what "
                "it was itself trained on."
            )
        if found.champion is not None and found.champion not in found.models:
            notes.append(f"Version {found.champion} identifies now and has named no {study.organism} yet.")
    for one in found.missing:
        notes.append(
            f"{f'{one.plants:,} {study.plural}' if one.plants else study.plural.capitalize()} named by version {one.version} "
            f"are not counted here: {one.why}"
        )
    if found.ahead:
        plants = sum(day.profile.plants for day in found.ahead)
        notes.append(
            f"{plants:,} {study.plural if plants != 1 else study.organism} {'are' if plants != 1 else 'is'} dated after "
            "the last day shown: was a clock wrong?"
        )
    if last is not None:
        notes += _about_windows(study, last, windows)
    return tuple(notes)


def _about_windows(study: Study, last: MonitoredWindow, windows: Sequence[MonitoredWindow]) -> list[str]:
    """Where windows say something else than the verdict, why they do."""
    notes = []
    red = [window for window in windows if window.verdict == "red" and window.span.until <= last.span.since]
    if red and last.verdict != "red":
        when = red[-1].span.written
        notes.append(f"Before that, {len(red)} of {len(windows)} windows were red, the last of them {when}.")
    for window in windows:
        graver = window.verdict == "red" if last.verdict == "amber" else window.verdict in ("amber", "red")
        if window.span.until > last.span.since and last.verdict in ("green", "amber") and graver:
            notes.append(
                f"The {window.plants:,} {study.plural} of {window.span.written}, looked at alone, stand out; the verdict rests "
                f"on all {last.plants:,} of {last.span.written}, and on these together chance explains it."
                if last.verdict == "green"
                else f"The {window.plants:,} {study.plural} of {window.span.written}, looked at alone, stand out more clearly "
                f"than the {last.plants:,} of {last.span.written}, on which the verdict rests."
            )
    return notes
