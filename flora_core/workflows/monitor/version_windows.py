"""The windows of a calendar and the last plants: each version's plants against that version's own reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.model import Model
from flora_core.monitoring.decision import MIN_PLANTS, Verdict, worst
from flora_core.monitoring.drift.attribution import Decomposition
from flora_core.monitoring.drift.clustered import clustered
from flora_core.monitoring.drift.from_profiles import compare_profiles, decompose_profiles
from flora_core.monitoring.drift.multivariate import MultivariateDrift, multivariate_drift
from flora_core.monitoring.drift.samples import Findings
from flora_core.monitoring.performance.cbpe import MetricEstimate
from flora_core.monitoring.performance.determination_evidence import DeterminationEvidence, determination_evidence
from flora_core.monitoring.performance.realised import Realised
from flora_core.monitoring.profiles.profile import Profile, merge, merge_all
from flora_core.monitoring.statistics.clusters import Clustering
from flora_core.monitoring.verdicts.verdict import WindowVerdict, accuracy_reasons, window_verdict
from flora_core.monitoring.verdicts.wording import lower_first
from flora_core.storage.records.samples import Sample, Samples
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.calendar import LENGTH, DateRange, WindowKind, windows_between
from flora_core.workflows.monitor.clusters import Origins, clusters_sentence, origins_of, reference_clustering
from flora_core.workflows.monitor.ground_truth import GroundTruth, drawn_of, realised_of
from flora_core.workflows.monitor.mix_ups import MixUp, explained, mix_up_of
from flora_core.workflows.monitor.profiles import DayProfile
from flora_core.workflows.monitor.reference import VersionReference, version_reference, wording_of

#: The days back from the newest plant that the verdict rests on, whichever windows are looked at.
VERDICT_DAYS: Final = LENGTH["week"]
NO_ORIGINS: Final = Origins()
#: Plants that are compared one by one; counts of all of them are compared too.
ONE_BY_ONE: Final = 400
#: How far back names that came late are looked for, and how many determined plants are enough.
LATE: Final = timedelta(days=90)
ENOUGH: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class VersionWindow:
    """What one version identified in a window, held against that version's own reference.

    Attributes
    ----------
    version : int
    profile : Profile
    findings : Findings
    decompositions : tuple of Decomposition
        Where each measurement's shift comes from.
    estimated : MetricEstimate or None
        The accuracy of the names given, without determinations.
    realised : Realised
        What determinations say of them.
    determined : DeterminationEvidence
        The determined plants, parted by how they were chosen.
    strangers, unfit_confirmed : int
        Of plants that fitted no species: how many are determined, and how many of these are of another species.
    judgement : WindowVerdict
    mix_up : MixUp or None
        What most of the plants that fit no species would need to fit; asked of the last plants only.
    """

    version: int
    profile: Profile
    findings: Findings
    decompositions: tuple[Decomposition, ...]
    estimated: MetricEstimate | None
    realised: Realised
    determined: DeterminationEvidence
    strangers: int
    unfit_confirmed: int
    window_verdict: WindowVerdict
    mix_up: MixUp | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MonitoredWindow:
    """A window of the calendar, or the last plants: a part for each version that identified in it, the newest last."""

    span: DateRange
    parts: tuple[VersionWindow, ...]

    @property
    def plants(self) -> int:
        """Identified plants."""
        return sum(part.profile.plants for part in self.parts)

    @property
    def verdict(self) -> Verdict:
        """The gravest of its parts."""
        return worst([part.window_verdict.verdict for part in self.parts])


def calendar_windows(
    days: Sequence[DayProfile],
    truth: Sequence[GroundTruth],
    models: dict[int, Model],
    span: DateRange,
    kind: WindowKind,
) -> tuple[MonitoredWindow, ...]:
    """From the first window with plants on to the last day; none where there are no plants."""
    if not days:
        return ()
    found = []
    earlier: dict[int, Profile] = {}
    first = date.fromisoformat(days[0].day)
    for part_of in windows_between(span.since, span.until, kind):
        if part_of.until <= first:
            continue
        own = [d for d in days if part_of.since.isoformat() <= d.day < part_of.until.isoformat()]
        parts = []
        for version, profile in _by_version(own).items():
            known = _of(truth, version, part_of)
            parts.append(
                _part(version_reference(models[version]), version, profile, known, earlier.get(version), None, "these")
            )
            earlier[version] = merge(earlier[version], profile) if version in earlier else profile
        found.append(MonitoredWindow(part_of, tuple(parts)))
    return tuple(found)


@use_case(UseCase.READ_MONITOR)
def last_window(
    context: AppContext, days: Sequence[DayProfile], truth: Sequence[GroundTruth], models: dict[int, Model]
) -> MonitoredWindow | None:
    """The last plants: those of a week back from the newest, or of more days, until they are enough."""
    if not days:
        return None
    newest = date.fromisoformat(days[-1].day)
    first = newest - timedelta(days=VERDICT_DAYS - 1)
    plants = 0
    for day in reversed(days):
        if date.fromisoformat(day.day) < first and plants >= MIN_PLANTS:
            break
        plants += day.profile.plants
        oldest = date.fromisoformat(day.day)
    span = DateRange(min(first, oldest), newest + timedelta(days=1))
    own = [d for d in days if d.day >= span.since.isoformat()]
    before = _by_version([d for d in days if d.day < span.since.isoformat()])
    parts = []
    for version, profile in _by_version(own).items():
        seen = version_reference(models[version])
        all_together, mix_up, origins = _one_by_one(context, seen, version, profile, span)
        table = seen.model.card.table
        alike = reference_clustering(context, seen.model.study.name, table.sha256)
        known = _of(truth, version, span)
        part = _part(seen, version, profile, known, before.get(version), all_together, "the last", origins, alike)
        lately = _lately(truth, version, span)
        said = _late(part.window_verdict, seen, lately, _named(days, version, lately))
        parts.append(
            replace(part, window_verdict=explained(said, mix_up, seen.model.study) if mix_up else said, mix_up=mix_up)
        )
    return MonitoredWindow(span, tuple(parts))


def _lately(truth: Sequence[GroundTruth], version: int, span: DateRange) -> tuple[GroundTruth, ...]:
    """What is known of plants up to the span's end, as far back as enough are determined: names come late."""
    found, determined = [], 0
    for one in sorted(truth, key=lambda one: one.day, reverse=True):
        if one.version != version or one.day >= span.until.isoformat():
            continue
        if one.day < (span.since - LATE).isoformat() or (determined >= ENOUGH and one.day < span.since.isoformat()):
            break
        found.append(one)
        determined += int(one.confusion.sum())
    return tuple(found)


