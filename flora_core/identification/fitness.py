"""Does the plant fit any species at all?

A classifier must choose among the species it knows: LDA is at least 90 % sure of every iris flower that was measured in
millimetres and read as centimetres. So before a name is believed, the plant's squared Mahalanobis distance to each
species is held against the limit that 99.9 % of that species' plants would keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import chdtr, chdtri, fdtr, fdtri

from flora_core.identification.state_scores import StateScores, levels_of, numeric_part, state_scores, upper_limit
from flora_core.model import Bools, Floats, Ints, Model, Novelty, SpeciesGaussians, SpeciesStates

#: The share of a species' own plants that lie within its limit.
WITHIN: Final = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class MarginalGaussians:
    """The gaussians of all species seen in the measured columns only.

    Attributes
    ----------
    columns : (o,) int
        The measured columns.
    means : (k, o) float
    whiteners : (k, o, o) float
        `(x - mean) @ whitener` has unit covariance within the species.
    log_determinants : (k,) float
        Of the covariances.
    limits : (k,) float
        Squared distances within which a species' own plants lie.
    """

    columns: Ints
    means: Floats
    whiteners: Floats
    log_determinants: Floats
    limits: Floats


def marginalize(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> MarginalGaussians:
    """The gaussians seen in the `observed` columns; kept for the next plant that was measured in the same ones."""
    return _small_view(gaussians, observed) if is_small(gaussians) else _large_view(gaussians, observed)


def is_small(gaussians: SpeciesGaussians) -> bool:
    """Whether what is worked out for one pattern of gaps may be kept for a thousand of them: at most 160 kB each."""
    return gaussians.covariances.size <= 20_000


@lru_cache(maxsize=1024)
def _small_view(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> MarginalGaussians:
    return _view(gaussians, observed)


@lru_cache(maxsize=8)
def _large_view(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> MarginalGaussians:
    return _view(gaussians, observed)


def _view(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> MarginalGaussians:
    columns = np.flatnonzero(observed)
    means = gaussians.means[:, columns]
    lower = np.linalg.cholesky(gaussians.covariances[:, columns[:, None], columns])
    whiteners = np.linalg.inv(lower).transpose(0, 2, 1)
    log_determinants = 2.0 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return MarginalGaussians(
        columns, means, np.ascontiguousarray(whiteners), log_determinants, limits(gaussians, len(columns))
    )


def limits(gaussians: SpeciesGaussians, measured: int, within: float = WITHIN) -> Floats:
    """The squared distance to each species beyond which a plant fits it no more.

    Parameters
    ----------
    measured : int
        How many measurements the distance was taken over.
    within : float
        The share of a species' own plants that lie within its limit.

    Returns
    -------
    (k,) float
        ``(1 + 1/n) p v / (v - p + 1) F(within; p, v - p + 1)``, with v the covariance's degrees of freedom; with v = n - 1
        this is ``p (n^2 - 1) / (n (n - p)) F(within; p, n - p)``. Where v is too small for an F distribution, the chi-squared
        limit. Both times the stretch that the training plants themselves asked for.

    References
    ----------
    Hotelling (1931), The generalization of Student's ratio; Tracy, Young & Mason (1992), Multivariate control charts for
    individual observations, Journal of Quality Technology 24: 88-95.
    """
    p = float(measured)
    scale, second, enough = _f_scale(gaussians, p)
    quantile = np.where(enough, fdtri(p, second, within), chdtri(p, 1.0 - within))
    return np.asarray(scale * quantile)


def _f_scale(gaussians: SpeciesGaussians, p: float) -> tuple[Floats, Floats, Bools]:
    """What a squared distance is divided by to follow an F distribution, its second degrees of freedom, and whether it does.

    Where it does not, the divided distance follows a chi-squared distribution with p degrees of freedom.
    """
    v, n = gaussians.degrees_of_freedom, gaussians.counts
    second = v - p + 1.0
    enough = second >= 1.0
    second = np.where(enough, second, 1.0)
    scale = (1.0 + 1.0 / n) * gaussians.tail_factor * np.where(enough, p * v / second, 1.0)
    return np.asarray(scale), np.asarray(second), np.asarray(enough)


#: Numbers worked on at once, so that they stay near the processor.
_AT_ONCE: Final = 500_000


def squared_distances(seen: MarginalGaussians, X: Floats) -> Floats:
    """Squared Mahalanobis distances of rows measured in the view's columns to each species.

    Parameters
    ----------
    X : (n, o) float
        The measured columns only, no NaN.

    Returns
    -------
    (n, k) float
    """
    if len(X) == 1:
        white = np.einsum("ko,kop->kp", X - seen.means, seen.whiteners)
        return np.asarray((white * white).sum(axis=1)[None, :])
    # All species at once, a column a plant: many times quicker than a species after the other, a row a plant.
    species, columns, axes = seen.whiteners.shape
    whitener = seen.whiteners.transpose(0, 2, 1).reshape(species * axes, columns)
    centre = np.einsum("ko,kop->kp", seen.means, seen.whiteners).reshape(-1, 1)
    distances = np.empty((len(X), species))
    step = max(256, _AT_ONCE // (species * axes))
    for start in range(0, len(X), step):
        white = whitener @ X[start : start + step].T
        white -= centre
        white *= white
        distances[start : start + step] = white.reshape(species, axes, -1).sum(axis=1).T
    return distances


def misfits(gaussians: SpeciesGaussians, X: Floats) -> Floats:
    """How far each plant lies from each species, in units of that species' limit: at most 1 fits.

    Parameters
    ----------
    X : (n, p) float
        NaN where not measured; a plant with nothing measured fits everything (0).

    Returns
    -------
    (n, k) float
        Squared distance over its limit. Where states were seen too, the largest of that, of distance and surprise together
        over the limit of both, and of the rarest state over the rarest that is still taken.
    """
    if gaussians.states is not None:
        return _mixed_misfits(gaussians, gaussians.states, X)
    result = np.zeros((len(X), len(gaussians.means)))
    for observed, rows in patterns(X):
        if any(observed):
            seen = marginalize(gaussians, observed)
            values = X[rows] if all(observed) else X[rows][:, seen.columns]
            result[rows] = squared_distances(seen, values) / seen.limits
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Together:
    """Numbers and states of n plants held against k species.

    Attributes
    ----------
    numeric : (n, k) float
        The misfit of the numbers alone.
    total, mean, variance, third : (n, k) float
        Squared distance (as chi-squared as its limit) and surprise added up, and the cumulants of that among own plants.
    scores : StateScores
    """

    numeric: Floats
    total: Floats
    mean: Floats
    variance: Floats
    third: Floats
    scores: StateScores


def _together(
    gaussians: SpeciesGaussians, states: SpeciesStates, X: Floats, scores: StateScores | None = None
) -> _Together:
    columns, numbers = numeric_part(gaussians)
    values = X[:, columns]
    scores = scores or state_scores(states, X)
    numeric = np.zeros_like(scores.surprise) if numbers is None else misfits(numbers, values)
    measured = (~np.isnan(values)).sum(axis=1).astype(np.float64)[:, None]
    if len(measured) and (measured == measured[0]).all():
        measured = measured[:1]
    # The distance over its own limit times the chi-squared limit: the same, but free of how few plants a species has.
    distance = numeric * np.where(measured > 0, chdtri(np.maximum(measured, 1.0), 1.0 - WITHIN), 0.0)
    return _Together(
        numeric,
        distance + scores.surprise,
        scores.mean + measured,
        scores.variance + 2.0 * measured,
        scores.third + 8.0 * measured,
        scores,
    )


def _mixed_misfits(gaussians: SpeciesGaussians, states: SpeciesStates, X: Floats) -> Floats:
    return _misfits_of(states, _together(gaussians, states, X))


def _misfits_of(states: SpeciesStates, found: _Together) -> Floats:
    limit = states.tail_factor * upper_limit(found.mean, found.variance, found.third, WITHIN)
    rarity = np.log(np.minimum(found.scores.rarest, 1.0)) / np.log(states.least)
    return np.asarray(np.maximum(np.maximum(found.numeric, found.total / limit), rarity))


def _mixed_levels(gaussians: SpeciesGaussians, states: SpeciesStates, X: Floats) -> Floats:
    return _levels_of(states, _together(gaussians, states, X))


def _levels_of(states: SpeciesStates, found: _Together) -> Floats:
    return levels_of(found.total / states.tail_factor, found.mean, found.variance, found.third)


def judged(gaussians: SpeciesGaussians, novelty: Novelty | None, X: Floats) -> tuple[Floats, Bools]:
    """The misfits of plants, and whether each lies outside the usual range of every species.

    As `misfits` and `outside_usual_range`; states are looked at once for both.
    """
    if gaussians.states is None or novelty is None or novelty.gaussians.states is None:
        outside = np.zeros(len(X), dtype=bool)
        if novelty is not None:
            outside = outside_usual_range(novelty.gaussians, X, novelty.usual_level)
        return misfits(gaussians, X), outside
    found = _together(gaussians, gaussians.states, X)
    other = found
    if novelty.gaussians is not gaussians:
        other = _together(novelty.gaussians, novelty.gaussians.states, X, found.scores)
    levels = _levels_of(novelty.gaussians.states, other)
    return _misfits_of(gaussians.states, found), np.asarray((levels > novelty.usual_level).all(axis=1))


def outside_usual_range(gaussians: SpeciesGaussians, X: Floats, usual_level: float) -> Bools:
    """Whether each plant lies outside the usual range of every species; (n,).

    Parameters
    ----------
    X : (n, p) float
        NaN where not measured.
    usual_level : float
        The share of a species' own plants within its usual range.
    """
    if gaussians.states is not None:
        return np.asarray((_mixed_levels(gaussians, gaussians.states, X) > usual_level).all(axis=1))
    outside = np.zeros(len(X), dtype=bool)
    for observed, rows in patterns(X):
        if any(observed):
            seen = marginalize(gaussians, observed)
            values = X[rows] if all(observed) else X[rows][:, seen.columns]
            usual = limits(gaussians, len(seen.columns), usual_level)
            outside[rows] = (squared_distances(seen, values) > usual).all(axis=1)
    return outside


def outlying_levels(gaussians: SpeciesGaussians, X: Floats) -> Floats:
    """For each plant and species, the share of the species' own plants that lie nearer to its mean; (n, k).

    Parameters
    ----------
    X : (n, p) float
        NaN where not measured; a plant with nothing measured has 0.
    """
    if gaussians.states is not None:
        return _mixed_levels(gaussians, gaussians.states, X)
    result = np.zeros((len(X), len(gaussians.means)))
    for observed, rows in patterns(X):
        if any(observed):
            seen = marginalize(gaussians, observed)
            values = X[rows] if all(observed) else X[rows][:, seen.columns]
            p = float(len(seen.columns))
            scale, second, enough = _f_scale(gaussians, p)
            scaled = squared_distances(seen, values) / scale
            result[rows] = np.where(enough, fdtr(p, second, scaled), chdtr(p, scaled))
    return result


def patterns(X: Floats) -> list[tuple[tuple[bool, ...], Ints | slice]]:
    """The rows of X grouped by which columns were measured: (observed, rows) for each pattern there is."""
    gaps = np.isnan(X)
    if not gaps.any():
        return [((True,) * X.shape[1], slice(None))]
    found, inverse = np.unique(gaps, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    return [(tuple(bool(g) for g in ~gap), np.flatnonzero(inverse == i)) for i, gap in enumerate(found)]


def odd_measurements(model: Model, values: Floats) -> tuple[int, ...]:
    """The measurements without which the plant would fit, likeliest first; empty where no single one is to blame.

    References
    ----------
    The distance without one measurement: Rencher & Christensen (2012), Methods of Multivariate Analysis, on partitioned
    covariance matrices.

    Parameters
    ----------
    values : (p,) float
        A plant that fits no species; NaN where not measured.
    """
    observed = ~np.isnan(values)
    if observed.sum() < 2:
        return tuple(int(i) for i in np.flatnonzero(observed))
    columns = np.flatnonzero(observed)
    if model.gaussians.states is not None:
        without = np.repeat(values[None, :], len(columns), axis=0)
        without[np.arange(len(columns)), columns] = np.nan
        misfit = misfits(model.gaussians, without).min(axis=1)
    else:
        misfit = _without_each(model.gaussians, values, tuple(bool(o) for o in observed)).min(axis=0)
    return tuple(int(columns[i]) for i in np.argsort(misfit) if misfit[i] <= 1.0)


def _without_each(gaussians: SpeciesGaussians, values: Floats, observed: tuple[bool, ...]) -> Floats:
    """The misfit of a plant when each of its measurements in turn is left out; (k, o).

    With P the inverse covariance and d the deviations, leaving out i takes ``(P d)_i^2 / P_ii`` from the squared distance.
    """
    seen = marginalize(gaussians, observed)
    deviations = values[seen.columns] - seen.means
    white = np.einsum("ko,kop->kp", deviations, seen.whiteners)
    pulls = np.einsum("kop,kp->ko", seen.whiteners, white)
    precisions = (seen.whiteners**2).sum(axis=2)
    distances = (white**2).sum(axis=1)[:, None] - pulls**2 / precisions
    return np.asarray(distances / limits(gaussians, len(seen.columns) - 1)[:, None])
