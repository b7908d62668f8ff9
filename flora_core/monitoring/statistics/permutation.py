"""Permutation tests of the distance between two samples.

If both samples come from one population, every division of their plants into a first n and a last m is as likely as the one
observed. The p value is the share of permutations that lie at least as far apart, the observed one included.

References
----------
Phipson & Smyth (2010), Permutation p-values should never be zero: p = (k + 1) / (B + 1).
Wasserstein distance on the line: the area between the two distribution functions (Vallender 1974).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from flora_core.model import Floats, Ints

PermutedLabels = npt.NDArray[np.float32]

SEED: Final = 20_240_229
#: Permutations of plants, and of plants counted in bins. They are the same at every call, so there are enough of them that
#: a p value does not depend on the seed.
PERMUTATIONS: Final = 4_999
PERMUTATIONS_BINNED: Final = 1_999
#: Above so many plants in both samples together they are counted in bins before permuting.
EXACT: Final = 800
#: Bins of about equal count for larger samples; where there are no more distinct values, each is a bin by itself.
BINS: Final = 128
#: From so many plants in the smaller sample on, counts are drawn from the normal distribution they have come close to.
NORMAL: Final = 20
#: What rounding may take away from an equal distance.
_ROUNDING: Final = 1e-5


def permutations_needed(draws: int, tests: int) -> int:
    """At least `draws`, and as many that the smallest p value stays below 0.01 after correction for so many tests."""
    return max(draws, 125 * tests - 1)


def p_value(observed: float, null_distances: npt.NDArray[np.floating]) -> float:
    """(k + 1) / (B + 1), k of the B null distances being at least the observed one.

    Parameters
    ----------
    null_distances : (B,) float
    """
    slack = _ROUNDING * max(abs(observed), float(np.abs(null_distances).max(initial=0.0)))
    return (float((null_distances >= observed - slack).sum()) + 1.0) / (len(null_distances) + 1.0)


def permuted_labels(n: int, m: int, draws: int, seed: int = SEED) -> PermutedLabels:
    """Random relabellings of n + m plants: 1 for those assigned to the second sample; (draws, n + m)."""
    labels = np.zeros((draws, n + m), dtype=np.float32)
    labels[:, n:] = 1.0
    return np.random.default_rng(seed).permuted(labels, axis=1, out=labels)


@lru_cache(maxsize=2)
def _permuted_gaps(n: int, m: int, draws: int, seed: int) -> PermutedLabels:
    """|G - F| after each of the n + m - 1 first plants in order of their values, under each permutation; (draws, n + m - 1)."""
    counted = permuted_labels(n, m, draws, seed)[:, :-1]
    np.cumsum(counted, axis=1, out=counted)
    pooled = np.arange(1, n + m, dtype=np.float32)
    gaps: PermutedLabels = np.abs(counted / np.float32(m) - (pooled - counted) / np.float32(n))
    gaps.setflags(write=False)
    return gaps


def _gaps(counted: Floats, pooled: Floats, n: int, m: int) -> Floats:
    """|G - F| where `counted` of the second sample's m and `pooled` of all n + m plants lie at or below."""
    gaps: Floats = np.abs(counted / m - (pooled - counted) / n)
    return gaps


def wasserstein_of_values(
    reference: Floats, current: Floats, draws: int = PERMUTATIONS, seed: int = SEED
) -> tuple[float, Floats]:
    """The Wasserstein distance between two samples, and that of each permutation; the samples are not binned.

    Parameters
    ----------
    reference, current : (n,), (m,) float
        At least one value each.

    Returns
    -------
    float, (draws,) float
        In the unit of the values.
    """
    n, m = len(reference), len(current)
    pooled = np.concatenate([reference, current])
    order = np.argsort(pooled, kind="stable")
    steps = np.diff(pooled[order])
    counted = np.cumsum(order >= n)[:-1].astype(np.float64)
    observed = float(_gaps(counted, np.arange(1.0, n + m), n, m) @ steps)
    # The permutations are the same for every column: only the steps between its values.
    null_distances = _permuted_gaps(n, m, draws, seed) @ steps.astype(np.float32)
    return observed, null_distances.astype(np.float64)


