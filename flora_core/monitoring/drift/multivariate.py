"""Did the measurements change together? No measurement by itself shows that two of them no longer go together.

References
----------
Székely & Rizzo (2013), Energy statistics: a class of statistics based on distances. Missing values: the distance of two
plants is that of the measurements both have, scaled up (Gower 1971), and plants are permuted within patterns of gaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats
from flora_core.monitoring.decision import ALPHA_AMBER, MIN_PLANTS, Verdict, plants_missing, verdict_of
from flora_core.monitoring.statistics import permutation
from flora_core.monitoring.statistics.outlier_fences import OutlierFences, tukey_fences

#: More plants than this on a side are sampled: every plant is compared with every other.
MOST: Final = 400
#: Permutations of the plants; each costs a sum over all pairs.
DRAWS: Final = 999
#: A correlation that changed by as much is worth naming.
CORRELATION: Final = 0.3


@dataclass(frozen=True, slots=True)
class MultivariateDrift:
    """All measurements at once, a window against the reference.

    Attributes
    ----------
    n, m : int
        Plants compared on each side.
    distance, critical : float or None
        Energy distance on standardised measurements, and what chance exceeds once in twenty comparisons.
    p_value, p_adjusted : float or None
    pair : (str, str) or None
        The two measurements whose correlation changed most.
    correlation_before, correlation_now : float or None
        Of that pair.
    needed : int
    verdict : Verdict
    """

    n: int
    m: int
    distance: float | None = None
    critical: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    pair: tuple[str, str] | None = None
    correlation_before: float | None = None
    correlation_now: float | None = None
    plants_missing: int = 0
    verdict: Verdict = "too few"

    @property
    def correlation_changed(self) -> bool:
        """Whether two measurements no longer go together as they did."""
        if self.correlation_before is None or self.correlation_now is None:
            return False
        return abs(self.correlation_now - self.correlation_before) >= CORRELATION

    def with_verdict(self, p_adjusted: float | None, shifted: bool) -> MultivariateDrift:
        """With its verdict, given its corrected p value and whether any single shift is worth naming."""
        if p_adjusted is None:
            return replace(self, p_adjusted=None, verdict="too few")
        return replace(self, p_adjusted=p_adjusted, verdict=verdict_of(p_adjusted, self.correlation_changed or shifted))


def multivariate_drift(
    names: Sequence[str],
    reference: Floats,
    current: Floats,
    *,
    tests: int = 1,
    smallest: int = MIN_PLANTS,
    seed: int = permutation.SEED,
) -> MultivariateDrift | None:
    """All measurements at once, without a verdict yet; None where fewer than two can be compared.

    Parameters
    ----------
    reference, current : (n, p), (m, p) float
        NaN where not measured.
    """
    both = [j for j in range(len(names)) if np.isfinite(reference[:, j]).any() and np.isfinite(current[:, j]).any()]
    if len(both) < 2:
        return None
    rng = np.random.default_rng(seed)
    before, now = (_sampled(sample[:, both], rng) for sample in (reference, current))
    n, m = len(before), len(now)
    missing = plants_missing(n, m, smallest)
    if missing:
        return MultivariateDrift(n, m, plants_missing=missing)
    fences = [tukey_fences(column[np.isfinite(column)]) for column in before.T]
    standard = np.concatenate([_standardised(before, fences), _standardised(now, fences)])
    observed, null_distances = energy_test(standard, n, permutation.permutations_needed(DRAWS, tests), seed)
    pair = _most_changed(standard[:n], standard[n:])
    found = MultivariateDrift(
        n,
        m,
        observed,
        float(np.quantile(null_distances, 1.0 - ALPHA_AMBER / tests)),
        permutation.p_value(observed, null_distances),
    )
    if pair is None:
        return found
    i, j, r_before, r_now = pair
    return replace(found, pair=(names[both[i]], names[both[j]]), correlation_before=r_before, correlation_now=r_now)


def _sampled(values: Floats, rng: np.random.Generator) -> Floats:
    """The plants in which anything was measured, at most `MOST` of them."""
    measured = values[np.isfinite(values).any(axis=1)]
    return measured if len(measured) <= MOST else measured[rng.permutation(len(measured))[:MOST]]


def _standardised(values: Floats, fences: Sequence[OutlierFences]) -> Floats:
    columns = [(f.kept(column) - f.centre) / (f.spread or 1.0) for f, column in zip(fences, values.T, strict=True)]
    return np.stack(columns, axis=1)


def energy_test(values: Floats, n: int, draws: int, seed: int = permutation.SEED) -> tuple[float, Floats]:
    """The energy distance of the first n plants from the others, and that of each permutation.

    Parameters
    ----------
    values : (n + m, p) float
        Standardised; NaN where not measured.
    """
    m = len(values) - n
    distances = _distances(values)
    own = np.zeros((1, n + m))
    own[0, n:] = 1.0
    labels = _permuted_within_patterns(np.isfinite(values), n, draws, seed)
    return float(_energies(distances, own, n, m)[0]), _energies(distances, labels, n, m)


def _permuted_within_patterns(measured: Bools, n: int, draws: int, seed: int) -> Floats:
    """Random relabellings among the plants in which the same was measured; (draws, n + m).

    Two plants are the farther apart the fewer measurements they share. Were plants with a gap exchanged for complete ones, a
    window with other gaps would look like another flora; so as many plants of each pattern stay in the window as there are.
    """
    _, pattern = np.unique(measured, axis=0, return_inverse=True)
    pattern = pattern.ravel()
    labels = np.zeros((draws, len(measured)))
    for number in range(int(pattern.max(initial=0)) + 1):
        alike = np.flatnonzero(pattern == number)
        first = int((alike < n).sum())
        labels[:, alike] = permutation.permuted_labels(first, len(alike) - first, draws, seed + number)
    return labels


def _distances(values: Floats) -> Floats:
    """Euclidean distances of all pairs of plants, over the measurements both have; 0 where they share none."""
    seen = np.isfinite(values).astype(np.float64)
    filled = np.where(seen > 0, values, 0.0)
    squares = (filled**2) @ seen.T
    shared = seen @ seen.T
    summed = np.maximum(squares + squares.T - 2.0 * filled @ filled.T, 0.0)
    result: Floats = np.sqrt(np.divide(summed * values.shape[1], shared, out=np.zeros_like(summed), where=shared > 0))
    return result


def _energies(distances: Floats, second: Floats, n: int, m: int) -> Floats:
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| for each row of labels, 1 for plants of the second sample."""
    rows = distances.sum(axis=1)
    to_second = second @ distances
    within_second = (to_second * second).sum(axis=1)
    from_second = second @ rows
    across = from_second - within_second
    within_first = rows.sum() - 2.0 * from_second + within_second
    result: Floats = 2.0 * across / (n * m) - within_first / n**2 - within_second / m**2
    return result


def _most_changed(before: Floats, now: Floats) -> tuple[int, int, float, float] | None:
    found = None
    change = -1.0
    for i in range(before.shape[1]):
        for j in range(i):
            r = [_correlation(sample[:, j], sample[:, i]) for sample in (before, now)]
            if r[0] is not None and r[1] is not None and abs(r[1] - r[0]) > change:
                change = abs(r[1] - r[0])
                found = (j, i, r[0], r[1])
    return found


def _correlation(x: Floats, y: Floats) -> float | None:
    both: Bools = np.isfinite(x) & np.isfinite(y)
    if both.sum() < 3:
        return None
    x, y = x[both] - x[both].mean(), y[both] - y[both].mean()
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum()) / size if size > 1e-12 * len(x) else None
