"""Why this name: where each value lies among each species' plants, what it speaks for, and what to measure next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from flora_core.identification.mixed_evidence import NextMeasurement, mixed_evidence, mixed_next, state_shares
from flora_core.identification.predicting import completions, entropy, probabilities
from flora_core.model import Floats, Ints, Model

__all__ = ["Explanation", "NextMeasurement", "central_ranges", "explain", "next_measurement", "standings"]

#: Beyond this many measurements each is weighed by the species' normal distributions, and the next one is sought among the
#: first missing ones: asking the model about each costs an answer of its own.
MOST_WEIGHED: Final = 24
#: Possible values tried for a measurement not yet taken.
_TRIED: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why the plant got its name.

    Attributes
    ----------
    standing : (k, p) float
        The share of each species' training plants that are smaller (ties count half); NaN where not measured.
    deviation : (k, p) float
        The value in standard deviations from each species' mean; NaN where not measured.
    evidence : (k, p) float
        By how much the measurement, taken by itself, multiplies the odds of the species, as a natural logarithm: above 0 it
        speaks for the species, below 0 against it. NaN where not measured. Measurements that go together repeat each
        other, so these do not add up to the whole.
    share : (k, p) float or None
        The share of each species' training plants that show the plant's state, or any of its states; NaN for numbers and
        where nothing is known. None where all characters are numbers.
    shown : (k, p) int or None
        How many training plants of each species that share is of.

    For characters with states `standing` and `deviation` are NaN.
    """

    standing: Floats
    deviation: Floats
    evidence: Floats
    share: Floats | None = None
    shown: Ints | None = None


def explain(model: Model, values: Floats) -> Explanation:
    """Why the plant gets its name.

    Parameters
    ----------
    values : (p,) float
        One plant, NaN where not measured.
    """
    means = model.gaussians.means
    spread = _spread(model)
    states = model.gaussians.states
    if states is None:
        return Explanation(standings(model, values), (values - means) / spread, _evidence(model, values))
    standing, deviation = standings(model, values), (values - means) / spread
    standing[:, states.columns.columns] = deviation[:, states.columns.columns] = np.nan
    share, shown = state_shares(model, values)
    return Explanation(standing, deviation, mixed_evidence(model, values), share, shown)


def standings(model: Model, values: Floats) -> Floats:
    """The share of each species' training plants that are smaller than the plant, in each measurement.

    Parameters
    ----------
    values : (p,) float

    Returns
    -------
    (k, p) float
        NaN where the plant was not measured, or no training plant of the species was.
    """
    starts, ordered = _by_species(model)
    known = np.add.reduceat(~np.isnan(ordered), starts, axis=0, dtype=np.float64)
    smaller = np.add.reduceat(ordered < values, starts, axis=0, dtype=np.float64)
    equal = np.add.reduceat(ordered == values, starts, axis=0, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        share = (smaller + 0.5 * equal) / known
    share[:, np.isnan(values)] = np.nan
    return np.asarray(share)


@lru_cache(maxsize=64)
def central_ranges(model: Model) -> Floats:
    """Between which values the middle 90 % of each species' training plants lie, and their median.

    Returns
    -------
    (3, k, p) float
        5 %, 50 % and 95 % quantiles; NaN where no plant of the species was measured.
    """
    starts, ordered = _by_species(model)
    groups = np.split(ordered, starts[1:])
    result = np.full((3, len(groups), ordered.shape[1]), np.nan)
    for k, group in enumerate(groups):
        for j in range(ordered.shape[1]):
            known = group[~np.isnan(group[:, j]), j]
            if len(known):
                result[:, k, j] = np.quantile(known, [0.05, 0.5, 0.95])
    return result


def next_measurement(model: Model, values: Floats) -> NextMeasurement | None:
    """The measurement not yet taken that would leave the least doubt, on average over what it may turn out to be.

    Parameters
    ----------
    values : (p,) float
        At least one measured.

    Returns
    -------
    NextMeasurement or None
        None where everything has been measured.

    References
    ----------
    Lindley (1956), On a measure of the information provided by an experiment.
    """
    observed = ~np.isnan(values)
    if model.gaussians.states is not None:
        return mixed_next(model, values)
    gaps = np.flatnonzero(~observed)[:MOST_WEIGHED]
    if not len(gaps):
        return None
    row = values[None, :]
    completed, weights = completions(model.gaussians, row, tuple(bool(o) for o in observed))
    now = probabilities(model, row)[0]
    # Each species gives its possible values as often as it is likely.
    k = len(weights[0])
    tried = completed[0, :, :_TRIED, :].reshape(k * _TRIED, -1)
    weight = np.repeat(weights[0], _TRIED) / _TRIED
    rows = np.repeat(row, len(gaps) * len(tried), axis=0)
    for i, column in enumerate(gaps):
        rows[i * len(tried) : (i + 1) * len(tried), column] = tried[:, column]
    then = probabilities(model, rows).reshape(len(gaps), len(tried), -1)
    doubt = entropy(then) @ weight
    certainty = then.max(axis=2) @ weight
    best = int(np.argmin(doubt))
    return NextMeasurement(int(gaps[best]), float(now.max()), float(max(certainty[best], now.max())))


def _evidence(model: Model, values: Floats) -> Floats:
    """Log odds of each species from one measurement alone, less the log odds from the training shares."""
    evidence = np.full(model.gaussians.means.shape, np.nan)
    weighed = np.flatnonzero(~np.isnan(values))
    if len(values) > MOST_WEIGHED:
        return _evidence_of_clouds(model, values, weighed)
    rows = np.full((len(weighed), len(values)), np.nan)
    rows[np.arange(len(weighed)), weighed] = values[weighed]
    shares = model.gaussians.counts / model.gaussians.counts.sum()
    evidence[:, weighed] = (_log_odds(probabilities(model, rows)) - _log_odds(shares)).T
    return evidence


def _evidence_of_clouds(model: Model, values: Floats, weighed: Ints) -> Floats:
    """As `_evidence`, from the species' normal distributions: where there are many measurements, asking the model about each
    would mean to complete all the others every time.
    """
    evidence = np.full(model.gaussians.means.shape, np.nan)
    spread, z = _spread(model), (values - model.gaussians.means) / _spread(model)
    shares = model.gaussians.counts / model.gaussians.counts.sum()
    logs = np.log(shares)[:, None] - np.log(spread[:, weighed]) - 0.5 * z[:, weighed] ** 2
    p = np.exp(logs - logs.max(axis=0))
    evidence[:, weighed] = _log_odds(p / p.sum(axis=0)) - _log_odds(shares)[:, None]
    return evidence


def _log_odds(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-12, 1.0 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


@lru_cache(maxsize=64)
def _spread(model: Model) -> Floats:
    return np.sqrt(np.diagonal(model.gaussians.covariances, axis1=1, axis2=2))


@lru_cache(maxsize=64)
def _by_species(model: Model) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Floats]:
    """The reference plants ordered by species, and where each species begins."""
    species = model.reference.species
    order = np.argsort(species, kind="stable")
    counts = np.bincount(species, minlength=len(model.gaussians.means))
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp), model.reference.values[order]
