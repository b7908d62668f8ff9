"""Did the measurements change within the species? Held against a reference that is weighted for the mix of the window.

Pooled over species a measurement spreads so far that half a standard deviation within each species is hidden. Held against the
species they were named, plants differ also where only the mix changed, because other names are then wrong: of the plants named
versicolor some are virginica, and more of them where virginica is common. So each reference plant is weighted by how much more
often its true species occurs in the window, and the window's plants are compared with the weighted ones, by the species named.

References
----------
Shares of species under a change of mix, from the names given and how often each name is wrong: Saerens, Latinne & Decaestecker
(2002), Adjusting the outputs of a classifier to new a priori probabilities; Lipton, Wang & Smola (2018), Detecting and
correcting for label shift with black box predictors. Effective sample size of weights: Kish (1965). All measurements at once:
Hotelling (1931).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.decision import MIN_EFFECT, MIN_PLANTS, Verdict, holm, plants_missing, verdict_of

#: Residuals of the reference beyond so many standard deviations within the species count as so many.
CLIP: Final = 3.5
#: A spread that changed by this factor is worth naming.
SPREAD: Final = 1.25
#: The part of the error rate that is spent on locations; the rest is spent on spreads.
ON_LOCATION: Final = 2.0 / 3.0
#: The part of that which is spent on all locations at once; the rest is spent on single ones.
ON_ALL_AT_ONCE: Final = 2.0 / 3.0
#: A species' own standard deviation is drawn towards that of all species as if by so many plants.
_PRIOR: Final = 5.0
_STEPS: Final = 200
_KNOWN_KURTOSIS: Final = 50.0
#: Mahalanobis' distance needs so many reference plants a measurement.
_PER_MEASUREMENT: Final = 8.0


@dataclass(frozen=True, slots=True)
class WithinMeasurement:
    """One measurement within the species named.

    Attributes
    ----------
    name : str
    m : int
        Plants of the window that were named and in which it was measured.
    location : float
        How much higher it is than in the weighted reference, in standard deviations within the species.
    shift : float
        The same in the measurement's unit, on the average over the window's plants.
    spread : float
        The window's standard deviation within the species over the weighted reference's.
    p_location, p_spread : float
        Not corrected.
    """

    name: str
    m: int
    location: float
    shift: float
    spread: float
    p_location: float
    p_spread: float


@dataclass(frozen=True, slots=True)
class WithinSpecies:
    """All measurements within the species named, a window against the weighted reference.

    Attributes
    ----------
    n, m : int
        Plants of the reference and of the window that were given a name.
    effective : float
        How many reference plants the weighted ones come down to.
    measurements : tuple of WithinMeasurement
    p_value, p_adjusted : float or None
    plants_missing : int
    verdict : Verdict
    """

    n: int
    m: int
    effective: float = 0.0
    measurements: tuple[WithinMeasurement, ...] = ()
    p_value: float | None = None
    p_adjusted: float | None = None
    plants_missing: int = 0
    verdict: Verdict = "too few"

    @property
    def most(self) -> WithinMeasurement | None:
        """The measurement that changed most clearly."""
        return min(self.measurements, key=lambda one: min(one.p_location, one.p_spread), default=None)

    @property
    def is_material(self) -> bool:
        """Whether any change is worth naming."""
        return any(
            abs(one.location) >= MIN_EFFECT or max(one.spread, 1.0 / max(one.spread, 1e-9)) >= SPREAD
            for one in self.measurements
        )

    def with_verdict(self, p_adjusted: float | None) -> WithinSpecies:
        """With its verdict, given its p value after correction."""
        if p_adjusted is None:
            return replace(self, p_adjusted=None, verdict="too few")
        return replace(self, p_adjusted=p_adjusted, verdict=verdict_of(p_adjusted, self.is_material))


@dataclass(frozen=True, slots=True, eq=False)
class WithinReference:
    """What windows are compared with within the species; made once for a version.

    Attributes
    ----------
    residuals : (n, p) float
        Of the reference's plants that were given a name, from the species named; NaN where not measured.
    named, species : (n,) int
        The species named, and the true one.
    centres, scales : (k, p) float
        Mean and standard deviation of the plants given each name; NaN and 1 where there are none.
    confusion : (k, k) float
        How often plants of each species (rows) are given each name (columns).
    shares : (k,) float
        The species' shares in the reference.
    plants : int
        Plants of the reference with a name.
    """

    residuals: Floats
    named: Ints
    species: Ints
    centres: Floats
    scales: Floats
    confusion: Floats
    shares: Floats

    @property
    def plants(self) -> int:
        """Plants of the reference that were given a name."""
        return len(self.named)


def within_reference(values: Floats, named: Ints, species: Ints, fits: Bools, count: int) -> WithinReference:
    """What windows are compared with within the species.

    Parameters
    ----------
    values : (n, p) float
        NaN where not measured.
    named, species : (n,) int
        The species named (out of fold), and the true one.
    fits : (n,) bool
        Plants that fit no species were given no name.
    count : int
        How many species there are.
    """
    values, named, species = values[fits], named[fits], species[fits]
    p = values.shape[1]
    centres, scales = np.full((count, p), np.nan), np.ones((count, p))
    sizes, squares = np.zeros((count, p)), np.zeros((count, p))
    for g in range(count):
        own = values[named == g]
        for j in range(p):
            there = own[np.isfinite(own[:, j]), j]
            sizes[g, j] = len(there)
            if len(there):
                centres[g, j] = there.mean()
                squares[g, j] = ((there - centres[g, j]) ** 2).sum()
    freedom = np.maximum(sizes - 1.0, 0.0)
    pooled = squares.sum(axis=0) / np.maximum(freedom.sum(axis=0), 1.0)
    scales = np.sqrt((squares + _PRIOR * pooled) / (freedom + _PRIOR))
    scales = np.where(scales > 0.0, scales, 1.0)
    residuals = np.clip((values - centres[named]) / scales[named], -CLIP, CLIP)
    counts = np.zeros((count, count))
    np.add.at(counts, (species, named), 1.0)
    totals = counts.sum(axis=1)
    # A species of few plants may be given other names than these few were.
    confusion = (counts + np.eye(count) * 0.5 + 0.5 / count) / (totals[:, None] + 1.0)
    return WithinReference(
        residuals, named, species, centres, scales, confusion, totals / max(1.0, float(totals.sum()))
    )


def shares_of_species(reference: WithinReference, named: Ints) -> Floats:
    """The true species' shares in a window, most likely by the names given and by how often each is wrong; (k,).

    Parameters
    ----------
    named : (k,) int
        How many plants of the window were given each name.

    References
    ----------
    Expectation maximisation as in Saerens, Latinne & Decaestecker (2002), on the names instead of the probabilities, because
    these are what a profile keeps.
    """
    shares = np.where(reference.shares > 0.0, reference.shares, 0.0)
    total = float(named.sum())
    if total <= 0.0 or shares.sum() <= 0.0:
        return shares
    shares = shares / shares.sum()
    for _ in range(_STEPS):
        joint = shares[:, None] * reference.confusion
        belongs = joint / np.maximum(joint.sum(axis=0), 1e-300)
        new = belongs @ named / total
        if np.abs(new - shares).max() < 1e-7:
            return np.asarray(new)
        shares = new
    return np.asarray(shares)


def moments_of(values: Floats, named: Ints, count: int) -> tuple[Ints, Floats, Floats]:
    """How many plants of each name have each measurement, their mean, and their squared deviations added up; each (k, p).

    Parameters
    ----------
    values : (m, p) float
        NaN where not measured.
    named : (m,) int
        Outside 0 to k - 1 where no name was given.
    """
    p = values.shape[1]
    sizes, means, squares = np.zeros((count, p), dtype=np.int64), np.zeros((count, p)), np.zeros((count, p))
    for g in range(count):
        own = values[named == g]
        there = np.isfinite(own)
        sizes[g] = there.sum(axis=0)
        means[g] = np.where(there, own, 0.0).sum(axis=0) / np.maximum(sizes[g], 1)
        squares[g] = (np.where(there, own - means[g], 0.0) ** 2).sum(axis=0)
    return sizes, means, squares


def within_species(
    names: Sequence[str],
    reference: WithinReference,
    named: Ints,
    sizes: Ints,
    means: Floats,
    squares: Floats,
    *,
    smallest: int = MIN_PLANTS,
) -> WithinSpecies | None:
    """All measurements within the species named, without a verdict yet; None where the reference has no plant that was named.

    Parameters
    ----------
    named : (k,) int
        How many plants of the window were given each name.
    sizes, means, squares : (k, p)
        From `moments_of`, or from a profile.
    """
    known = np.isfinite(reference.centres) & (sizes > 0)
    n, m = reference.plants, int(named.sum())
    if not n or not m:
        return None
    missing = plants_missing(n, m, smallest)
    if missing:
        return WithinSpecies(n, m, plants_missing=missing)
    weights = reference_weights(reference, named)
    found, where, deviations = [], [], []
    for j, name in enumerate(names):
        one = _measurement(name, j, reference, weights, known[:, j], sizes[:, j], means[:, j], squares[:, j], smallest)
        if one is not None:
            found.append(one[0])
            deviations.append(one[1])
            where.append(j)
    effective = float(weights.sum() ** 2 / max((weights**2).sum(), 1e-300))
    if not found:
        return WithinSpecies(n, m, effective)
    p_location = min(holm([one.p_location for one in found]))
    complete = all(one.m >= 0.98 * m for one in found)
    if complete and len(found) > 1 and effective >= _PER_MEASUREMENT * len(found):
        at_once = _hotelling(reference, weights, where, np.array(deviations), effective)
        p_location = min(p_location / (1.0 - ON_ALL_AT_ONCE), at_once / ON_ALL_AT_ONCE)
    p_spread = min(holm([one.p_spread for one in found]))
    p = min(1.0, p_location / ON_LOCATION, p_spread / (1.0 - ON_LOCATION))
    return WithinSpecies(n, m, effective, tuple(found), p)


def reference_weights(reference: WithinReference, named: Ints) -> Floats:
    """How much each reference plant counts, by how much more often its true species occurs in the window; (n,).

    Parameters
    ----------
    named : (k,) int
        How many plants of the window were given each name.
    """
    shares = shares_of_species(reference, named)
    ratio = np.divide(shares, reference.shares, out=np.zeros_like(shares), where=reference.shares > 0.0)
    return np.asarray(ratio[reference.species])


def _measurement(
    name: str,
    j: int,
    reference: WithinReference,
    weights: Floats,
    known: Bools,
    sizes: Ints,
    means: Floats,
    squares: Floats,
    smallest: int,
) -> tuple[WithinMeasurement, float] | None:
    """One measurement, and its deviation in standard errors under the reference's own spread; None where too few have it."""
    from scipy.special import stdtr

    there = np.isfinite(reference.residuals[:, j]) & known[reference.named] & (weights > 0.0)
    w, r = weights[there], reference.residuals[there, j]
    counts = np.where(known, sizes, 0)
    m = int(counts.sum())
    if m < smallest or len(w) < smallest:
        return None
    effective = float(w.sum() ** 2 / (w**2).sum())
    groups = len(np.unique(reference.named[there]))
    if effective <= groups + 2.0:
        return None
    mean = float(w @ r / w.sum())
    # The centres were made of these same plants, so that their residuals are a little too small.
    bias = effective / (effective - groups) * (1.0 + groups / effective)
    variance = float(w @ (r - mean) ** 2 / w.sum()) * bias
    offsets = np.where(known, means - np.nan_to_num(reference.centres[:, j]), 0.0) / reference.scales[:, j]
    current = float(counts @ offsets) / m
    inner = np.where(known, squares, 0.0) / reference.scales[:, j] ** 2
    own = float((inner + counts * (offsets - current) ** 2).sum()) / max(m - 1, 1)
    if variance <= 0.0:
        return None
    difference = current - mean
    error = math.sqrt(variance / effective + own / m)
    freedom = error**4 / (variance**2 / effective**2 / (effective - 1.0) + own**2 / m**2 / (m - 1) or 1e-300)
    p_location = float(2.0 * stdtr(freedom, -abs(difference) / error)) if error > 0.0 else 1.0
    kurtosis = float(w @ (r - mean) ** 4 / w.sum()) / float(w @ (r - mean) ** 2 / w.sum()) ** 2
    ratio = own / variance
    p_spread = _spread_test(ratio, m - 1.0, effective - groups, kurtosis)
    shift = difference * float(counts @ reference.scales[:, j]) / m
    one = WithinMeasurement(name, m, difference, shift, math.sqrt(max(ratio, 0.0)), p_location, p_spread)
    return one, difference / math.sqrt(variance * (1.0 / effective + 1.0 / m))


