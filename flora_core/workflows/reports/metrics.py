"""What the database holds of each study, in numbers: for a monitoring system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flora_core.access import UseCase
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@dataclass(frozen=True, slots=True)
class StudyFigures:
    """One study's figures; simulated studies have none.

    Attributes
    ----------
    study : str
    identified, determined : int
        Plants identified and recorded, by any version; and of them determined by a person.
    troubled, refused : int
        Recorded rows that had any issue, and of them those that could not be identified.
    champion_version : int or None
    champion_age : timedelta or None
        Since it was promoted or restored.
    verdict : str
        The newest that was kept; "" where none was yet.
    """

    study: str
    identified: int
    determined: int
    troubled: int
    refused: int
    champion_version: int | None
    champion_age: timedelta | None
    verdict: str


@use_case(UseCase.READ_MONITOR)
def study_figures(context: AppContext) -> list[StudyFigures]:
    """The figures of every real study, oldest first; reads only."""
    figures = RecordStatistics(context.database)
    identified, determined = figures.identified(), figures.determined()
    issues, promoted, now = figures.issues(), figures.champion_since(), datetime.now(UTC)
    found = []
    for study in figures.studies():
        newest = context.alert_outbox.newest(study)
        found.append(
            StudyFigures(
                study=study,
                identified=identified.get(study, 0),
                determined=determined.get(study, 0),
                troubled=issues.get(study, (0, 0))[0],
                refused=issues.get(study, (0, 0))[1],
                champion_version=context.registry.champion_version(study),
                champion_age=now - promoted[study] if study in promoted else None,
                verdict=newest.verdict if newest is not None else "",
            )
        )
    return found
