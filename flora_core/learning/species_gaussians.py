"""Where the plants of each species lie: means and covariances from few plants, with gaps, without breaking down."""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.identification.fitness import misfits, patterns
from flora_core.identification.mixed_completions import single_states
from flora_core.identification.state_scores import numeric_part
from flora_core.learning.species_states import fit_states
from flora_core.model import Floats, Ints, SpeciesGaussians, StateColumns

#: A species with at least this many plants for each measurement stands on its own covariance.
_PLANTS_A_MEASUREMENT: Final = 5
#: Steps of expectation and maximisation at most where cells are missing.
_STEPS: Final = 25
#: They end where nothing moves by more than this share of a measurement's spread: below a measuring error.
_STILL: Final = 1e-2
#: Added to the diagonal in units of each measurement's variance: measurements that are computed from each other
#: (a ratio beside its parts) would otherwise make a rounded value look impossible.
_RIDGE: Final = 1e-3
#: The same while gaps are filled.
_RIDGE_IN_EM: Final = 1e-6


def fit_gaussians(
    values: Floats, species: Ints, count: int, tail_factor: float = 1.0, columns: StateColumns | None = None
) -> SpeciesGaussians:
    """One normal distribution for each species; and the shares of its states, where columns hold states.

    Parameters
    ----------
    values : (n, p) float
        NaN where not measured.
    species : (n,) int
    count : int
        How many species there are.
    tail_factor : float
        Kept in the result; see `fit_tail_factor`.
    columns : StateColumns, optional
        The columns that hold states; all hold numbers where it is not given.

    Returns
    -------
    SpeciesGaussians
        The covariance of a species with few plants is drawn towards the pooled one, as by a conjugate prior that is worth
        as many plants as are lacking to five a measurement.

    References
    ----------
    Dempster, Laird & Rubin (1977) for the gaps; Friedman (1989), Regularized discriminant analysis, for the pooling;
    Chen, Wiesel, Eldar & Hero (2010), Shrinkage algorithms for MMSE covariance estimation (OAS), for the pooled one.
    """
    if columns is not None:
        return _mixed_gaussians(values, species, count, tail_factor, columns)
    n, p = values.shape
    centre, scale = _centre_and_scale(values)
    Z = (values - centre) / scale
    counts = np.bincount(species, minlength=count).astype(np.float64)
    means = np.zeros((count, p))
    pooled = np.eye(p)
    covariances = np.repeat(pooled[None], count, axis=0)
    weights = np.clip(_PLANTS_A_MEASUREMENT * p - counts, 0.0, None)
    known = patterns(Z)
    for _ in range(1 if len(known) == 1 and all(known[0][0]) else _STEPS):
        before = means, covariances
        filled, spare = _expected(Z, species, known, means, _invertible(covariances))
        sums = np.zeros((count, p))
        np.add.at(sums, species, filled)
        means = sums / np.maximum(counts, 1.0)[:, None]
        centred = filled - means[species]
        scatters = np.stack([centred[species == k].T @ centred[species == k] for k in range(count)]) + spare
        within = max(n - int((counts > 0).sum()), 1)
        pooled = _shrunk(scatters.sum(axis=0) / within, within)
        own = np.maximum(counts - 1.0, 0.0)
        total = np.maximum(own + weights, 1.0)
        covariances = (scatters + weights[:, None, None] * pooled) / total[:, None, None]
        if max(np.abs(means - before[0]).max(), np.abs(covariances - before[1]).max()) < _STILL:
            break
    ridge = _RIDGE * np.einsum("kii->ki", covariances)
    covariances = covariances + np.einsum("ki,ij->kij", np.maximum(ridge, 1e-12), np.eye(p))
    # The pooled covariance can't be worth more than the plants it was taken from.
    degrees_of_freedom = np.minimum(np.maximum(counts - 1.0, 0.0) + weights, np.maximum(n - count, 1.0))
    return SpeciesGaussians(
        counts=np.maximum(counts, 1.0),
        means=means * scale + centre,
        covariances=covariances * np.outer(scale, scale),
        degrees_of_freedom=degrees_of_freedom,
        tail_factor=tail_factor,
    )


