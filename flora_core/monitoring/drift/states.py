"""Did the states that plants show change? The share of each state, of all plants and within the species named; new states.

References
----------
Within the species: the window's counts of each state against those expected from the reference, weighted for the window's mix
of species as in `flora_core.monitoring.drift.within_species`, by chi squared over strata; Mantel (1963), Chi-square tests with
one degree of freedom; Landis, Heyman & Koch (1978), Average partial association in three-way contingency tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.decision import MIN_PLANTS, plants_missing
from flora_core.monitoring.drift.categorical import CategoricalDrift, categorical_drift
from flora_core.monitoring.drift.within_species import WithinReference, reference_weights
from flora_core.monitoring.profiles.bins import Bins
from flora_core.monitoring.profiles.profile import Profile

#: How a bin is called that holds plants with several states at once.
SEVERAL = "several states"
#: A state of which fewer plants are expected is counted together with the other rare ones.
_FEW = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class StatesWithin:
    """The states of the reference's named plants; made once for a version.

    Attributes
    ----------
    places : (n, q) int
        Of each plant that was given a name, and each character with states, its bin; -1 where it is not known.
    """

    places: Ints


def states_within(bins: Bins, values: Floats, fits: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> StatesWithin:
    """The states of the reference as windows are held against them within the species.

    Parameters
    ----------
    values : (n, p) float
    fits : (n,) bool
        Plants that fit no species were given no name.
    """
    columns = []
    for j in bins.with_states:
        column = values[fits, j]
        known = np.isfinite(column)
        places = np.full(len(column), -1, dtype=np.int64)
        places[known] = bins.cells[j].places(column[known])
        columns.append(places)
    return StatesWithin(np.stack(columns, axis=1) if columns else np.empty((int(fits.sum()), 0), dtype=np.int64))


def state_drifts(
    reference: Profile, current: Profile, *, tests: int, smallest: int = MIN_PLANTS
) -> tuple[tuple[str, CategoricalDrift], ...]:
    """For each character with states, how its shares changed, without a verdict yet."""
    bins = reference.bins
    return tuple(
        (
            bins.names[j],
            categorical_drift(
                reference.counts[j],
                current.counts[j],
                labels=(SEVERAL, *bins.states[j]),
                tests=tests,
                smallest=smallest,
                states=True,
            ),
        )
        for j in bins.with_states
    )


def state_drifts_within(
    within: WithinReference, states: StatesWithin, current: Profile, *, smallest: int = MIN_PLANTS
) -> tuple[tuple[str, CategoricalDrift], ...]:
    """For each character with states, how its shares changed within the species named, without a verdict yet."""
    bins = current.bins
    if not bins.with_states or not within.plants:
        return ()
    weights = reference_weights(within, current.named[:-1])
    return tuple(
        (
            bins.names[j],
            _within(
                (SEVERAL, *bins.states[j]),
                within.named,
                states.places[:, q],
                weights,
                current.by_state[q][:-1],
                smallest,
            ),
        )
        for q, j in enumerate(bins.with_states)
    )


def _within(
    labels: Sequence[str], named: Ints, places: Ints, weights: Floats, counts: Ints, smallest: int
) -> CategoricalDrift:
    """One character.

    Parameters
    ----------
    named, places, weights : (n,)
        Of the reference's plants: the species named, the bin of its state, how much it counts.
    counts : (k, b) int
        The window's plants of each name with each state.
    """
    from scipy.special import chdtrc

    k, size = counts.shape
    there = (places >= 0) & (weights > 0.0)
    table, squares = np.zeros((k, size)), np.zeros(k)
    np.add.at(table, (named[there], places[there]), weights[there])
    np.add.at(squares, named[there], weights[there] ** 2)
    totals = table.sum(axis=1)
    used = (totals > 0) & (counts.sum(axis=1) > 0)
    m, n = int(counts[used].sum()), int(there.sum())
    missing = plants_missing(n, m, smallest)
    # The reference's shares, drawn a little to those of all species: a state that none of few plants showed may be rare.
    pooled = (table.sum(axis=0) + 0.5 / size) / (table.sum() + 0.5)
    shares = (table + pooled) / (totals[:, None] + 1.0)
    plants = counts.sum(axis=1).astype(np.float64)
    expected = (plants[used, None] * shares[used]).sum(axis=0)
    observed = counts[used].sum(axis=0)
    before = np.rint(expected * n / max(m, 1)).astype(np.int64)
    drift = CategoricalDrift(tuple(map(int, before)), tuple(map(int, observed)), tuple(labels), plants_missing=missing)
    if missing or not m:
        return drift
    effective = totals**2 / np.maximum(squares, 1e-300)
    spread = np.zeros((size, size))
    for g in np.flatnonzero(used):
        own = plants[g] * (np.diag(shares[g]) - np.outer(shares[g], shares[g]))
        spread += own * (1.0 + plants[g] / (effective[g] + 1.0))
    difference = observed - expected
    merge = _merged(expected)
    off, covariance = merge @ difference, merge @ spread @ merge.T
    rank = len(off) - 1
    value = float(off @ np.linalg.pinv(covariance, hermitian=True, rcond=1e-9) @ off) if rank else 0.0
    moved = float(np.abs(difference).sum() / (2.0 * m))
    return CategoricalDrift(
        tuple(map(int, before)),
        tuple(map(int, observed)),
        tuple(labels),
        value=value,
        p_value=float(chdtrc(rank, value)) if rank else 1.0,
        moved=moved,
    )


def _merged(expected: Floats) -> Floats:
    """What adds rare states together, a row a group; (g, s)."""
    common = np.flatnonzero(expected >= _FEW)
    rare = np.flatnonzero(expected < _FEW)
    rows = [np.eye(len(expected))[i] for i in common]
    if len(rare):
        together = np.zeros(len(expected))
        together[rare] = 1.0
        if expected[rare].sum() >= _FEW or not rows:
            rows.append(together)
        else:
            # Too rare even together: they join the rarest of the common ones.
            smallest = int(np.argmin(expected[common]))
            rows[smallest] = rows[smallest] + together
    return np.array(rows)
