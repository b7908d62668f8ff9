"""The profiles of a study: brought up to date before they are read, made again from the records, compared with them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.monitoring.profiles.bins import Bins, bins_of
from flora_core.monitoring.profiles.profile import Profile, from_document
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@dataclass(frozen=True, slots=True)
class DayProfile:
    """What one model version identified on one day (UTC)."""

    version: int
    day: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Missing:
    """Identifications that can't be counted, because their model version can't be opened; with the reason."""

    version: int
    plants: int
    why: str


@dataclass(frozen=True, slots=True)
class Recount:
    """A version's profiles against its records."""

    version: int
    plants: int
    days: int
    differing: tuple[str, ...]


@use_case(UseCase.READ_MONITOR)
def catch_up(context: AppContext, study: str) -> tuple[Missing, ...]:
    """Count what no profile counts yet, as recordings of an older program; what can't be counted.

    Costs one look into an index where everything is counted, as it is as a rule.
    """
    missing = []
    for uncounted in context.profiles.uncounted(study):
        try:
            context.profiles.catch_up(study, uncounted.version, bins_of(context.model(study, uncounted.version)))
        except FloraError as error:
            missing.append(Missing(uncounted.version, uncounted.plants, error.message))
    return tuple(missing)


@use_case(UseCase.READ_MONITOR)
def day_profiles(
    context: AppContext, study: str, since: str | None = None, until: str | None = None
) -> tuple[tuple[DayProfile, ...], tuple[Missing, ...]]:
    """The profiles of a study's days, oldest first, all identifications counted; and what can't be counted.

    Parameters
    ----------
    since, until : str, optional
        The first day, and the day after the last one.
    """
    missing = list(catch_up(context, study))
    found, unreadable = [], set()
    for day in context.profiles.days(study, since, until):
        try:
            bins = bins_of(context.model(study, day.version))
        except FloraError as error:
            unreadable.add((day.version, error.message))
            continue
        try:
            found.append(DayProfile(day.version, day.day, _read(bins, day.text)))
        except ValueError:
            # Counted in other bins, by the program of another age: count that version again and start over.
            context.profiles.forget(study, day.version)
            return day_profiles(context, study, since, until)
    missing += [Missing(version, 0, why) for version, why in sorted(unreadable)]
    return tuple(found), tuple(missing)


@lru_cache(maxsize=4096)
def _read(bins: Bins, text: str) -> Profile:
    """A day's profile; kept, because a day that is over changes no more, and one that does has another text."""
    return from_document(bins, json.loads(text))


@use_case(UseCase.MAINTAIN)
def rebuild(context: AppContext, study: str) -> int:
    """Make all profiles of a study again from its records; how many plants they count. Interrupted, it goes on by itself.

    Raises
    ------
    Unknown, ArtifactRefused, DatabaseUnavailable
    """
    plants = 0
    for version in _versions(context, study):
        bins = bins_of(context.model(study, version))
        context.profiles.forget(study, version)
        plants += context.profiles.catch_up(study, version, bins)
    return plants


@use_case(UseCase.MAINTAIN)
def recount(context: AppContext, study: str) -> tuple[Recount, ...]:
    """Compare the profiles of a study with its records, to the last digit. Writes nothing but what was not counted yet.

    Raises
    ------
    Unknown, ArtifactRefused, DatabaseUnavailable
    """
    catch_up(context, study)
    found = []
    for version in _versions(context, study):
        kept = {day.day: day.document for day in context.profiles.days(study, version=version)}
        counted = context.profiles.recounted(study, version, bins_of(context.model(study, version)))
        documents = {day: profile.as_document() for day, profile in counted.items()}
        differing = sorted(day for day in {*kept, *documents} if kept.get(day) != documents.get(day))
        found.append(Recount(version, sum(p.plants for p in counted.values()), len(documents), tuple(differing)))
    return tuple(found)


def _versions(context: AppContext, study: str) -> list[int]:
    context.studies.get(study)
    uncounted = [u.version for u in context.profiles.uncounted(study)]
    return sorted({*uncounted, *(day.version for day in context.profiles.days(study))})
