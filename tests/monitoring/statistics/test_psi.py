import numpy as np
import pytest
from scipy.stats import chi2

from flora_core.monitoring.statistics.psi import counts_between, critical_value, decile_edges, psi


def test_critical_values_as_published():
    assert critical_value(75, 75, 10) == pytest.approx(2 / 75 * chi2.ppf(0.95, 9))
    assert round(critical_value(75, 75, 10), 3) == 0.451
    assert round(critical_value(1000, 100, 10), 3) == 0.186
    assert critical_value(75, 75, 1) == 0.0


def test_by_hand():
    p, q = np.array([4.5, 6.5]) / 11, np.array([9.5, 1.5]) / 11
    assert psi(np.array([4, 6]), np.array([9, 1])) == pytest.approx(((p - q) * np.log(p / q)).sum())
    assert psi(np.array([5, 5]), np.array([5, 5])) == 0.0
    assert np.isfinite(psi(np.array([5, 0]), np.array([0, 3])))


def test_each_bin_holds_a_tenth_of_the_reference():
    values = np.random.default_rng(1).normal(size=1000)
    assert counts_between(decile_edges(values), values).tolist() == [100] * 10


def test_values_on_an_edge_belong_below_and_far_ones_to_the_outer_bins():
    edges = decile_edges(np.arange(1.0, 11.0))
    assert edges.tolist() == [2, 3, 4, 5, 6, 7, 8, 9] or len(edges) == 9
    assert counts_between(edges, np.array([-1e6, edges[0], 1e6])).tolist()[:: len(edges)] == [2, 1]


def test_ties_leave_fewer_bins_and_a_constant_one():
    assert len(decile_edges(np.repeat([1.0, 2.0, 3.0], 10))) == 2
    assert len(decile_edges(np.full(5, 1.0))) == 0
    assert counts_between(decile_edges(np.full(5, 1.0)), np.array([1.0, 9.0])).tolist() == [2]


def test_one_far_value_does_not_hide_a_shift_of_one_sigma():
    rng = np.random.default_rng(2)
    reference, current = rng.normal(size=1000), rng.normal(1, size=1000)
    edges = decile_edges(reference)
    before = counts_between(edges, reference)
    clean = psi(before, counts_between(edges, current))
    current[0] = 1e6
    assert psi(before, counts_between(edges, current)) == pytest.approx(clean, rel=0.02)
