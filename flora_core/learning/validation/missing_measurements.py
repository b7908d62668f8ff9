"""How often plants are still named right when some measurements are missing from all of them.

A table without a column is named from the others. What that costs depends on which column it is, and is measured on training
plants that the model asked about them has not learned from.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from flora_core.identification.predicting import DRAWS, uncalibrated
from flora_core.learning.algorithms.pipelines import recipe_of
from flora_core.learning.validation.folds import fold_count, make_folds
from flora_core.learning.validation.out_of_fold import fit_fold
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.model import Bools, Floats, Ints, Model, TrainingPlants, state_columns
from flora_core.parallel import one_thread

#: Plants that are learned from and asked about; their species keep their shares.
_PLANTS: Final = 1000
#: Plants of a rare species that are taken at least, where there are so many.
_OF_EACH: Final = 5
_FOLDS: Final = 5
#: Completed rows that the pipelines are asked about, about: each plant is completed as every species in turn.
_ROWS: Final = 200_000
#: Plants that are asked about at least, however many species there are.
_LEAST: Final = 150


@dataclass(frozen=True, slots=True)
class RemainingAccuracy:
    """What was measured without some measurements, and with all of them on the same plants.

    Attributes
    ----------
    missing : tuple of str
        Names of the measurements that were left out, in the study's order.
    plants : int
        Training plants that were asked about, each by a model that had not learned from it.
    accuracy, low, high : float
        Share of them that was named right without these measurements, and its exact 95 % interval.
    complete : float
        Share of them that was named right with all measurements.
    """

    missing: tuple[str, ...]
    plants: int
    accuracy: float
    low: float
    high: float
    complete: float

    @property
    def sentence(self) -> str:
        """What it means for a table, with the number of plants and the interval."""
        them = "that measurement" if len(self.missing) == 1 else "those measurements"
        return (
            f"Without {them} {100 * self.accuracy:.0f} % of plants are named right (95 % interval {100 * self.low:.0f} to "
            f"{100 * self.high:.0f} %), with all {100 * self.complete:.0f} %: counted on {self.plants:,} training plants, "
            "each named by a model that had not learned from it."
        )


def accuracy_without(model: Model, missing: Collection[str]) -> RemainingAccuracy:
    """The accuracy that remains where these measurements are missing from every plant.

    The algorithm and settings of the model's card learn again from a sample of its training plants, all but one fold at a
    time, and name the plants of that fold without the measurements. A model and a set of measurements are asked about once.

    Parameters
    ----------
    missing : collection of str
        Names of measurements of the model's study; not all of them.

    Raises
    ------
    Unknown, Refused
        The card names an algorithm or settings that this program does not have.
    """
    return _measured(model, tuple(name for name in model.study.names if name in missing))


@lru_cache(maxsize=32)
def _measured(model: Model, missing: tuple[str, ...]) -> RemainingAccuracy:
    reference, k = model.reference, len(model.study.species)
    rows = _sample(reference.species, model.card.seed)
    values, species = reference.values[rows], reference.species[rows]
    plants = TrainingPlants(values, species, None, model.card.table, states=state_columns(model.study))
    gone: Bools = np.isin(model.study.names, missing)
    most = max(_LEAST, _ROWS // (DRAWS * k))
    right = [np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)]
    with one_thread():
        folds = make_folds(plants, fold_count(species, _FOLDS), model.card.seed)
        recipe = recipe_of(model.card, bool(np.isnan(values).any()))
        for fold in folds:
            test = fold.test[: max(1, most // len(folds))]
            pipeline = fit_fold(recipe, fold)
            without: Floats = values[test].copy()
            without[:, gone] = np.nan
            for i, X in enumerate((without, values[test])):
                named = uncalibrated(pipeline, fold.gaussians, X).argmax(axis=1)
                right[i] = np.concatenate([right[i], named == species[test]])
    n = len(right[0])
    low, high = clopper_pearson(int(right[0].sum()), n)
    return RemainingAccuracy(missing, n, float(right[0].mean()), low, high, float(right[1].mean()))


def _sample(species: Ints, seed: int) -> Ints:
    """Rows in random order: all plants, or so many that every species keeps its share and some plants."""
    order = np.random.default_rng(seed).permutation(len(species))
    if len(species) <= _PLANTS:
        return order
    # The place of each plant within its species, in this order, as a share: every beginning keeps the species' shares.
    kinds = species[order]
    place = np.empty(len(order), dtype=np.int64)
    for j in np.unique(kinds):
        of = np.flatnonzero(kinds == j)
        place[of] = np.arange(len(of))
    shares = place / np.bincount(kinds)[kinds]
    taken = (np.argsort(np.argsort(shares, kind="stable")) < _PLANTS) | (place < _OF_EACH)
    return order[taken]
