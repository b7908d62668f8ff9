"""Jensen and Shannon's distance: scipy's, and 0 where rounding would make it the root of a number below 0."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from flora_core.monitoring.compat.jensen_shannon import jensen_shannon


@pytest.mark.parametrize("base", [None, 2])
def test_the_same_shares_to_rounding_are_no_distance_apart(base):
    for seed in range(500):
        rng = np.random.default_rng(seed)
        p = rng.dirichlet(np.ones(int(rng.integers(2, 12))))
        q = p * (1.0 + rng.integers(-1, 2, len(p)) * 2.2e-16)
        assert 0.0 <= jensen_shannon(p, q, base) < 1e-7


def test_others_are_as_far_apart_as_scipy_says():
    rng = np.random.default_rng(1)
    p, q = rng.dirichlet(np.ones(8), 2)
    assert jensen_shannon(p, q) == jensenshannon(p, q)
    assert jensen_shannon(p, q, 2) == jensenshannon(p, q, base=2)
