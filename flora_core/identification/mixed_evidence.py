"""Why a plant with states gets its name, and which character to look at next: by the species' shares and distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.identification.fitness import marginalize
from flora_core.identification.predicting import entropy, probabilities
from flora_core.identification.state_scores import held_states, numeric_part
from flora_core.model import Floats, Ints, Model

#: Values of each species tried for a number not yet measured: its distribution at evenly spread quantiles.
_TRIED: Final = np.array([-1.64, -1.04, -0.67, -0.39, -0.13, 0.13, 0.39, 0.67, 1.04, 1.64])


@dataclass(frozen=True, slots=True)
class NextMeasurement:
    """The measurement not yet taken that would tell most.

    Attributes
    ----------
    column : int
    certainty_now, certainty_then : float
        The probability of the likeliest species now, and on average once it is measured.
    """

    column: int
    certainty_now: float
    certainty_then: float


def state_shares(model: Model, values: Floats) -> tuple[Floats, Ints]:
    """The share of each species' training plants that show any of a plant's states, and of how many plants.

    Parameters
    ----------
    values : (p,) float

    Returns
    -------
    share : (k, p) float
        NaN for numbers, and where nothing is known of the plant or of the species' plants.
    shown : (k, p) int
    """
    k, p = model.gaussians.means.shape
    share, shown = np.full((k, p), np.nan), np.zeros((k, p), dtype=np.int64)
    if model.gaussians.states is None:
        return share, shown
    columns = model.gaussians.states.columns
    species = model.reference.species
    for column, size in zip(columns.columns, columns.sizes, strict=True):
        held = held_states(model.reference.values[:, column], size)
        known = held.any(axis=1)
        shown[:, column] = np.bincount(species[known], minlength=k)
        if np.isnan(values[column]):
            continue
        wanted = held_states(values[column : column + 1], size)[0]
        like = np.bincount(species, weights=(held & wanted).any(axis=1), minlength=k)
        with np.errstate(invalid="ignore"):
            share[:, column] = like / shown[:, column]
    return share, shown


def mixed_evidence(model: Model, values: Floats) -> Floats:
    """Log odds of each species from one character alone, less the log odds from the training shares; (k, p)."""
    gaussians = model.gaussians
    evidence = np.full(gaussians.means.shape, np.nan)
    shares = gaussians.counts / gaussians.counts.sum()
    known = np.flatnonzero(~np.isnan(values))
    spread = np.sqrt(np.diagonal(gaussians.covariances, axis1=1, axis2=2))
    z = (values - gaussians.means) / spread
    logs = np.log(shares)[:, None] - np.log(spread[:, known]) - 0.5 * z[:, known] ** 2
    if gaussians.states is not None:
        columns = gaussians.states.columns
        for column, size, table in zip(columns.columns, columns.sizes, gaussians.states.shares, strict=True):
            if not np.isnan(values[column]):
                held = held_states(values[column : column + 1], size)[0]
                logs[:, np.searchsorted(known, column)] = np.log(shares) + np.log((table * held).sum(axis=1))
    p = np.exp(logs - logs.max(axis=0))
    evidence[:, known] = _log_odds(p / p.sum(axis=0)) - _log_odds(shares)[:, None]
    return evidence


def _log_odds(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def mixed_next(model: Model, values: Floats) -> NextMeasurement | None:
    """The character not yet seen that shares most information with the name, given what was seen.

    Parameters
    ----------
    values : (p,) float
        At least one known.

    Returns
    -------
    NextMeasurement or None
        None where everything is known.

    References
    ----------
    Lindley (1956), On a measure of the information provided by an experiment; Cover & Thomas (2006), Elements of
    Information Theory, on mutual information.
    """
    gaps = np.flatnonzero(np.isnan(values))
    if not len(gaps):
        return None
    now = probabilities(model, values[None, :])[0]
    doubts = np.full(len(gaps), np.inf)
    certainties = np.zeros(len(gaps))
    place = {int(column): i for i, column in enumerate(gaps)}
    states = model.gaussians.states
    if states is not None:
        for column, table in zip(states.columns.columns, states.shares, strict=True):
            if column in place:
                doubts[place[column]], certainties[place[column]] = _after(now[:, None] * table)
    columns, numbers = numeric_part(model.gaussians)
    if numbers is not None:
        for column, joint in _numbers_next(model, values, columns, now):
            doubts[place[column]], certainties[place[column]] = _after(joint)
    best = int(np.argmin(doubts))
    return NextMeasurement(int(gaps[best]), float(now.max()), float(max(certainties[best], now.max())))


def _after(joint: Floats) -> tuple[float, float]:
    """The doubt that is left on average, and the certainty, once one of s outcomes is known.

    Parameters
    ----------
    joint : (k, s) float
        The probability of each species and outcome together; adds up to 1.
    """
    outcomes = joint.sum(axis=0)
    then = joint / np.maximum(outcomes, 1e-300)
    return float(entropy(then.T) @ outcomes), float(joint.max(axis=0).sum())


def _numbers_next(model: Model, values: Floats, columns: Ints, now: Floats) -> list[tuple[int, Floats]]:
    """For each number not yet measured, the probabilities of species and tried values together; (k, k * tried)."""
    _, numbers = numeric_part(model.gaussians)
    measured = values[columns]
    open_places = np.flatnonzero(np.isnan(measured))
    if numbers is None or not len(open_places):
        return []
    seen = marginalize(numbers, tuple(bool(known) for known in ~np.isnan(measured)))
    o, g = seen.columns, open_places
    across = numbers.covariances[:, o[:, None], g]
    slopes = np.linalg.solve(numbers.covariances[:, o[:, None], o], across) if len(o) else across
    centre = numbers.means[:, g] + np.einsum("ko,kog->kg", measured[o] - numbers.means[:, o], slopes)
    left = np.diagonal(numbers.covariances, axis1=1, axis2=2)[:, g] - np.einsum("kog,kog->kg", across, slopes)
    spread = np.sqrt(np.maximum(left, 1e-12))
    found = []
    for i, place in enumerate(g):
        tried = (centre[:, i, None] + spread[:, i, None] * _TRIED).ravel()
        z = (tried[None, :] - centre[:, i, None]) / spread[:, i, None]
        density = np.exp(-0.5 * z**2) / spread[:, i, None]
        # A species gives its values as often as it is likely; each value then speaks for the species by its density.
        weight = np.repeat(now, len(_TRIED)) / len(_TRIED)
        posterior = now[:, None] * density
        total = posterior.sum(axis=0)
        found.append((int(columns[place]), posterior / np.maximum(total, 1e-300) * weight))
    return found
