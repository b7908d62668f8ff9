"""The verdict on a study's last plants, for whoever wants it short: the home page, the report, the nightly cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from flora_core.access import UseCase
from flora_core.monitoring.decision import MIN_PLANTS
from flora_core.monitoring.decision import Verdict as Colour
from flora_core.monitoring.drift.samples import Findings
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.reference import version_reference
from flora_core.workflows.monitor.run import monitor_study

#: The last plants are those of so many days.
DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class CurrentVerdict:
    """What is said of a study's last plants.

    Attributes
    ----------
    study : str
    version : int
        The champion, whose reference they are held against.
    verdict : {"green", "amber", "red", "too few"}
    sentence : str
        In words, with the numbers.
    reasons : tuple of str
        What changed, gravest first, each with what to do.
    plants : int
        How many were looked at.
    determined, right : int
        Of those given a name in the same days: determined by a competent person, and of these named right.
    findings : Findings
    since, until : datetime
    """

    study: str
    version: int
    verdict: Colour
    sentence: str
    reasons: tuple[str, ...]
    plants: int
    determined: int
    right: int
    findings: Findings
    since: datetime
    until: datetime


@use_case(UseCase.READ_MONITOR)
def current_verdict(context: AppContext, study: str, until: datetime | None = None) -> CurrentVerdict:
    """The verdict on the plants that the champion identified in the last thirty days: that of the monitor.

    Parameters
    ----------
    until : datetime, optional
        The moment the thirty days end; now, where not given. The whole day counts.

    Raises
    ------
    NoChampion, DatabaseUnavailable, ArtifactRefused
    """
    model = context.champion(study)
    version = model.card.version or 0
    end = until or datetime.now(UTC)
    last_day = end.astimezone(UTC).date()
    first_day = last_day - timedelta(days=DAYS - 1)
    found = monitor_study(context, study, since=first_day, until=last_day, window="month", version=version)
    since = datetime.combine(first_day, time(), tzinfo=UTC)
    if found.last is None:
        nothing = Findings(version_reference(model).profile.plants, 0, plants_missing=MIN_PLANTS)
        sentence = f"No {model.study.organism} was recorded in the last {DAYS} days."
        return CurrentVerdict(study, version, "too few", sentence, (), 0, 0, 0, nothing, since, end)
    part = found.last.parts[-1]
    return CurrentVerdict(
        study=study,
        version=version,
        verdict=found.verdict,
        sentence=found.sentence,
        reasons=found.reasons,
        plants=part.profile.plants,
        determined=part.realised.determined,
        right=part.realised.right,
        findings=part.findings,
        since=since,
        until=end,
    )
