"""How often the plants of each species show each state, from few plants: shares that are never 0 and never overstated."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from flora_core.identification.state_scores import held_states, state_scores
from flora_core.model import Floats, Ints, SpeciesGaussians, SpeciesStates, StateColumns

#: How many plants the shares of all species together may be worth beside a species' own; which of them, the plants decide.
_PRIOR_PLANTS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: The share of a state that no training plant shows: a plant that shows it fits no species.
_NEVER: Final = 1e-7
#: A state this rare among a species' plants bars a plant from it, unless held-out plants show such states more often.
_LEAST: Final = 1e-3
#: The share of held-out plants that their rarest state may bar from their own species.
_BARRED: Final = 0.004


def fit_states(values: Floats, species: Ints, count: int, columns: StateColumns) -> SpeciesStates:
    """The shares of the states of each species.

    Parameters
    ----------
    values : (n, p) float
        All columns; NaN where a state is not known. Of several states each counts an equal part.
    species : (n,) int
    count : int
        How many species there are.

    Returns
    -------
    SpeciesStates
        A species' own share drawn towards that of all species together. By how much is chosen for each character: what gave
        plants left out one at a time the highest likelihood.

    References
    ----------
    Good (1965), The estimation of probabilities; Stone (1974), Cross-validatory choice and assessment of statistical
    predictions, JRSS B 36: 111-147.
    """
    shares = tuple(
        _shares(held_states(values[:, column], size), species, count)
        for column, size in zip(columns.columns, columns.sizes, strict=True)
    )
    return SpeciesStates(columns, shares)


def _shares(held: np.ndarray[tuple[int, int], np.dtype[np.bool_]], species: Ints, count: int) -> Floats:
    weights = held / np.maximum(held.sum(axis=1, keepdims=True), 1)
    counts = np.zeros((count, held.shape[1]))
    np.add.at(counts, species, weights)
    plants = counts.sum(axis=1, keepdims=True)
    every = counts.sum(axis=0)
    pooled = (every + 0.5) / (every.sum() + 0.5 * len(every))
    best = max(_PRIOR_PLANTS, key=lambda prior: _left_out(counts, plants, pooled, prior))
    shares = (counts + best * pooled) / (plants + best)
    shares = np.where(every > 0, np.maximum(shares, _NEVER), _NEVER) if every.any() else shares
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _left_out(counts: Floats, plants: Floats, pooled: Floats, prior: float) -> float:
    """The log likelihood of every plant by the shares of all others."""
    others = (np.maximum(counts - 1.0, 0.0) + prior * pooled) / (np.maximum(plants - 1.0, 0.0) + prior)
    return float((counts * np.log(others)).sum())


def with_limits(states: SpeciesStates, tail_factor: float, least: float) -> SpeciesStates:
    """The same shares with what held-out plants ask of the limits."""
    return replace(states, tail_factor=tail_factor, least=least)


def fit_least(held_out: Floats) -> float:
    """How rare a state must be to bar a plant from a species.

    Parameters
    ----------
    held_out : (n,) float
        Of each training plant, how rare its rarest state is in its own species, by shares that were counted without it.
    """
    if not len(held_out):
        return _LEAST
    rank = int(np.floor((len(held_out) + 1) * _BARRED))
    seldom = float(np.partition(held_out, max(rank - 1, 0))[max(rank - 1, 0)])
    return float(np.clip(seldom if rank else seldom / 2.0, 2 * _NEVER, _LEAST))


def own_rarest(gaussians: SpeciesGaussians, values: Floats, species: Ints) -> Floats:
    """How rare the rarest state of each plant is in its own species; (n,). 1 where no column holds states."""
    if gaussians.states is None:
        return np.ones(len(values))
    return np.asarray(state_scores(gaussians.states, values).rarest[np.arange(len(values)), species])
