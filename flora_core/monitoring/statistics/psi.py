"""The population stability index (PSI), with what it would be by chance beside it.

References
----------
Siddiqi (2006), Credit risk scorecards. Yurdakul & Naranjo (2020), Statistical properties of the population stability
index: with no drift it is about (1/n + 1/m) times chi squared with B - 1 degrees of freedom.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.model import Floats, Ints

BINS: Final = 10
#: Added to each count, so that an empty bin is rare and not impossible.
SMOOTHING: Final = 0.5
LEVEL: Final = 0.95


def decile_edges(reference: Floats) -> Floats:
    """The inner edges of bins that hold a tenth of the reference each; fewer where many plants measure the same.

    Parameters
    ----------
    reference : (n,) float
        Without NaN, at least one value.

    Returns
    -------
    (b - 1,) float
        A value on an edge belongs to the bin below; the outer bins are open.
    """
    edges: Floats = np.unique(np.quantile(reference, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    # Above the highest value there is no tenth part.
    return np.asarray(edges[edges < reference.max()])


def counts_between(edges: Floats, values: Floats) -> Ints:
    """How many values lie in each of the bins; (b,)."""
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)


def psi(reference: Ints, current: Ints) -> float:
    """The index, each bin's count smoothed by a half.

    Parameters
    ----------
    reference, current : (b,) int
        Counts in the same bins.
    """
    p, q = ((counts + SMOOTHING) / (counts.sum() + SMOOTHING * len(counts)) for counts in (reference, current))
    return float(((p - q) * np.log(p / q)).sum())


def critical_value(n: int, m: int, bins: int) -> float:
    """What the index exceeds in 1 of 20 comparisons of n with m plants where nothing changed; 0 for a single bin."""
    from scipy.special import chdtri

    return float((1.0 / n + 1.0 / m) * chdtri(bins - 1, 1.0 - LEVEL)) if bins > 1 else 0.0
