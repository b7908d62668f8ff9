"""What determinations say of the plants of each day and version, ready to be added up by window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.determination import AT_RANDOM, COMPETENT, AnswerKind, GivenName
from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.performance.realised import Realised, realised_from_confusion
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

#: What persons said counts as the truth from this verification level on.
LEVEL: Final = COMPETENT
#: Determined plants that are looked at one by one, the newest: the cost is bounded, however many are kept.
ONE_BY_ONE: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """The determined plants of one version and day.

    Attributes
    ----------
    version : int
    day : str
    confusion : (k + 1, k) int
        Of plants that were given a name: the species they are, any other one in the last row; the species named.
    strangers, unfit_confirmed : int
        Of plants that fitted no species: how many are determined, and how many of these are of another species.
    drawn : (k + 1, k) int
        The part of `confusion` that chance chose to be determined.
    confidence, right, by_lot : (c,) float, bool, bool
        Of the plants given a name, one by one: its probability, whether it is right, and whether chance chose the plant; only
        of the newest `ONE_BY_ONE` determined plants of the study.
    """

    version: int
    day: str
    confusion: Ints
    strangers: int
    unfit_confirmed: int
    drawn: Ints
    confidence: Floats
    right: Bools
    by_lot: Bools


@use_case(UseCase.READ_MONITOR)
def ground_truth(
    context: AppContext, studies: dict[int, Study], study: str, since: date, until: date, as_of: date | None
) -> tuple[GroundTruth, ...]:
    """What persons said of the plants identified in some days, by version and day; reads only.

    Parameters
    ----------
    studies : dict
        {version: the study as that version knows it}; others are passed over.
    as_of : date or None
        Determinations after this day are passed over.
    """
    found: dict[tuple[int, str], GroundTruth] = {}
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (since, until))
    nothing = np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
    for tally in context.determinations.tallies(study, start, end, level=LEVEL, as_of=as_of):
        known = studies.get(tally.version)
        true = true_species(known, tally.given) if known is not None else None
        if known is None or true is None:
            continue
        k = len(known.species)
        before = found.get((tally.version, tally.day))
        confusion = np.zeros((k + 1, k), dtype=np.int64) if before is None else before.confusion.copy()
        strangers, indeed = (before.strangers, before.unfit_confirmed) if before else (0, 0)
        if tally.fits:
            confusion[true, tally.species] += tally.plants
        else:
            strangers, indeed = strangers + tally.plants, indeed + (tally.plants if true == k else 0)
        found[tally.version, tally.day] = GroundTruth(
            tally.version, tally.day, confusion, strangers, indeed, np.zeros_like(confusion), *nothing
        )
    if found:
        _add_drawn(context, studies, study, found, start, end, as_of)
        _add_one_by_one(context, studies, study, found, start, end, as_of)
    return tuple(found.values())


def _add_drawn(
    context: AppContext,
    studies: dict[int, Study],
    study: str,
    found: dict[tuple[int, str], GroundTruth],
    start: datetime,
    end: datetime,
    as_of: date | None,
) -> None:
    for tally in context.determinations.tallies(study, start, end, level=LEVEL, as_of=as_of, source=AT_RANDOM):
        key, known = (tally.version, tally.day), studies.get(tally.version)
        true = true_species(known, tally.given) if known is not None else None
        if true is not None and tally.fits and key in found:
            drawn = found[key].drawn.copy()
            drawn[true, tally.species] += tally.plants
            found[key] = replace(found[key], drawn=drawn)


def _add_one_by_one(
    context: AppContext,
    studies: dict[int, Study],
    study: str,
    found: dict[tuple[int, str], GroundTruth],
    start: datetime,
    end: datetime,
    as_of: date | None,
) -> None:
    plants: dict[tuple[int, str], list[tuple[float, bool, bool]]] = defaultdict(list)
    newest = context.determinations.newest_certainties(study, start, end, level=LEVEL, as_of=as_of, most=ONE_BY_ONE)
    for one in newest:
        known = studies.get(one.version)
        true = true_species(known, one.given) if known is not None else None
        if true is not None and (one.version, one.day) in found:
            plants[one.version, one.day].append((one.certainty, true == one.species, one.drawn))
    for key, some in plants.items():
        confidence, right, by_lot = zip(*some, strict=True)
        found[key] = replace(
            found[key], confidence=np.array(confidence), right=np.array(right), by_lot=np.array(by_lot, dtype=bool)
        )


def drawn_of(some: Iterable[GroundTruth]) -> tuple[int, int]:
    """Of plants given a name: how many drawn at random are determined, and how many of these were named right."""
    parts = [(int(one.drawn.sum()), int(np.trace(one.drawn))) for one in some]
    return sum(plants for plants, _ in parts), sum(right for _, right in parts)


def true_species(study: Study, given: GivenName) -> int | None:
    """Place of the species a person named, one beyond the last for any other; None where no species was named."""
    names = study.species_names
    if given.answer is AnswerKind.NONE:
        return len(names)
    if not given.species:
        return None
    return names.index(given.species) if given.species in names else len(names)


def realised_of(k: int, identified: int, some: Iterable[GroundTruth]) -> Realised:
    """How often the names given were right, of the determined plants.

    Parameters
    ----------
    k : int
        Species of the version.
    identified : int
        Plants that were given a name.
    """
    confusion = sum((one.confusion for one in some), np.zeros((k + 1, k), dtype=np.int64))
    return realised_from_confusion(identified, confusion)
