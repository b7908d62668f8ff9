"""Where does a shift come from: another mix of species, measurements within the species, or plants that fit none?

Each has its own next step: collect determinations; check ruler and units; look for another species.

References
----------
Kitagawa (1955), Components of a difference between two rates. The parts add up to the difference of the two means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.drift.samples import PlantSample
from flora_core.monitoring.statistics.outlier_fences import tukey_fences

Source = Literal["mix", "within", "strangers"]

#: The part that is at least so much of all that moved is where a shift comes from.
MOST: Final = 0.5


@dataclass(frozen=True, slots=True)
class Decomposition:
    """A measurement's difference of means, in the parts that make it; all in its unit.

    Attributes
    ----------
    name : str
    mix : float
        Had only the shares of the species changed.
    within : float
        Had only the plants within each species changed.
    strangers : float
        By plants that fit no species.
    """

    name: str
    mix: float
    within: float
    strangers: float

    @property
    def total(self) -> float:
        """The difference of the means."""
        return self.mix + self.within + self.strangers

    @property
    def source(self) -> Source | None:
        """The part that most of it comes from; None where no part is that large."""
        parts: dict[Source, float] = {"mix": self.mix, "within": self.within, "strangers": self.strangers}
        moved = sum(map(abs, parts.values()))
        largest = max(parts, key=lambda part: abs(parts[part]))
        return largest if moved > 0.0 and abs(parts[largest]) >= MOST * moved else None


def decompose(
    name: str, reference: Ints, reference_means: Floats, current: Ints, current_means: Floats
) -> Decomposition | None:
    """The parts of a difference of means; None where either side has no plants.

    Parameters
    ----------
    reference, current : (k + 1,) int
        Plants of each species, and last of none, in which it was measured.
    reference_means, current_means : (k + 1,) float
        Their means; anything where there are no plants.
    """
    if not reference.sum() or not current.sum():
        return None
    p, q = reference / reference.sum(), current / current.sum()
    middle = float(p @ np.where(reference > 0, reference_means, 0.0))
    # A species that one side lacks stands in the middle there: its plants then count as another mix, or as changed.
    first = np.where(reference > 0, reference_means, middle) - middle
    second = np.where(current > 0, current_means - middle, first)
    mix = float(((q - p) * first)[:-1].sum())
    within = float((q * (second - first))[:-1].sum())
    strangers = float(q[-1] * second[-1] - p[-1] * first[-1])
    return Decomposition(name, mix, within, strangers)


def decompose_plants(
    names: Sequence[str], species: int, reference: PlantSample, current: PlantSample
) -> tuple[Decomposition, ...]:
    """The parts of every measurement's difference of means, far values put on the fence.

    Parameters
    ----------
    species : int
        How many there are. Plants without a name, or that fit none, count as strangers.
    """
    found = []
    groups = [_groups(plants, species) for plants in (reference, current)]
    for j, name in enumerate(names):
        measured = [np.isfinite(plants.values[:, j]) for plants in (reference, current)]
        if not all(there.any() for there in measured):
            continue
        fences = tukey_fences(reference.values[measured[0], j])
        counts, means = [], []
        for plants, group, there in zip((reference, current), groups, measured, strict=True):
            counts.append(np.bincount(group[there], minlength=species + 1))
            sums = np.bincount(group[there], fences.kept(plants.values[there, j]), minlength=species + 1)
            means.append(sums / np.maximum(counts[-1], 1))
        one = decompose(name, counts[0], means[0], counts[1], means[1])
        if one is not None:
            found.append(one)
    return tuple(found)


def _groups(plants: PlantSample, species: int) -> Ints:
    named = plants.species if plants.species is not None else np.full(len(plants), species)
    strange = (named < 0) | (named >= species)
    if plants.fits is not None:
        strange |= ~plants.fits
    return np.where(strange, species, named)
