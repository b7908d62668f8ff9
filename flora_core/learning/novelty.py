"""How plants of species that a model does not know are noticed, and how many of them would be: species left out in turn.

A plant is called unusual where it lies outside the range that 95 of 100 plants like the training plants keep from the
nearest species. Whether that distance is best taken by each species' own covariance or by one that all share depends on the
plants; both are tried on species that were left out of training, and the one that notices more of them is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flora_core.identification.fitness import WITHIN, misfits, outlying_levels, outside_usual_range
from flora_core.learning.species_gaussians import fit_gaussians, fit_tail_factor, own_misfits
from flora_core.learning.species_states import with_limits
from flora_core.learning.validation.folds import Fold
from flora_core.learning.validation.scoring import clopper_pearson, effective_plants
from flora_core.model import (
    Bools,
    Ints,
    Novelty,
    SpeciesGaussians,
    TrainingPlants,
    UnknownSpecies,
    UnknownSpeciesPlants,
    pooled_gaussians,
)
from flora_core.parallel import work_through
from flora_core.study import Study

#: The share of plants like the training plants that may be called unusual.
UNUSUAL: Final = 0.05
#: Species left out in turn at most.
_SPECIES: Final = 20
#: Plants that all of this learns from at most, and that are asked about of each species left out.
_LEARNED: Final = 4000
_ASKED: Final = 200
#: A shared covariance must notice this much more to be taken: the species' own also say by what a plant is unusual.
_BETTER: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """One way of taking the usual range, judged on held-out plants of known species.

    Attributes
    ----------
    pooled : bool
    tail_factor, usual_level : float
    outside : (n,) bool
        The held-out plants outside the usual range of every species.
    """

    pooled: bool
    tail_factor: float
    usual_level: float
    outside: Bools

    def of(self, gaussians: SpeciesGaussians) -> SpeciesGaussians:
        if self.pooled:
            return pooled_gaussians(gaussians, self.tail_factor)
        return _with_tail(gaussians, self.tail_factor)


def fit_novelty(
    study: Study,
    plants: TrainingPlants,
    folds: Sequence[Fold],
    gaussians: SpeciesGaussians,
    seed: int,
    processes: int = 1,
) -> tuple[Novelty, UnknownSpecies]:
    """The rule by which unknown species are noticed, and what it came to on species left out.

    Parameters
    ----------
    folds : sequence of Fold
        Held-out plants of known species.
    gaussians : SpeciesGaussians
        Of all plants, with their tail factor.
    processes : int
        How many species are left out at once; the answer does not depend on it.

    References
    ----------
    Scheirer et al. (2013), Toward open set recognition (classes left out of training as the measure of it); Vovk, Gammerman
    & Shafer (2005) for the limit, the conformal quantile of the held-out plants.
    """
    kinds = [_kind(plants, folds, gaussians, pooled) for pooled in (False, True)]
    rng = np.random.default_rng(seed)
    known = np.unique(plants.species)
    left_out = np.sort(rng.permutation(known)[:_SPECIES])
    rows = _some(plants.species, max(20, _LEARNED // len(known)), rng)
    asked = {int(j): _some_of(np.flatnonzero(plants.species == j), _ASKED, rng) for j in left_out}
    tasks = [_LeftOut(j, plants, rows, ask, gaussians, kinds) for j, ask in asked.items()]
    none: dict[int, Bools] = {}
    outside: list[dict[int, Bools]] = [{}, {}]
    for j, fits_none, of_each_kind in sorted(work_through(_without, tasks, processes), key=lambda found: found[0]):
        none[j] = fits_none
        for found, of_kind in zip(outside, of_each_kind, strict=True):
            found[j] = of_kind
    noticed = [float(np.mean([(none[j] | found[j]).mean() for j in found])) for found in outside]
    best = 1 if noticed[1] > noticed[0] + _BETTER else 0
    kind = kinds[best]
    own_none = np.empty(len(plants.species), dtype=bool)
    for fold in folds:
        limited = _like(_with_tail(fold.gaussians, gaussians.tail_factor), gaussians)
        own_none[fold.test] = misfits(limited, plants.values[fold.test]).min(axis=1) > 1.0
    final = pooled_gaussians(gaussians, kind.tail_factor) if kind.pooled else gaussians
    return Novelty(final, kind.usual_level, kind.pooled), _counted(study, kind, none, outside[best], own_none)


@dataclass(frozen=True, slots=True, eq=False)
class _LeftOut:
    """A species that is left out, the rows learned from and the rows of it that are asked about."""

    species: int
    plants: TrainingPlants
    rows: Ints
    asked: Ints
    gaussians: SpeciesGaussians
    kinds: list[_Kind]


def _without(task: _LeftOut) -> tuple[int, Bools, list[Bools]]:
    """Of plants of the species left out: which fit no other, and which lie outside the usual range, by each kind."""
    plants, gaussians = task.plants, task.gaussians
    learned = task.rows[plants.species[task.rows] != task.species]
    names, species = np.unique(plants.species[learned], return_inverse=True)
    fitted = fit_gaussians(plants.values[learned], species, len(names), gaussians.tail_factor, plants.states)
    others, asked = _like(fitted, gaussians), plants.values[task.asked]
    outside = [outside_usual_range(kind.of(others), asked, kind.usual_level) for kind in task.kinds]
    return task.species, misfits(others, asked).min(axis=1) > 1.0, outside


def _kind(plants: TrainingPlants, folds: Sequence[Fold], gaussians: SpeciesGaussians, pooled: bool) -> _Kind:
    """A way of taking the usual range, with its level from plants that were held out."""
    n = len(plants.species)
    plain = [_like(pooled_gaussians(fold.gaussians) if pooled else fold.gaussians, gaussians) for fold in folds]
    own = np.empty(n)
    for one, fold in zip(plain, folds, strict=True):
        own[fold.test] = own_misfits(one, plants.values[fold.test], plants.species[fold.test])
    tail_factor = fit_tail_factor(own)
    levels = np.empty(n)
    for one, fold in zip(plain, folds, strict=True):
        levels[fold.test] = outlying_levels(_with_tail(one, tail_factor), plants.values[fold.test]).min(axis=1)
    rank = int(np.ceil((n + 1) * (1.0 - UNUSUAL) - 1e-9))
    usual_level = min(WITHIN, float(np.partition(levels, rank - 1)[rank - 1]) if rank <= n else WITHIN)
    return _Kind(pooled, tail_factor, usual_level, levels > usual_level)


def _counted(
    study: Study, kind: _Kind, none: dict[int, Bools], outside: dict[int, Bools], own_none: Bools
) -> UnknownSpecies:
    by_species = {
        study.species_names[j]: UnknownSpeciesPlants(
            plants=len(outside[j]), none=int(none[j].sum()), unusual=int((outside[j] & ~none[j]).sum())
        )
        for j in none
    }
    noticed = float(np.mean([(s.none + s.unusual) / s.plants for s in by_species.values()]))
    every = np.concatenate([none[j] | outside[j] for j in none]).astype(np.float64)
    worth = effective_plants(every, np.repeat(np.arange(len(none)), [len(found) for found in none.values()]))
    low, high = clopper_pearson(noticed * worth, worth)
    return UnknownSpecies(
        left_out=len(none),
        plants=len(every),
        none=float(np.mean([s.none / s.plants for s in by_species.values()])),
        noticed=noticed,
        low=low,
        high=high,
        own_plants=len(own_none),
        own_none=float(own_none.mean()),
        own_unusual=float((kind.outside & ~own_none).mean()),
        pooled=kind.pooled,
        by_species=by_species,
    )


def _with_tail(gaussians: SpeciesGaussians, tail_factor: float) -> SpeciesGaussians:
    return replace(gaussians, tail_factor=tail_factor)


def _like(others: SpeciesGaussians, gaussians: SpeciesGaussians) -> SpeciesGaussians:
    """Other species with the limits for their states that the plants of all species asked for."""
    if others.states is None or gaussians.states is None:
        return others
    states = with_limits(others.states, gaussians.states.tail_factor, gaussians.states.least)
    return replace(others, states=states)


def _some(species: Ints, most: int, rng: np.random.Generator) -> Ints:
    """At most so many rows of each species."""
    return np.sort(np.concatenate([_some_of(np.flatnonzero(species == j), most, rng) for j in np.unique(species)]))


def _some_of(rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
