"""Plants of one site, collector or file resemble each other: how much, and how many independent plants they amount to.

References
----------
Kish (1965), Survey Sampling: the design effect. Donner (1986), A review of inference procedures for the intraclass correlation
coefficient in the one-way random effects model, International Statistical Review 54: 67-82.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flora_core.model import Floats, Ints

#: Groups that a correlation is estimated from, at least.
_FEWEST: int = 3


@dataclass(frozen=True, slots=True)
class Clustering:
    """How alike the plants of one group of a table are.

    Attributes
    ----------
    correlation : float
        Intraclass correlation of the measurements within their species, on average; from 0 to 1.
    sizes : tuple of int
        Plants of each group.
    """

    correlation: float
    sizes: tuple[int, ...]


def clustering_of(values: Floats, species: Ints, groups: npt.NDArray[np.str_]) -> Clustering | None:
    """How alike plants of one group are, by a one-way analysis of variance within the species; None where nobody can tell.

    Parameters
    ----------
    values : (n, p) float
        NaN where not measured.
    species : (n,) int
    groups : (n,) str
        "" where not known.
    """
    _, labels = np.unique(groups, return_inverse=True)
    known = np.asarray(groups != "")
    # Where a species has one group, species and group can't be told apart.
    parted = [s for s in np.unique(species) if len(np.unique(labels[known & (species == s)])) > 1]
    rows = known & np.isin(species, parted)
    if not rows.any():
        return None
    found = []
    for column in values.T:
        seen = rows & np.isfinite(column)
        residuals = column.astype(np.float64).copy()
        for s in parted:
            mine = seen & (species == s)
            if mine.any():
                residuals[mine] = (column[mine] - column[mine].mean()) / (column[mine].std() or 1.0)
        one = _correlation(residuals[seen], labels[seen], species[seen])
        if one is not None:
            found.append(one)
    if not found:
        return None
    sizes = np.unique(labels[rows], return_counts=True)[1]
    return Clustering(float(np.clip(np.mean(found), 0.0, 1.0)), tuple(int(n) for n in sizes))


def _correlation(residuals: Floats, labels: Ints, species: Ints) -> float | None:
    groups, places, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    n, k = len(residuals), len(groups)
    nested = all(len(np.unique(species[places == g])) == 1 for g in range(k))
    between_freedom = k - (len(np.unique(species)) if nested else 1)
    if k < _FEWEST or between_freedom < 1 or n <= k:
        return None
    means = np.bincount(places, residuals) / sizes
    between = float((sizes * means**2).sum()) / between_freedom
    within = float(((residuals - means[places]) ** 2).sum()) / (n - k)
    typical = (n - float((sizes.astype(np.float64) ** 2).sum()) / n) / (k - 1)
    whole = between + (typical - 1.0) * within
    return (between - within) / whole if whole > 0.0 else None


def design_effect(sizes: Sequence[float], correlation: float) -> float:
    """By how much the variance of a mean is larger than that of as many independent plants."""
    total = float(sum(sizes))
    return 1.0 + max(0.0, sum(size * size for size in sizes) / total - 1.0) * correlation if total else 1.0


def inflation(reference: Sequence[float], current: Sequence[float], correlation: float) -> float:
    """By how much the variance of a difference of two means is larger than that of as many independent plants."""
    n, m = float(sum(reference)), float(sum(current))
    if not n or not m:
        return 1.0
    clustered = design_effect(reference, correlation) / n + design_effect(current, correlation) / m
    return clustered / (1.0 / n + 1.0 / m)


def deflated(p: float, by: float, freedom: int) -> float:
    """A p value as it is for clusters: its normal score shrunk by the root of the inflation, held against Student's t.

    Parameters
    ----------
    freedom : int
        Groups of the reference less one: from so few the correlation is known.
    """
    from scipy.special import ndtri, stdtr

    if by <= 1.0 or p >= 1.0:
        return p
    score = -float(ndtri(max(p, 1e-300) / 2.0)) / math.sqrt(by)
    return max(p, 2.0 * float(stdtr(max(1, freedom), -score)))
