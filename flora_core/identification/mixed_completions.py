"""Plants of which numbers and states are known in part, completed as each species they may be.

As `flora_core.identification.predicting` does for numbers: a state that was not seen is drawn from the species' shares, one of
several that are shown from the shares of those, and a number from the normal distribution given the measured ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from flora_core.identification.fitness import marginalize, squared_distances
from flora_core.identification.state_scores import held_states, log_likelihoods, numeric_part
from flora_core.model import Bools, Floats, Ints, SpeciesGaussians, SpeciesStates, StateColumns

_SEED: Final = 20361936


def mixed_weights(gaussians: SpeciesGaussians, X: Floats, observed: tuple[bool, ...]) -> Floats:
    """The species' shares of plants that were measured in the same columns of numbers; (n, k), rows sum to 1.

    Parameters
    ----------
    X : (n, p) float
        All columns; states may be missing here and there.
    observed : tuple of bool
        Which of the columns of numbers were measured.
    """
    columns, numbers = numeric_part(gaussians)
    logs = np.broadcast_to(np.log(gaussians.counts), (len(X), len(gaussians.counts)))
    if numbers is not None:
        seen = marginalize(numbers, observed)
        logs = logs - 0.5 * seen.log_determinants
        if len(seen.columns):
            logs = logs - 0.5 * squared_distances(seen, X[:, columns][:, seen.columns])
    if gaussians.states is not None:
        logs = logs + log_likelihoods(gaussians.states, X)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@lru_cache(maxsize=64)
def _drawn(states: SpeciesStates, draws: int) -> tuple[Ints, ...]:
    """For each character with states, draws of each species; (k, draws). The same for every plant and every call."""
    return tuple(_inverse(shares, _evenly(j, draws)) for j, shares in enumerate(states.shares))


def _evenly(column: int, draws: int) -> Floats:
    """Numbers between 0 and 1, evenly spread and in an order of the column's own."""
    rng = np.random.default_rng(_SEED + column)
    return np.asarray((rng.permutation(draws) + 0.5) / draws)


def _inverse(shares: Floats, at: Floats) -> Ints:
    """The states at these quantiles; (m, draws) for shares (m, s)."""
    below = np.cumsum(shares, axis=1)[:, None, :-1]
    return np.asarray((at[None, :, None] > below).sum(axis=2))


def complete_states(states: SpeciesStates, X: Floats, species: Ints, values: Floats) -> None:
    """Fill the states of `values` that are open in X: not seen, or one of several.

    Parameters
    ----------
    X : (m, p) float
    species : (m,) int
        As what each plant is completed.
    values : (m, draws, p) float
        Is changed.
    """
    draws = values.shape[1]
    for j, (column, drawn) in enumerate(zip(states.columns.columns, _drawn(states, draws), strict=True)):
        codes = X[:, column]
        gaps = np.flatnonzero(np.isnan(codes))
        values[gaps, :, column] = drawn[species[gaps]]
        several = np.flatnonzero(codes < 0)
        if len(several):
            held = held_states(codes[several], states.columns.sizes[j])
            shares = states.shares[j][species[several]] * held
            values[several, :, column] = _inverse(shares / shares.sum(axis=1, keepdims=True), _evenly(j, draws))


def single_states(states: SpeciesStates, values: Floats, species: Ints, seed: int) -> Floats:
    """Training plants with one state in each character: drawn from their own species where it is open.

    Parameters
    ----------
    values : (n, p) float
        Numbers without gaps.
    """
    filled = values.copy()
    rng = np.random.default_rng(seed)
    for j, column in enumerate(states.columns.columns):
        codes = values[:, column]
        rows = np.flatnonzero(np.isnan(codes) | (codes < 0))
        if not len(rows):
            continue
        held = held_states(codes[rows], states.columns.sizes[j])
        shares = states.shares[j][species[rows]] * np.where(held.any(axis=1, keepdims=True), held, True)
        below = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)[:, :-1]
        filled[rows, column] = (rng.random(len(rows))[:, None] > below).sum(axis=1)
    return filled


def is_open(columns: StateColumns | None, X: Floats) -> Bools:
    """Which plants have anything that must be completed: a gap, or several states; (n,)."""
    gaps = np.isnan(X).any(axis=1)
    return np.asarray(gaps if columns is None else gaps | (X[:, list(columns.columns)] < 0).any(axis=1))
