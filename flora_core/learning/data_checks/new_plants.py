"""Do the plants that came since measure like those learned from before, species by species?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints, TrainingPlants
from flora_core.monitoring.decision import MIN_PLANTS, holm, plants_missing
from flora_core.study import Measurement, Study

#: The share of plants left out at each end of an average, so that a lost decimal point does not tell the story.
_TRIMMED: Final = 0.1


@dataclass(frozen=True, slots=True)
class SpeciesDrift:
    """One measurement of the newcomers against plants of the same species before.

    Attributes
    ----------
    measurement : Measurement
    by : float
        How far they lie from the known plants of their species, on average without the tenth at each end, in the measurement's
        unit; NaN where nothing can be compared.
    p : float or None
        Two-sided, corrected for all measurements; None where there are too few plants.
    """

    measurement: Measurement
    by: float
    p: float | None


@dataclass(frozen=True, slots=True)
class NewPlantDrift:
    """What the plants that came since are like.

    Attributes
    ----------
    compared : int
        New plants of species that were known before.
    others : int
        New plants of other species.
    needed : int
        Plants still missing for an answer.
    moved : tuple of SpeciesDrift
        One a measurement.
    """

    compared: int
    others: int
    plants_missing: int
    moved: tuple[SpeciesDrift, ...]


def new_plant_drift(study: Study, plants: TrainingPlants, known: Bools) -> NewPlantDrift:
    """The plants that are not known yet against the known ones of their species; other shares of species are no drift here.

    Each measurement is ranked within each species, so that neither species that spread more nor a far value weighs more.

    Parameters
    ----------
    known : (n,) bool
        Which of the plants were learned from before.

    References
    ----------
    van Elteren, P. H. (1960). On the combination of independent two sample tests of Wilcoxon. Bulletin de l'Institut
    International de Statistique 37, 351-361. Variance with ties: Lehmann, E. L. (1975). Nonparametrics, section 3.3.
    """
    rows = np.isin(plants.species, plants.species[known])
    n, m = int((known & rows).sum()), int((~known & rows).sum())
    missing = plants_missing(n, m, MIN_PLANTS)
    numbers = [(i, m) for i, m in enumerate(study.measurements) if not m.has_states]
    tests = [_stratified(plants.values[:, i], plants.species, known) for i, _ in numbers]
    corrected: Sequence[float | None] = [None] * len(tests) if missing else holm([p for _, p in tests])
    moved = (
        SpeciesDrift(*found) for found in zip((m for _, m in numbers), (by for by, _ in tests), corrected, strict=True)
    )
    return NewPlantDrift(m, int((~known & ~rows).sum()), missing, tuple(moved))


def _stratified(values: Floats, species: Ints, known: Bools) -> tuple[float, float]:
    """How far the plants since lie from those of their species before, and the p value of van Elteren's test."""
    from scipy.stats import norm, rankdata, trim_mean

    total = variance = 0.0
    distances = []
    for j in np.unique(species[known]):
        measured = (species == j) & ~np.isnan(values)
        since = ~known[measured]
        size, m = len(since), int(since.sum())
        if not 0 < m < size:
            continue
        own = values[measured]
        distances.append(own[since] - trim_mean(own[~since], _TRIMMED))
        ranks = rankdata(own) - (size + 1) / 2
        weight = 1.0 / (size + 1)
        total += weight * float(ranks[since].sum())
        variance += weight**2 * m * (size - m) / (size * (size - 1)) * float((ranks**2).sum())
    by = float(trim_mean(np.concatenate(distances), _TRIMMED)) if distances else math.nan
    return by, float(2.0 * norm.sf(abs(total) / math.sqrt(variance))) if variance > 0.0 else 1.0
