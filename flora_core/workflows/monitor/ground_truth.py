"""What determinations say of the plants of each day and version, ready to be added up by window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.determination import COMPETENT, AnswerKind, GivenName
from flora_core.model import Ints
from flora_core.monitoring.performance.realised import Realised, realised_from_confusion
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

#: What persons said counts as the truth from this verification level on.
LEVEL: Final = COMPETENT


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
    """

    version: int
    day: str
    confusion: Ints
    strangers: int
    unfit_confirmed: int


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
        found[tally.version, tally.day] = GroundTruth(tally.version, tally.day, confusion, strangers, indeed)
    return tuple(found.values())


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
