"""How far values may lie before they are set apart, so that no single one can hide or make a shift of the others.

A lost decimal point puts a value a hundred times away; mean and standard deviation then speak of that one plant alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Floats

#: Tukey's outer fences: values more than three interquartile ranges beyond the quartiles are far out.
FAR_OUT: Final = 3.0
#: Above this share of a sample, far values are no mishaps: they are how that sample is.
RARE: Final = 0.1
#: An interquartile range of normal values, in standard deviations.
_NORMAL_IQR: Final = 1.349


@dataclass(frozen=True, slots=True)
class OutlierFences:
    """Between which values count as they are; and centre and spread of the reference between them.

    Attributes
    ----------
    low, high : float
    centre, spread : float
        Mean and standard deviation (ddof 1) of the reference's values, far ones put on the fence; spread is 0 where all
        are one.
    """

    low: float
    high: float
    centre: float
    spread: float

    def kept(self, values: Floats) -> Floats:
        """The values with far ones put on the nearer fence."""
        return np.clip(values, self.low, self.high)

    def inside(self, values: Floats) -> Floats:
        """The values that are not far out."""
        return values[(values >= self.low) & (values <= self.high)]


def tukey_fences(reference: Floats) -> OutlierFences:
    """The fences that a reference sets for later samples.

    Parameters
    ----------
    reference : (n,) float
        Without NaN, at least one value.

    References
    ----------
    Tukey (1977), Exploratory data analysis, section 2D.
    """
    tail, first, third, other = np.quantile(reference, [0.05, 0.25, 0.75, 0.95])
    width = third - first
    if width <= 0:
        # More than half of the plants measure the same: the next best measure of width, in the same scale.
        width = (other - tail) / 3.29 * _NORMAL_IQR or float(np.ptp(reference) > 0.0) * reference.std() * _NORMAL_IQR
    low, high = (first - FAR_OUT * width, third + FAR_OUT * width) if width > 0 else (-np.inf, np.inf)
    kept = np.clip(reference, low, high)
    # A mean of equal values may differ from them by rounding; that is no spread.
    spread = float(kept.std(ddof=1)) if np.ptp(kept) > 0.0 else 0.0
    return OutlierFences(float(low), float(high), float(kept.mean()), spread)


def robust_mean(fences: OutlierFences, values: Floats) -> float:
    """What a plant of the sample measures: the mean without far values, the median where those are many."""
    inside = fences.inside(values)
    if len(inside) < (1.0 - RARE) * len(values):
        return float(np.median(values))
    return float(inside.mean())
