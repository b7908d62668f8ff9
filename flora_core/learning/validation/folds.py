"""Plants parted into those that are learned from and those that are asked: the ground of every honest score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flora_core.errors import Refused
from flora_core.identification.fitness import misfits
from flora_core.learning.species_gaussians import fit_gaussians, fit_tail_factor, impute_within_species, own_misfits
from flora_core.learning.species_states import fit_least, own_rarest, with_limits
from flora_core.model import Bools, Floats, Ints, SpeciesGaussians, TrainingPlants

FOLDS: Final = 10
#: Groups from which on plants are scored by group.
_GROUPS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One part held out, with what every algorithm needs of the others.

    Attributes
    ----------
    train, test : (n,) int
        Rows of the plants.
    values : (len(train), p) float
        The training rows without gaps.
    species : (len(train),) int
    gaussians : SpeciesGaussians
        Of the training rows.
    """

    train: Ints
    test: Ints
    values: Floats
    species: Ints
    gaussians: SpeciesGaussians

    def some(self, learned: Ints, asked: Ints) -> Fold:
        """The same with part of the training rows (places in `train`) and of the test rows (rows of the plants)."""
        return Fold(self.train[learned], asked, self.values[learned], self.species[learned], self.gaussians)

    def asking(self, plants: Bools) -> Fold:
        """The same, asking only those for which `plants` holds; (n,)."""
        return Fold(self.train, self.test[plants[self.test]], self.values, self.species, self.gaussians)


def fold_count(species: Ints, most: int = FOLDS) -> int:
    """How many folds: ten, or as many as the rarest species has plants, but at least two."""
    counts = np.bincount(species)
    return int(max(2, min(most, counts[counts > 0].min())))


def make_folds(plants: TrainingPlants, count: int, seed: int) -> tuple[Fold, ...]:
    """Stratified folds, each with the gaussians of its training plants.

    Parameters
    ----------
    count : int
        How many; a species with fewer plants is missing from some test parts.
    """
    k = int(plants.species.max()) + 1
    part = np.empty(len(plants.species), dtype=np.int64)
    rng = np.random.default_rng(seed)
    offset = 0
    for j in range(k):
        rows = rng.permutation(np.flatnonzero(plants.species == j))
        # Each species starts where the last one stopped, so that the folds are of one size too.
        part[rows] = (offset + np.arange(len(rows))) % count
        offset += len(rows)
    return _parted(plants, part, seed)


def group_numbers(plants: TrainingPlants) -> Ints | None:
    """A number for the group of each plant; (n,). None where there are no groups, or fewer than three.

    A plant whose group is not known ("") is a group of its own.
    """
    if plants.groups is None:
        return None
    names, numbers = np.unique(plants.groups, return_inverse=True)
    if (names != "").sum() < _GROUPS:
        return None
    unknown = plants.groups == ""
    numbers[unknown] = len(names) + np.arange(int(unknown.sum()))
    return np.asarray(np.unique(numbers, return_inverse=True)[1])


def askable_by_group(plants: TrainingPlants) -> Bools:
    """The plants that can be asked about when their whole group is held out; (n,).

    Those of a species that grows in one group only can't: nothing of it would be left to learn from. None can where there
    are fewer than three groups, or fewer than two species that grow in several.
    """
    nobody = np.zeros(len(plants.species), dtype=bool)
    numbers = group_numbers(plants)
    if numbers is None:
        return nobody
    pairs = np.unique(np.column_stack([plants.species, numbers]), axis=0)
    several = np.bincount(pairs[:, 0]) > 1
    return several[plants.species] if several.sum() > 1 else nobody


def make_group_folds(plants: TrainingPlants, seed: int) -> tuple[Fold, ...]:
    """At most ten folds of whole groups, as even in their species as the groups allow: no group is ever parted.

    Raises
    ------
    Refused
        There are fewer than three groups.
    """
    numbers = group_numbers(plants)
    if numbers is None:
        raise Refused(f"Scoring by group needs at least {_GROUPS} groups.")
    counts = np.zeros((int(numbers.max()) + 1, int(plants.species.max()) + 1))
    np.add.at(counts, (numbers, plants.species), 1.0)
    # A rare species counts as much as a common one.
    shares = counts / np.maximum(counts.sum(axis=0), 1.0)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    held = np.zeros((min(FOLDS, len(counts)), counts.shape[1]))
    sizes = np.zeros(len(held))
    fold_of = np.zeros(len(counts), dtype=np.int64)
    for group in order:
        # Largest first, each into the fold that has least of its species; among equals the smallest.
        fold = int(np.lexsort((sizes, np.round(held @ shares[group], 9)))[0])
        fold_of[group] = fold
        held[fold] += shares[group]
        sizes[fold] += counts[group].sum()
    return _parted(plants, fold_of[numbers], seed)


def _parted(plants: TrainingPlants, part: Ints, seed: int) -> tuple[Fold, ...]:
    k = int(plants.species.max()) + 1
    folds = []
    for f in np.unique(part):
        train, test = np.flatnonzero(part != f), np.flatnonzero(part == f)
        species = plants.species[train]
        gaussians = fit_gaussians(plants.values[train], species, k, columns=plants.states)
        values = impute_within_species(gaussians, plants.values[train], species, seed)
        folds.append(Fold(train, test, values, species, gaussians))
    return tuple(folds)


def held_out_misfits(plants: TrainingPlants, folds: tuple[Fold, ...]) -> Floats:
    """The misfit of each plant's numbers to its own species by gaussians that were fitted without it; (n,)."""
    result = np.empty(len(plants.species))
    for fold in folds:
        result[fold.test] = own_misfits(fold.gaussians, plants.values[fold.test], plants.species[fold.test])
    return result


def with_state_limits(gaussians: SpeciesGaussians, plants: TrainingPlants, folds: tuple[Fold, ...]) -> SpeciesGaussians:
    """The gaussians with the limits for states that held-out plants ask for; the same where no column holds states."""
    if gaussians.states is None:
        return gaussians
    rarest, together = np.empty(len(plants.species)), np.empty(len(plants.species))
    for fold in folds:
        values, species = plants.values[fold.test], plants.species[fold.test]
        rarest[fold.test] = own_rarest(fold.gaussians, values, species)
        # The rarest state is judged apart: here none bars a plant.
        states = with_limits(fold.gaussians.states or gaussians.states, 1.0, 1e-300)
        fitted = replace(fold.gaussians, tail_factor=gaussians.tail_factor, states=states)
        together[fold.test] = misfits(fitted, values)[np.arange(len(values)), species]
    return replace(gaussians, states=with_limits(gaussians.states, fit_tail_factor(together), fit_least(rarest)))
