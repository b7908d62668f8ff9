"""Is the model less sure than it was? Its probability of the species it names, a window against the reference.

References
----------
Hendrycks & Gimpel (2017), A baseline for detecting misclassified and out-of-distribution examples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from flora_core.model import Floats
from flora_core.monitoring.decision import MIN_EFFECT, MIN_PLANTS, Verdict, plants_missing, verdict_of
from flora_core.monitoring.statistics import permutation


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the model is on average; only a fall is asked about.

    Attributes
    ----------
    n, m : int
    before, now : float or None
        Mean probability of the species named.
    spread : float or None
        Standard deviation of the reference's.
    p, corrected : float or None
    needed : int
    verdict : Verdict
    """

    n: int
    m: int
    before: float | None = None
    now: float | None = None
    spread: float | None = None
    p: float | None = None
    corrected: float | None = None
    plants_missing: int = 0
    verdict: Verdict = "too few"

    @property
    def fall(self) -> float | None:
        """From before to now, in probability."""
        return self.before - self.now if self.before is not None and self.now is not None else None

    def judged(self, corrected: float | None) -> Confidence:
        """With its verdict, given its p value after correction."""
        if corrected is None or self.fall is None or self.spread is None:
            return replace(self, corrected=None, verdict="too few")
        effect = self.fall > 1e-9 and self.fall >= MIN_EFFECT * self.spread
        return replace(self, corrected=corrected, verdict=verdict_of(corrected, effect))


def confidence_of(
    reference: Floats, current: Floats, *, tests: int = 1, smallest: int = MIN_PLANTS, seed: int = permutation.SEED
) -> Confidence:
    """How sure the model is on average, not yet judged; by permutation of the plants.

    Parameters
    ----------
    reference, current : (n,), (m,) float
        The probability of the species each plant was named; NaN where none.
    """
    before, now = reference[np.isfinite(reference)], current[np.isfinite(current)]
    n, m = len(before), len(now)
    if n + m > permutation.EXACT:
        return confidence_from_moments(*_moments(before), *_moments(now), smallest=smallest)
    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return Confidence(n, m, plants_missing=missing)
    p = None
    if not missing:
        null_distances = permutation.permuted_labels(
            n, m, permutation.permutations_needed(permutation.PERMUTATIONS_BINNED, tests), seed
        ) @ np.concatenate([before, now])
        # Lower than the others means a smaller sum: the falls of the permutations are their sums turned round.
        total = float(before.sum() + now.sum())
        p = permutation.p_value(total - float(now.sum()), total - null_distances)
    spread = float(before.std(ddof=1)) if n > 1 else 0.0
    return Confidence(n, m, float(before.mean()), float(now.mean()), spread, p, plants_missing=missing)


def confidence_from_moments(
    n: int, mean: float, m2: float, m: int, other_mean: float, other_m2: float, *, smallest: int = MIN_PLANTS
) -> Confidence:
    """As `confidence_of`, from counts, means and sums of squared deviations: Welch's test.

    Parameters
    ----------
    n, m : int
        Plants of the reference and of the window.
    mean, m2, other_mean, other_m2 : float
    """
    from scipy.special import stdtr

    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return Confidence(n, m, plants_missing=missing)
    p = None
    if not missing:
        a, b = m2 / (n - 1) / n, other_m2 / (m - 1) / m
        if a + b > 0.0:
            freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
            p = float(stdtr(freedom, (other_mean - mean) / math.sqrt(a + b)))
        else:
            p = 1.0 if other_mean >= mean else 0.0
    spread = math.sqrt(m2 / (n - 1)) if n > 1 else 0.0
    return Confidence(n, m, mean, other_mean, spread, p, plants_missing=missing)


def _moments(values: Floats) -> tuple[int, float, float]:
    if not len(values):
        return 0, 0.0, 0.0
    return len(values), float(values.mean()), float(((values - values.mean()) ** 2).sum())
