"""How well the states that plants show go with each species: likelihoods, surprise, and the rarest state.

Within a species, states are taken to be independent of each other and of the numbers (docs/decisions/0020-states.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import ndtr, ndtri

from flora_core.model import Bools, Floats, Ints, SpeciesGaussians, SpeciesStates
from flora_core.states import places_of

#: The least limit of a sum of surprises: where the shares of all states are extreme, their moments say little of its tail.
_LEAST_LIMIT: Final = 10.83


@dataclass(frozen=True, slots=True, eq=False)
class StateScores:
    """What the states of n plants say of k species.

    Attributes
    ----------
    surprise : (n, k) float
        -2 times the log likelihood of the states; 0 where none is known.
    mean, variance, third : (n, k) or (1, k) float
        The cumulants of that sum among the species' own plants; one row where the same characters are known of all.
    rarest : (n, k) float
        Over the characters, the least share of the species' plants that show a state as rare as the plant's; 1 where none
        is known.
    """

    surprise: Floats
    mean: Floats
    variance: Floats
    third: Floats
    rarest: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One character: what each of its states says of each species, a row a state and a last row for a state not known.

    Attributes
    ----------
    shares, surprise, rarity : (s + 1, k) float
    cumulants : (3, k) float
    """

    shares: Floats
    surprise: Floats
    rarity: Floats
    cumulants: Floats


@lru_cache(maxsize=64)
def _tables(states: SpeciesStates) -> tuple[_Table, ...]:
    return tuple(_table(shares) for shares in states.shares)


def _table(shares: Floats) -> _Table:
    k, surprise = len(shares), -2.0 * np.log(shares)
    mean = (shares * surprise).sum(axis=1)
    off = surprise - mean[:, None]
    variance, third = ((shares * off**power).sum(axis=1) for power in (2, 3))
    # A tie counts: of two states of one share, neither is rarer than the other.
    rarity = (shares[:, None, :] * (shares[:, None, :] <= shares[:, :, None] * (1 + 1e-9))).sum(axis=2)
    unknown = np.zeros((1, k)), np.ones((1, k))
    return _Table(
        np.concatenate([shares.T, unknown[1]]),
        np.concatenate([surprise.T, unknown[0]]),
        np.concatenate([rarity.T, unknown[1]]),
        np.stack([mean, variance, third]),
    )


def held_states(codes: Floats, size: int) -> Bools:
    """Which states each cell holds; (n, size). All False where nothing is known."""
    held = np.zeros((len(codes), size), dtype=bool)
    one = np.flatnonzero((codes >= 0) & (codes < size))
    held[one, codes[one].astype(np.int64)] = True
    for row in np.flatnonzero(codes < 0):
        held[row, [place for place in places_of(float(codes[row])) if place < size]] = True
    return held


def state_places(codes: Floats, size: int) -> tuple[Ints, Ints]:
    """The state of each cell, and the rows that hold several.

    Parameters
    ----------
    codes : (n,) float

    Returns
    -------
    places : (n,) int
        `size` where nothing is known or several states are held.
    several : (m,) int
    """
    known = (codes >= 0) & (codes < size)
    return np.where(known, codes, size).astype(np.int64), np.flatnonzero(codes < 0)


def log_likelihoods(states: SpeciesStates, X: Floats) -> Floats:
    """The log likelihood of the states that each plant shows, for each species; (n, k).

    Parameters
    ----------
    X : (n, p) float
        All columns; those of numbers are not looked at.
    """
    total = np.zeros((len(X), len(states.shares[0])))
    for column, table in zip(states.columns.columns, _tables(states), strict=True):
        total += np.log(_shares_of(table, X[:, column]))
    return total


def _shares_of(table: _Table, codes: Floats) -> Floats:
    size = len(table.shares) - 1
    places, several = state_places(codes, size)
    found = table.shares[places]
    if len(several):
        # White or pink: as likely as either.
        found[several] = held_states(codes[several], size) @ table.shares[:size]
    return found


def state_scores(states: SpeciesStates, X: Floats) -> StateScores:
    """What the states of plants say of each species.

    Parameters
    ----------
    X : (n, p) float
        All columns; those of numbers are not looked at.
    """
    n, k = len(X), len(states.shares[0])
    surprise, rarest = np.zeros((n, k)), np.ones((n, k))
    known = np.zeros((n, len(states.shares)))
    for j, (column, table) in enumerate(zip(states.columns.columns, _tables(states), strict=True)):
        size = len(table.shares) - 1
        places, several = state_places(X[:, column], size)
        own, rarity = table.surprise[places], table.rarity[places]
        if len(several):
            held = held_states(X[several, column], size)
            own[several] = -2.0 * np.log(held @ table.shares[:size])
            rarity[several] = np.where(held[:, :, None], table.rarity[None, :size], 0.0).max(axis=1)
        surprise += own
        np.minimum(rarest, rarity, out=rarest)
        known[:, j] = (places < size) | (X[:, column] < 0)
    if n and (known == known[0]).all():
        known = known[:1]
    cumulants = np.stack([table.cumulants for table in _tables(states)], axis=1)
    mean, variance, third = (known @ of for of in cumulants)
    return StateScores(surprise, mean, variance, third, rarest)


def upper_limit(mean: Floats, variance: Floats, third: Floats, within: float) -> Floats:
    """The value that a share `within` of sums with these cumulants stays below, taken for shifted gamma variables.

    References
    ----------
    Wilson & Hilferty (1931), The distribution of chi-square, PNAS 17: 684-688; Pearson's type III by three moments.
    """
    shape, spread = _gamma(variance, third)
    root = 1.0 - 1.0 / (9.0 * shape) + ndtri(within) / (3.0 * np.sqrt(shape))
    quantile = mean + spread * (shape * np.maximum(root, 0.0) ** 3 - shape) / np.sqrt(shape)
    return np.asarray(np.maximum(quantile, _LEAST_LIMIT))


def levels_of(values: Floats, mean: Floats, variance: Floats, third: Floats) -> Floats:
    """The share of sums with these cumulants that are smaller than each value; see `upper_limit`."""
    shape, spread = _gamma(variance, third)
    scaled = np.maximum((values - mean) / spread * np.sqrt(shape) + shape, 0.0) / shape
    return np.asarray(ndtr((np.cbrt(scaled) - 1.0 + 1.0 / (9.0 * shape)) * 3.0 * np.sqrt(shape)))


def _gamma(variance: Floats, third: Floats) -> tuple[Floats, Floats]:
    """The shape of the gamma distribution with that skewness, and the standard deviation."""
    spread = np.sqrt(np.maximum(variance, 1e-9))
    skewness = np.clip(third / spread**3, 0.05, 6.0)
    return 4.0 / skewness**2, spread


@lru_cache(maxsize=64)
def numeric_part(gaussians: SpeciesGaussians) -> tuple[Ints, SpeciesGaussians | None]:
    """The columns of numbers, and the normal distributions seen in them alone; None where all columns hold states."""
    p = gaussians.means.shape[1]
    if gaussians.states is None:
        return np.arange(p), gaussians
    columns = np.array(gaussians.states.columns.numbers(p), dtype=np.int64)
    if not len(columns):
        return columns, None
    return columns, SpeciesGaussians(
        gaussians.counts,
        np.ascontiguousarray(gaussians.means[:, columns]),
        np.ascontiguousarray(gaussians.covariances[:, columns[:, None], columns]),
        gaussians.degrees_of_freedom,
        gaussians.tail_factor,
    )