def _spread_test(ratio: float, freedom: float, reference_freedom: float, kurtosis: float) -> float:
    """How often the ratio of two variances lies as far from 1: an F test, its degrees of freedom corrected for the kurtosis.

    References
    ----------
    Box (1953), Non-normality and tests on variances. Few plants know little of a kurtosis: it is drawn towards that of normal
    values, and never taken for less.
    """
    from scipy.special import fdtr, fdtrc

    known = reference_freedom / (reference_freedom + _KNOWN_KURTOSIS)
    factor = 2.0 / (max(3.0, 3.0 + known * (kurtosis - 3.0)) - 1.0)
    a, b = factor * freedom, factor * reference_freedom
    return min(1.0, 2.0 * float(min(fdtr(a, b, ratio), fdtrc(a, b, ratio))))


def _hotelling(
    reference: WithinReference, weights: Floats, where: Sequence[int], deviations: Floats, effective: float
) -> float:
    """How often all locations together lie as far off; (p,) deviations in standard errors."""
    from scipy.special import fdtrc

    some = reference.residuals[:, list(where)]
    there = np.isfinite(some).all(axis=1) & (weights > 0.0)
    p = len(where)
    freedom = effective - len(np.unique(reference.named[there]))
    if there.sum() <= p + 2 or freedom <= p + 1:
        return 1.0
    w = weights[there] / weights[there].sum()
    centred = some[there] - w @ some[there]
    covariance = (centred * w[:, None]).T @ centred
    spread = np.sqrt(np.diag(covariance))
    if not (spread > 0.0).all():
        return 1.0
    # Drawn a little towards no correlation, so that measurements that nearly follow from each other decide nothing alone.
    correlation = 0.98 * covariance / np.outer(spread, spread) + 0.02 * np.eye(p)
    statistic = float(deviations @ np.linalg.solve(correlation, deviations))
    return float(fdtrc(p, freedom - p + 1.0, statistic * (freedom - p + 1.0) / (freedom * p)))
