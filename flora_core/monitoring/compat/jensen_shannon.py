"""Jensen and Shannon's distance as the known tools take it from scipy, safe where rounding makes it the root of less than 0."""

from __future__ import annotations

import numpy as np

from flora_core.model import Floats


def jensen_shannon(p: Floats, q: Floats, base: float | None = None) -> float:
    """The distance of two distributions over the same k bins; 0 where they are the same to rounding.

    Parameters
    ----------
    p, q : (k,) float
        Shares or counts; each is divided by its sum.
    base : float, optional
        Of the logarithm; the natural one where not given.
    """
    from scipy.spatial.distance import jensenshannon

    with np.errstate(invalid="ignore"):
        found = float(jensenshannon(p, q, base=base))
    same = np.isnan(found) and np.allclose(p / np.sum(p), q / np.sum(q), rtol=1e-6, atol=1e-9)
    return 0.0 if same else found