def _mixed_gaussians(
    values: Floats, species: Ints, count: int, tail_factor: float, columns: StateColumns
) -> SpeciesGaussians:
    """The normal distributions of the numbers, in the place of all columns, and the shares of the states."""
    p = values.shape[1]
    states = fit_states(values, species, count, columns)
    counts = np.bincount(species, minlength=count).astype(np.float64)
    means, covariances = np.zeros((count, p)), np.repeat(np.eye(p)[None], count, axis=0)
    degrees_of_freedom = np.maximum(counts - 1.0, 1.0)
    numbers = np.array(columns.numbers(p), dtype=np.int64)
    if len(numbers):
        measured = fit_gaussians(values[:, numbers], species, count, tail_factor)
        means[:, numbers] = measured.means
        covariances[:, numbers[:, None], numbers] = measured.covariances
        degrees_of_freedom = measured.degrees_of_freedom
    for column, shares in zip(columns.columns, states.shares, strict=True):
        means[:, column] = shares.argmax(axis=1)
    return SpeciesGaussians(np.maximum(counts, 1.0), means, covariances, degrees_of_freedom, tail_factor, states)


def _invertible(covariances: Floats) -> Floats:
    """Standardised covariances with a ridge: where measurements depend exactly on each other they have no inverse.

    The ridge is a millionth of each variance (and of a variance of 1 where a measurement is constant): far below what a
    ruler shows, far above rounding.

    References
    ----------
    Little & Rubin (2002), Statistical analysis with missing data, chapter 11 (ridge prior in the EM of normal data).
    """
    ridge = np.maximum(_RIDGE_IN_EM * np.einsum("kii->ki", covariances), _RIDGE_IN_EM)
    return np.asarray(covariances + np.einsum("ki,ij->kij", ridge, np.eye(covariances.shape[1])))


def impute_within_species(gaussians: SpeciesGaussians, values: Floats, species: Ints, seed: int) -> Floats:
    """Training plants with each gap filled by one draw from its own species' distribution given what was measured.

    Filling with a median or a mean would put plants where none grow. The label is known while learning, so each plant is
    completed as its own species; while identifying it is not, and a plant is completed as every species in turn
    (`flora_core.identification.predicting`).

    Parameters
    ----------
    values : (n, p) float
        NaN where not measured.

    References
    ----------
    Rubin (1987), Multiple imputation for nonresponse in surveys.
    """
    if gaussians.states is not None:
        columns, numbers = numeric_part(gaussians)
        whole = values.copy()
        if numbers is not None:
            whole[:, columns] = impute_within_species(numbers, values[:, columns], species, seed)
        return single_states(gaussians.states, whole, species, seed)
    if not np.isnan(values).any():
        return values.copy()
    rng = np.random.default_rng(seed)
    scale = np.sqrt(np.einsum("kii->ki", gaussians.covariances).mean(axis=0))
    means, covariances = gaussians.means / scale, gaussians.covariances / np.outer(scale, scale)
    precisions = np.asarray(np.linalg.inv(covariances), dtype=np.float64)
    filled = values / scale
    for observed, rows in patterns(values):
        seen = np.asarray(observed)
        o, g = np.flatnonzero(seen), np.flatnonzero(~seen)
        if not len(g):
            continue
        index = np.arange(len(values))[rows]
        here = np.unique(species[index])
        slopes, left = _given(covariances[here], precisions[here], o, g)
        place = np.searchsorted(here, species[index])
        centred = filled[index][:, o] - means[species[index]][:, o]
        middle = means[species[index]][:, g] + np.einsum("no,nog->ng", centred, slopes[place])
        # Rounding can leave the smallest eigenvalue a hair below zero; the root is taken of what is not negative.
        spreads, vectors = np.linalg.eigh(left)
        roots = vectors * np.sqrt(np.clip(spreads, 0.0, None))[:, None, :]
        drawn = np.einsum("ng,nhg->nh", rng.standard_normal((len(index), len(g))), roots[place])
        filled[index[:, None], g] = middle + drawn
    # What was measured stays to the last digit.
    return np.where(np.isnan(values), filled * scale, values)