def _named(days: Sequence[DayProfile], version: int, lately: tuple[GroundTruth, ...]) -> int:
    """How many plants were given a name from the first to the last of the days on which any is determined."""
    if not lately:
        return 0
    first, last = min(one.day for one in lately), max(one.day for one in lately)
    some = [d.profile for d in days if d.version == version and first <= d.day <= last]
    return sum(profile.plants - profile.unfit for profile in some)


def _late(said: WindowVerdict, seen: VersionReference, lately: tuple[GroundTruth, ...], named: int) -> WindowVerdict:
    """The judgement with what determinations say of slightly older plants, where these were named worse than in training."""
    if any(reason.topic == "accuracy" for reason in said.reasons):
        return said
    realised = realised_of(seen.bins.species, named, lately)
    scores = seen.model.card.scores
    known = _determined(seen, realised, lately, None)
    found = accuracy_reasons(realised, known, (scores.right, scores.plants), wording_of(seen.model.study))
    if not found:
        return said
    reason = found[0]
    alone = said.verdict in ("green", "too few")
    sentence = (
        f"{said.sentence} But names that came lately tell otherwise: {lower_first(reason.text)}"
        if alone
        else said.sentence
    )
    reasons = sorted((*said.reasons, reason), key=lambda one: one.verdict != "red")
    return replace(said, verdict=worst([said.verdict, reason.verdict]), sentence=sentence, reasons=tuple(reasons))


def _determined(
    seen: VersionReference, realised: Realised, known: tuple[GroundTruth, ...], profile: Profile | None
) -> DeterminationEvidence:
    """The determined plants of some days, parted by how they were chosen; joined with all that were named in a profile."""
    confidence, right, by_lot = (
        np.concatenate([np.zeros(0, dtype), *(getattr(one, name) for one in known)])
        for name, dtype in (("confidence", np.float64), ("right", np.bool_), ("by_lot", np.bool_))
    )
    return determination_evidence(
        realised.identified,
        (realised.determined, realised.right),
        drawn_of(known),
        seen.calibrated(confidence),
        right,
        by_lot,
        information=seen.information,
        window=None if profile is None else seen.confidences(profile),
    )


def _by_version(days: Iterable[DayProfile]) -> dict[int, Profile]:
    found: dict[int, list[Profile]] = defaultdict(list)
    for day in days:
        found[day.version].append(day.profile)
    return {version: _added(tuple(found[version])) for version in sorted(found)}


@lru_cache(maxsize=1024)
def _added(profiles: tuple[Profile, ...]) -> Profile:
    """Some days' profiles as one; kept while those of the days are, so that what was said of it is kept too."""
    return merge_all(profiles[0].bins, profiles)


