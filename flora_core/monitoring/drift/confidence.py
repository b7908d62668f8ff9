"""Is the model less sure than it was? Its probability of the species it names, a window against the reference.

References
----------
Hendrycks & Gimpel (2017), A baseline for detecting misclassified and out-of-distribution examples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.decision import MIN_EFFECT, MIN_PLANTS, Verdict, plants_missing, verdict_of
from flora_core.monitoring.statistics import permutation


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the model is on average; only a fall is asked about.

    Attributes
    ----------
    n, m : int
    reference, current : float or None
        Mean probability of the species named.
    spread : float or None
        Standard deviation of the reference's.
    p_value, p_adjusted : float or None
    needed : int
    verdict : Verdict
    """

    n: int
    m: int
    reference: float | None = None
    current: float | None = None
    spread: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    plants_missing: int = 0
    verdict: Verdict = "too few"

    @property
    def fall(self) -> float | None:
        """From before to now, in probability."""
        return self.reference - self.current if self.reference is not None and self.current is not None else None

    def with_verdict(self, p_adjusted: float | None) -> Confidence:
        """With its verdict, given its p value after correction."""
        if p_adjusted is None or self.fall is None or self.spread is None:
            return replace(self, p_adjusted=None, verdict="too few")
        effect = self.fall > 1e-9 and self.fall >= MIN_EFFECT * self.spread
        return replace(self, p_adjusted=p_adjusted, verdict=verdict_of(p_adjusted, effect))


def confidence_of(
    reference: Floats, current: Floats, *, tests: int = 1, smallest: int = MIN_PLANTS, seed: int = permutation.SEED
) -> Confidence:
    """How sure the model is on average, without a verdict yet; by permutation of the plants, or of their counts where many.

    Parameters
    ----------
    reference, current : (n,), (m,) float
        The probability of the species each plant was named; NaN where none.
    """
    before, now = reference[np.isfinite(reference)], current[np.isfinite(current)]
    n, m = len(before), len(now)
    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return Confidence(n, m, plants_missing=missing)
    p = None
    if not missing and n + m > permutation.EXACT:
        p = _p_of_counts(*permutation.in_common_bins(np.sort(before), np.sort(now)), tests, seed)
    elif not missing:
        null_distances = permutation.permuted_labels(
            n, m, permutation.permutations_needed(permutation.PERMUTATIONS_BINNED, tests), seed
        ) @ np.concatenate([before, now])
        # Lower than the others means a smaller sum: the falls of the permutations are their sums turned round.
        total = float(before.sum() + now.sum())
        p = permutation.p_value(total - float(now.sum()), total - null_distances)
    spread = float(before.std(ddof=1)) if n > 1 else 0.0
    return Confidence(n, m, float(before.mean()), float(now.mean()), spread, p, plants_missing=missing)


def confidence_of_counts(
    reference: tuple[Ints, Floats],
    current: tuple[Ints, Floats],
    spread: float | None,
    *,
    tests: int = 1,
    smallest: int = MIN_PLANTS,
    seed: int = permutation.SEED,
) -> Confidence:
    """As `confidence_of`, of plants counted in common bins of confidence.

    Parameters
    ----------
    reference, current : ((b,) int, (b,) float)
        The plants of each bin, and the sum of their confidences.
    spread : float or None
        Standard deviation of the reference's.

    Notes
    -----
    Confidences of a good model crowd below 1 with a long tail, so that Welch's test takes a tail that few reference plants
    happened to show for a change: 30 false alarms in 100 with 45 plants against 10,000. Permutations keep their level.
    """
    n, m = int(reference[0].sum()), int(current[0].sum())
    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return Confidence(n, m, plants_missing=missing)
    before, now = float(reference[1].sum()) / n, float(current[1].sum()) / m
    p = None
    if not missing:
        together = reference[0] + current[0]
        filled = together > 0
        positions = (reference[1] + current[1])[filled] / together[filled]
        p = _p_of_counts(positions, reference[0][filled], current[0][filled], tests, seed)
    return Confidence(n, m, before, now, spread, p, plants_missing=missing)


def _p_of_counts(positions: Floats, before: Ints, now: Ints, tests: int, seed: int) -> float:
    """How often permuted plants are as little sure on average as those of the window."""
    draws = permutation.permutations_needed(permutation.PERMUTATIONS_BINNED, tests)
    together = before + now
    # The smaller sample is drawn; the other one's sum is what is left.
    few = min(int(before.sum()), int(now.sum()))
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(together, few, size=draws, method="marginals")
    sums = drawn @ positions
    total = float(together @ positions)
    window_is_few = int(now.sum()) == few
    falls = total - sums if window_is_few else sums
    return permutation.p_value(total - float(now @ positions), falls)
