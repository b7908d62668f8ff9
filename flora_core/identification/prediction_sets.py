"""Which species are still possible: a set that holds the true one for 95 of 100 plants like the training plants.

The set is the smallest group of likeliest species whose probabilities reach 95 %, made larger where out-of-fold plants
showed that the probabilities alone would not have held the promise (split conformal prediction on the mass of likelier
species). docs/decisions/0006-prediction-sets.md compares it with the alternatives.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints

LEVEL: Final = 0.95


def cumulative_probability(probabilities: Floats) -> Floats:
    """For each plant and species, the probability of all species likelier than it: 0 for the first.

    Parameters
    ----------
    probabilities : (n, k) float

    Returns
    -------
    (n, k) float
        Equal probabilities count as likelier in the order of the columns.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    before[:, 0] = 0.0
    mass = np.empty_like(before)
    np.put_along_axis(mass, order, before, axis=1)
    return mass


def prediction_sets(probabilities: Floats, limits: Floats) -> Bools:
    """The species that are still possible for each plant.

    Parameters
    ----------
    probabilities : (n, k) float
        Calibrated.
    limits : (k,) float
        From `fit_conformal_thresholds`.

    Returns
    -------
    (n, k) bool
        The likeliest species is always among them.
    """
    if probabilities.shape[1] == 2:
        # Two species, one comparison: the second stays in while the first is not sure enough.
        other = probabilities[:, ::-1]
        first = np.stack([probabilities[:, 0] >= other[:, 0], probabilities[:, 1] > other[:, 1]], axis=1)
        return np.asarray(first | (other <= limits))
    return np.asarray(cumulative_probability(probabilities) <= limits)


def fit_conformal_thresholds(probabilities: Floats, species: Ints, level: float = LEVEL) -> Floats:
    """For each species, the mass of likelier species up to which it stays in the set.

    Parameters
    ----------
    probabilities : (n, k) float
        Out-of-fold and calibrated: of plants the model had not seen.
    species : (n,) int
        Each plant's true species.
    level : float
        The share of plants whose true species the set shall hold.

    Returns
    -------
    (k,) float
        Never below `level`. Each species has a limit of its own where it has plants enough for one (19 at 95 %), so that
        the promise holds for it; the rarer ones share one, and all species do where the rarer ones together are too few.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world (Mondrian conformal prediction);
    Romano, Sesia & Candès (2020), Classification with valid and adaptive coverage; Ding et al. (2023), Class-conditional
    conformal prediction with many classes (pooling of rare classes).
    """
    k = probabilities.shape[1]
    mass = cumulative_probability(probabilities)[np.arange(len(species)), species]
    counts = np.bincount(species, minlength=k)
    rare = counts < _smallest(level)
    pooled = mass[rare[species]]
    shared = _quantile(pooled if len(pooled) >= _smallest(level) else mass, level)
    limits = [shared if rare[j] else _quantile(mass[species == j], level) for j in range(k)]
    return np.maximum(np.array(limits, dtype=np.float64), level, dtype=np.float64)


def _smallest(level: float) -> int:
    """The fewest plants from which a finite limit at `level` can be had."""
    return int(np.ceil(level / (1.0 - level) - 1e-9))


def _quantile(scores: Floats, level: float) -> float:
    """The conformal quantile: the ceil((n + 1) level)-th smallest; 1 (everything stays in) where n is too small."""
    rank = int(np.ceil((len(scores) + 1) * level - 1e-9))
    if rank > len(scores):
        return 1.0
    return float(np.partition(scores, rank - 1)[rank - 1])