def wasserstein_of_counts(
    positions: Floats, reference: Ints, current: Ints, draws: int = PERMUTATIONS_BINNED, seed: int = SEED
) -> tuple[float, Floats]:
    """The Wasserstein distance between two samples counted in the same bins, and that of each permutation.

    Parameters
    ----------
    positions : (g,) float
        Where each bin lies, increasing.
    reference, current : (g,) int
        The plants of each sample in each bin, at least one in all.

    Returns
    -------
    float, (draws,) float
        In the unit of the positions; exact where each bin holds one value.

    Notes
    -----
    On bins a permutation is one draw from the multivariate hypergeometric distribution. With 20 plants and more in the smaller
    sample the normal distribution of the same mean and covariance gives the same p values to a twentieth.
    """
    filled = (reference + current) > 0
    positions, reference, current = positions[filled], reference[filled], current[filled]
    n, m = int(reference.sum()), int(current.sum())
    if len(positions) < 2:
        return 0.0, np.zeros(draws)
    steps = np.diff(positions)
    together = reference + current
    pooled = np.cumsum(together)[:-1].astype(np.float64)
    observed = float(_gaps(np.cumsum(current)[:-1].astype(np.float64), pooled, n, m) @ steps)
    # The smaller sample is the one to permute: fewer plants, the same distances.
    few = min(n, m)
    if few < NORMAL:
        rng = np.random.default_rng(seed)
        null_distances = rng.multivariate_hypergeometric(together, few, size=draws, method="marginals")
        counted = np.cumsum(null_distances[:, :-1], axis=1, dtype=np.float64)
    else:
        counted = _normal_permutations(together, few, draws, seed)
    return observed, _gaps(counted, pooled, n + m - few, few) @ steps


@lru_cache(maxsize=4)
def _normals(draws: int, bins: int, seed: int) -> Floats:
    normals = np.random.default_rng(seed).standard_normal((draws, bins))
    normals.setflags(write=False)
    return normals


def _normal_permutations(together: Ints, few: int, draws: int, seed: int) -> Floats:
    """Cumulated counts with the mean and covariance of multivariate hypergeometric ones; (draws, g - 1)."""
    total = int(together.sum())
    share = np.cumsum(together) / total
    walk = np.cumsum(_normals(draws, len(together), seed) * np.sqrt(together), axis=1)
    bridge = walk - walk[:, -1:] * share
    spread = np.sqrt(few * (total - few) / (total * (total - 1.0)))
    counted: Floats = few * share[:-1] + spread * bridge[:, :-1]
    return counted


def null_distribution(positions: Floats, reference: Ints, draws: int = PERMUTATIONS_BINNED, seed: int = SEED) -> Floats:
    """What chance makes of the distance of plants like the reference's, for one plant on either side; (draws,).

    Times sqrt(1/n + 1/m) this is what permutations of n and m plants come to, as long as both are spread like the reference: so
    many windows can be held against one reference without new permutations for each.

    References
    ----------
    del Barrio, Giné & Matrán (1999), Central limit theorems for the Wasserstein distance between the empirical and the
    true distributions.
    """
    filled = reference > 0
    positions, reference = positions[filled], reference[filled]
    if len(positions) < 2:
        return np.zeros(draws)
    share = np.cumsum(reference) / reference.sum()
    walk = np.cumsum(_normals(draws, len(reference), seed) * np.sqrt(reference / reference.sum()), axis=1)
    bridge = np.abs(walk - walk[:, -1:] * share)[:, :-1]
    null_distances: Floats = bridge @ np.diff(positions)
    return null_distances


def wasserstein_test(reference: Floats, current: Floats, tests: int = 1, seed: int = SEED) -> tuple[float, Floats]:
    """The Wasserstein distance between two samples of any size, and that of each permutation.

    Larger samples are counted in bins of about equal count, or by value where their values are few.

    Parameters
    ----------
    tests : int
        For how many tests the p value will be corrected.
    """
    if len(reference) + len(current) <= EXACT:
        return wasserstein_of_values(reference, current, permutations_needed(PERMUTATIONS, tests), seed)
    counted = in_common_bins(np.sort(reference), np.sort(current))
    return wasserstein_of_counts(*counted, permutations_needed(PERMUTATIONS_BINNED, tests), seed)


def in_common_bins(reference: Floats, current: Floats) -> tuple[Floats, Ints, Ints]:
    """Two sorted samples, counted in bins made of both together, so that neither is favoured.

    Returns
    -------
    positions, reference, current : (g,)
        The mean of each bin's values, and the counts; each value by itself where there are at most `BINS` of them.
    """
    pooled = np.sort(np.concatenate([reference, current]), kind="stable")
    # The highest value of each bin: no value is parted.
    last = np.append(np.flatnonzero(np.diff(pooled)), len(pooled) - 1)
    if len(last) > BINS:
        last = np.linspace(0, len(pooled) - 1, BINS + 1).astype(np.int64)[1:]
    tops = np.unique(pooled[last])
    ends = np.searchsorted(pooled, tops, side="right")
    sums = np.diff(np.append(0.0, np.cumsum(pooled)[ends - 1]))
    counts = [np.diff(np.searchsorted(sample, tops, side="right"), prepend=0) for sample in (reference, current)]
    return sums / np.diff(ends, prepend=0), counts[0], counts[1]
