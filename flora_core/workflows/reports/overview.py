"""The state of a study in one look: how good, how much was done, what waits for a person, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from flora_core.access import UseCase
from flora_core.errors import NoChampion
from flora_core.model import ModelCard
from flora_core.storage.records.determinations import Coverage
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import newest_challenger
from flora_core.workflows.monitor.current_verdict import CurrentVerdict, current_verdict

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class PendingTask:
    """Something that waits for a person: what, the page where it is done, and what the button there says."""

    text: str
    page: str
    action: str


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page shows of a study.

    Attributes
    ----------
    study : Study
    simulated : bool
    champion : ModelCard or None
    verdict : CurrentVerdict or None
        None without a champion.
    days : tuple of (date, int)
        Plants recorded on each of the last thirty days, oldest first.
    coverage : Coverage
        Of all recorded plants, as the Determine page counts them.
    waiting : tuple of PendingTask
        Most pressing first.
    """

    study: Study
    simulated: bool
    champion: ModelCard | None
    verdict: CurrentVerdict | None
    days: tuple[tuple[date, int], ...]
    coverage: Coverage
    waiting: tuple[PendingTask, ...]

    @property
    def identified(self) -> int:
        """Plants recorded in the last thirty days."""
        return sum(count for _, count in self.days)


@use_case(UseCase.READ_MONITOR)
def home(context: AppContext, study: str) -> Home:
    """The state of a study now; reads only.

    Raises
    ------
    Unknown, DatabaseUnavailable, ArtifactRefused
    """
    found = context.studies.get(study)
    figures = RecordStatistics(context.database)
    now = datetime.now(UTC)
    since = _first_day(now)
    counts = figures.by_day(study, since)
    days = tuple((day := (since + timedelta(days=i)).date(), counts.get(day.isoformat(), 0)) for i in range(DAYS))
    try:
        champion = context.champion(study).card
    except NoChampion:
        champion = None
    seen = current_verdict(context, study) if champion is not None else None
    return Home(
        study=found if champion is None else champion.study,
        simulated=figures.simulated(study),
        champion=champion,
        verdict=seen,
        days=days,
        coverage=context.determinations.coverage(study),
        waiting=_waiting(context, found, champion, seen, figures.pending_jobs(study, since)),
    )


def unsettled_plants(context: AppContext, study: str) -> int:
    """Plants of the last `DAYS` days that are unsure or fit no species and that nobody determined; reads only."""
    return RecordStatistics(context.database).pending_jobs(study, _first_day(datetime.now(UTC)))


def _first_day(now: datetime) -> datetime:
    return datetime(now.year, now.month, now.day, tzinfo=UTC) - timedelta(days=DAYS - 1)


def _waiting(
    context: AppContext, study: Study, champion: ModelCard | None, seen: CurrentVerdict | None, unsettled: int
) -> tuple[PendingTask, ...]:
    found = []
    if champion is None:
        versions = context.registry.versions(study.name)
        if versions:
            text = f"None of the {len(versions)} versions of {study.title} identifies yet."
            found.append(PendingTask(text, "models", "Look at the versions"))
        else:
            found.append(PendingTask(f"{study.title} has no model yet.", "train", "Train the first model"))
    if seen is not None and seen.verdict in ("red", "amber"):
        reason = seen.reasons[0] if seen.reasons else seen.sentence
        found.append(PendingTask(reason, "monitor", "See what changed"))
    if unsettled:
        what = study.organism if unsettled == 1 else study.plural
        verb = "waits" if unsettled == 1 else "wait"
        text = (
            f"{unsettled:,} {what} of the last {DAYS} days {verb} for a determination: unsure, or fitting no species."
        )
        found.append(PendingTask(text, "determine", "Determine some"))
    challenger = newest_challenger(context, study.name) if champion is not None else None
    if challenger is not None:
        text = f"Version {challenger} was trained after the champion and nobody has judged it."
        found.append(PendingTask(text, "models", "Compare the two"))
    return tuple(found)