def fit_tail_factor(held_out: Floats) -> float:
    """The factor on the squared limits that heavy tails ask for.

    Parameters
    ----------
    held_out : (n,) float
        Misfit of each training plant to its own species, by gaussians that were fitted without it and have tail_factor 1.

    Returns
    -------
    float
        1 where at most 1 % of the plants lie outside, as for normal measurements; otherwise what brings 99 % inside.
    """
    if not len(held_out):
        return 1.0
    return float(max(1.0, np.quantile(held_out, 0.99, method="higher" if len(held_out) < 100 else "linear")))


def own_misfits(gaussians: SpeciesGaussians, values: Floats, species: Ints) -> Floats:
    """The misfit of the numbers of each plant to its own species; (n,)."""
    columns, numbers = numeric_part(gaussians)
    if gaussians.states is not None:
        return np.zeros(len(values)) if numbers is None else own_misfits(numbers, values[:, columns], species)
    return np.asarray(misfits(gaussians, values)[np.arange(len(values)), species])


def _centre_and_scale(values: Floats) -> tuple[Floats, Floats]:
    measured = ~np.isnan(values)
    seen = np.maximum(measured.sum(axis=0), 1)
    centre = np.where(measured, values, 0.0).sum(axis=0) / seen
    scale = np.sqrt(np.where(measured, (values - centre) ** 2, 0.0).sum(axis=0) / seen)
    return centre, np.where(scale > 0, scale, 1.0)


def _expected(
    Z: Floats, species: Ints, known: list[tuple[tuple[bool, ...], Ints | slice]], means: Floats, covariances: Floats
) -> tuple[Floats, Floats]:
    """The table with its gaps filled by their expectation, and the scatter (k, p, p) that filling leaves out."""
    k, p = means.shape
    filled, spare = Z.copy(), np.zeros((k, p, p))
    precisions = np.asarray(np.linalg.inv(covariances), dtype=np.float64)
    for observed, rows in known:
        if all(observed):
            continue
        seen = np.asarray(observed)
        o, g = np.flatnonzero(seen), np.flatnonzero(~seen)
        index = np.arange(len(Z))[rows]
        here = np.unique(species[index])
        slopes, left = _given(covariances[here], precisions[here], o, g)
        place = np.searchsorted(here, species[index])
        centred = Z[index][:, o] - means[species[index]][:, o]
        filled[index[:, None], g] = means[species[index]][:, g] + np.einsum("no,nog->ng", centred, slopes[place])
        spare[here[:, None, None], g[:, None], g] += np.bincount(place)[:, None, None] * left
    return filled, spare


def _shrunk(S: Floats, within: int) -> Floats:
    """A covariance drawn towards the diagonal by oracle-approximating shrinkage where plants are few for its size."""
    p = len(S)
    diagonal = np.diag(np.maximum(np.diag(S), 1e-6))
    if within >= 10 * p:
        return S + 1e-9 * np.eye(p)
    root = np.sqrt(np.diag(diagonal))
    R = S / np.outer(root, root)
    trace_of_square, square_of_trace = float((R * R).sum()), float(np.trace(R)) ** 2
    top = (1.0 - 2.0 / p) * trace_of_square + square_of_trace
    bottom = (within + 1.0 - 2.0 / p) * (trace_of_square - square_of_trace / p)
    rho = 1.0 if bottom <= 0 else min(1.0, top / bottom)
    return np.asarray((1.0 - rho) * S + rho * diagonal)


def _given(covariances: Floats, precisions: Floats, o: Ints, g: Ints) -> tuple[Floats, Floats]:
    """What columns `g` are, given columns `o`: their slopes (s, o, g) and the covariance that is left (s, g, g).

    From the covariances or from their inverses, whichever leaves the smaller system to solve.
    """
    if not len(o):
        return np.zeros((len(covariances), 0, len(g))), covariances[:, g[:, None], g]
    if len(g) < len(o):
        left = np.asarray(np.linalg.inv(precisions[:, g[:, None], g]), dtype=np.float64)
        return -(precisions[:, o[:, None], g] @ left), left
    across = covariances[:, o[:, None], g]
    slopes = np.asarray(np.linalg.solve(covariances[:, o[:, None], o], across), dtype=np.float64)
    return slopes, covariances[:, g[:, None], g] - across.transpose(0, 2, 1) @ slopes
