"""How often a name is right, by how sure the model is of it; for studies whose species are too rare for curves of their own.

References
----------
Platt (1999), Probabilistic outputs for support vector machines: a logistic curve, its targets smoothed. Guo et al. (2017), On
calibration of modern neural networks: calibrating the probability of the name alone is enough for accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints

#: Where half of the species have fewer reference plants than this, curves of their own would follow chance.
RARE: Final = 20
_EDGE: Final = 1e-6
_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class PlattCurve:
    """A logistic curve from how sure the model is to how often it is right: 1 / (1 + exp(-(slope * logit + level)))."""

    slope: float
    level: float

    def __call__(self, probabilities: Floats) -> Floats:
        """Probabilities whose largest says how often it is right, the others in proportion; rows sum to 1.

        Parameters
        ----------
        probabilities : (n, k) float
        """
        likeliest = probabilities.argmax(axis=1)
        rows = np.arange(len(probabilities))
        sure = probabilities[rows, likeliest]
        right = _logistic(self.slope * _logit(sure) + self.level)
        others = probabilities.sum(axis=1) - sure
        some = others > 0.0
        # Where the others have nothing to share out in proportion, they share evenly.
        result = np.where(
            some[:, None],
            probabilities * ((1.0 - right) / np.where(some, others, 1.0))[:, None],
            ((1.0 - right) / max(probabilities.shape[1] - 1, 1))[:, None],
        )
        result[rows, likeliest] = right
        return result


def fit_platt(probabilities: Floats, species: Ints, weights: Floats | None = None) -> PlattCurve:
    """The curve learned from plants whose species is known.

    Parameters
    ----------
    probabilities : (n, k) float
        Out of fold.
    species : (n,) int
    weights : (n,) float or None
        How much each plant counts; all the same where None.
    """
    size = np.ones(len(species)) if weights is None else weights
    x = _logit(probabilities.max(axis=1))
    hits: Bools = probabilities.argmax(axis=1) == species
    n, right = float(size.sum()), float(size[hits].sum())
    target = np.where(hits, (right + 1.0) / (right + 2.0), 1.0 / (n - right + 2.0))
    slope, level = 1.0, 0.0
    for _ in range(_STEPS):
        p = _logistic(slope * x + level)
        weight = size * np.maximum(p * (1.0 - p), 1e-9)
        missed = size * (target - p)
        gradient = np.array([(missed * x).sum(), missed.sum()])
        curvature = np.array([[(weight * x * x).sum(), (weight * x).sum()], [(weight * x).sum(), weight.sum()]])
        # A little is added so that plants that are all equally sure don't leave it without an answer.
        step = np.linalg.solve(curvature + 1e-6 * np.eye(2), gradient)
        slope, level = slope + float(np.clip(step[0], -2.0, 2.0)), level + float(np.clip(step[1], -2.0, 2.0))
        if np.abs(step).max() < 1e-9:
            break
    return PlattCurve(slope, level)


def are_rare(species: Ints) -> bool:
    """Whether half of the species have too few plants for curves of their own."""
    counts = np.bincount(species)
    return bool(np.median(counts[counts > 0]) < RARE) if len(species) else True


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, _EDGE, 1.0 - _EDGE)
    result: Floats = np.log(clipped / (1.0 - clipped))
    return result


def _logistic(x: Floats) -> Floats:
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(x, -700.0, 700.0)))
    return result
