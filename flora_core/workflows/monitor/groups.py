"""The same question asked of each collector, site or file: where does a change come from?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, Literal

import numpy as np

from flora_core.access import UseCase
from flora_core.monitoring.decision import ALPHA_AMBER, ALPHA_RED, Verdict
from flora_core.monitoring.drift.attribution import decompose_plants
from flora_core.monitoring.drift.clustered import clustered
from flora_core.monitoring.drift.samples import Findings, PlantSample, compare_plants
from flora_core.monitoring.verdicts.verdict import WindowVerdict, window_verdict
from flora_core.storage.records.samples import Samples
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.clusters import reference_clustering
from flora_core.workflows.monitor.reference import version_reference, wording_of

Grouping = Literal["collector", "site", "file"]
GROUPINGS: Final[tuple[Grouping, ...]] = ("collector", "site", "file")

#: The plants looked at, at most; the groups with most of them are shown.
MOST: Final = 2_000
GROUPS: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The plants of one collector, site or file against the reference.

    Attributes
    ----------
    name : str
        "" for those where it is not recorded.
    plants, unfit : int
    verdict : Verdict
        Corrected for the number of groups: one of many is soon unlike the others by chance.
    judgement : WindowVerdict
    findings : Findings
    """

    name: str
    plants: int
    unfit: int
    verdict: Verdict
    window_verdict: WindowVerdict
    findings: Findings


@use_case(UseCase.READ_MONITOR)
def groups_of(
    context: AppContext, study: str, version: int, by: Grouping, since: date, until: date
) -> tuple[tuple[Group, ...], int]:
    """The groups of the plants a version identified in some days, the largest first; and how many plants were looked at.

    Parameters
    ----------
    since, until : date
        The first day, and the day after the last one.

    Returns
    -------
    groups, plants
        At most `GROUPS` groups, from an even sample of at most `MOST` plants.
    """
    newest, _, _ = RecordStatistics(context.database).state(study)
    key = (context.database.description, newest, study, version, by, since, until)
    found = _FOUND.get(key)
    if found is None:
        found = _groups(context, study, version, by, since, until)
        while len(_FOUND) >= 64:
            _FOUND.pop(next(iter(_FOUND)))
        _FOUND[key] = found
    return found


#: What was found; kept until something is recorded.
_FOUND: Final[dict[tuple[object, ...], tuple[tuple[Group, ...], int]]] = {}


def _groups(
    context: AppContext, study: str, version: int, by: Grouping, since: date, until: date
) -> tuple[tuple[Group, ...], int]:
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (since, until))
    sample = Samples(context.database).systematic(study, version, start, end, MOST)
    seen = version_reference(context.model(study, version))
    labels = np.array({"collector": sample.collectors, "site": sample.sites, "file": sample.sources}[by], dtype=object)
    names, counts = np.unique(labels.astype(str), return_counts=True) if len(sample) else (np.array([]), np.array([]))
    chosen = [str(names[i]) for i in np.argsort(-counts, kind="stable")[:GROUPS]]
    noun = seen.model.study
    # A site, a collector or a file is one cluster.
    alike = reference_clustering(context, study, seen.model.card.table.sha256)
    found = []
    for name in chosen:
        rows = labels == name
        plants = PlantSample(
            sample.values[rows],
            np.where(sample.fits[rows], sample.species[rows], -1),
            np.where(sample.fits[rows], sample.probabilities[rows].max(axis=1), np.nan),
            sample.fits[rows],
        )
        findings = compare_plants(
            noun.names,
            len(noun.species),
            seen.plants,
            plants,
            within=seen.within,
            states=tuple(m.state_labels for m in noun.measurements),
        )
        if alike is not None:
            findings = clustered(findings, alike, (float(len(plants)),))
        sources = decompose_plants(noun.names, len(noun.species), seen.numbers_of(seen.plants), seen.numbers_of(plants))
        said = window_verdict(findings, wording_of(noun, "these"), decompositions=sources)
        verdict = _among(said.verdict, findings.p_value, len(chosen))
        found.append(Group(name, len(plants), int((~sample.fits[rows]).sum()), verdict, said, findings))
    return tuple(found), len(sample)


def _among(verdict: Verdict, p: float | None, groups: int) -> Verdict:
    """A verdict held against chance once more, for being one of several groups."""
    if verdict not in ("amber", "red") or p is None:
        return verdict
    corrected = min(1.0, p * groups)
    if corrected >= ALPHA_AMBER:
        return "green"
    return verdict if corrected < ALPHA_RED else "amber"