@lru_cache(maxsize=1024)
def _compared(
    seen: VersionReference, profile: Profile
) -> tuple[Findings, tuple[Decomposition, ...], MetricEstimate | None]:
    """A window that has no more to it than its profile: what was found once is kept with it."""
    found = compare_profiles(seen.profile, profile, chance=seen.chance, within=seen.within, states=seen.states)
    return found, decompose_profiles(seen.profile, profile), seen.estimated(profile)


def _of(truth: Sequence[GroundTruth], version: int, span: DateRange) -> tuple[GroundTruth, ...]:
    return tuple(
        one for one in truth if one.version == version and span.since.isoformat() <= one.day < span.until.isoformat()
    )


#: What was asked of the plants themselves; kept until something is recorded.
_ASKED: Final[dict[tuple[object, ...], tuple[MultivariateDrift | None, MixUp | None, Origins]]] = {}


def _one_by_one(
    context: AppContext, seen: VersionReference, version: int, profile: Profile, span: DateRange
) -> tuple[MultivariateDrift | None, MixUp | None, Origins]:
    """What only the plants themselves can tell: all measurements at once, and what those that fit nothing would need."""
    newest, _, _ = RecordStatistics(context.database).state(seen.model.study.name)
    key = (context.database.description, newest, seen, profile)
    found = _ASKED.get(key)
    if found is None:
        sample = _sample(context, seen, version, span)
        mix_up = mix_up_of(seen.model, sample) if profile.unfit else None
        found = _together(seen, sample), mix_up, origins_of(sample, profile.plants)
        while len(_ASKED) >= 64:
            _ASKED.pop(next(iter(_ASKED)))
        _ASKED[key] = found
    return found


def _sample(context: AppContext, seen: VersionReference, version: int, span: DateRange) -> Sample:
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (span.since, span.until))
    return Samples(context.database).systematic(seen.model.study.name, version, start, end, ONE_BY_ONE)


def _together(seen: VersionReference, sample: Sample) -> MultivariateDrift | None:
    """All measurements at once, asked of a bounded sample of the plants themselves."""
    names, numbers = seen.model.study.names, list(seen.bins.numbers)
    if not len(sample) or not numbers:
        return None
    reference, current = seen.model.reference.values, sample.values
    if len(numbers) < len(names):
        reference, current = reference[:, numbers], current[:, numbers]
    return multivariate_drift([names[j] for j in numbers], reference, current, tests=len(names) + 6)


def _part(
    seen: VersionReference,
    version: int,
    profile: Profile,
    known: tuple[GroundTruth, ...],
    earlier: Profile | None,
    all_together: MultivariateDrift | None,
    which: str,
    origins: Origins = NO_ORIGINS,
    alike: Clustering | None = None,
) -> VersionWindow:
    k = profile.bins.species
    issues = earlier if earlier is not None and earlier.rows >= MIN_PLANTS and _has_tables(earlier, profile) else None
    found, sources, estimated = _compared(seen, profile)
    if issues is not None or all_together is not None:
        found = compare_profiles(
            seen.profile,
            profile,
            together=all_together,
            earlier=issues,
            chance=seen.chance,
            within=seen.within,
            states=seen.states,
        )
    if alike is not None and origins.sizes:
        found = clustered(found, alike, origins.sizes)
    realised = realised_of(k, profile.plants - profile.unfit, known)
    determined = _determined(seen, realised, known, profile)
    scores = seen.model.card.scores
    said = window_verdict(
        found,
        wording_of(seen.model.study, which),
        estimated=estimated,
        realised=realised,
        reference=(scores.right, scores.plants),
        determined=determined,
        decompositions=sources,
    )
    alarmed = said.verdict in ("amber", "red")
    groups = clusters_sentence(origins, alike, alarmed, wording_of(seen.model.study, which))
    if groups and said.verdict != "too few":
        said = replace(said, sentence=f"{said.sentence} {groups}")
    return VersionWindow(
        version,
        profile,
        found,
        sources,
        estimated,
        realised,
        determined,
        sum(one.strangers for one in known),
        sum(one.unfit_confirmed for one in known),
        said,
    )


def _has_tables(*profiles: Profile) -> bool:
    """Whether any rows had issues at all; where none ever had, there is nothing to ask."""
    return any(profile.troubled for profile in profiles)


def main_part(last: MonitoredWindow, champion: int | None) -> VersionWindow:
    """Of the last plants, those that speak first: the champion's, where it has named enough to say anything."""
    return max(
        last.parts, key=lambda part: (part.version == champion and part.findings.m >= MIN_PLANTS, part.findings.m)
    )
