import numpy as np
import pytest

from flora_core.monitoring.statistics.outlier_fences import robust_mean, tukey_fences


def test_outer_fences_by_hand():
    fences = tukey_fences(np.arange(1.0, 10.0))  # quartiles 3 and 7
    assert (fences.low, fences.high, fences.centre) == (-9.0, 19.0, 5.0)
    assert fences.spread == pytest.approx(np.arange(1.0, 10.0).std(ddof=1))


def test_a_far_value_in_the_reference_does_not_widen_its_spread():
    values = np.random.default_rng(1).normal(5, 1, 200)
    clean = tukey_fences(values)
    soiled = tukey_fences(np.append(values, 1e6))
    assert soiled.spread == pytest.approx(clean.spread, rel=0.1)
    assert soiled.inside(np.append(values, 1e6)).tolist() == values.tolist()


def test_where_most_plants_measure_the_same_the_fences_still_leave_room():
    fences = tukey_fences(np.array([2.0] * 80 + [3.0] * 20))
    assert fences.low < 2.0 < 3.0 < fences.high
    assert fences.inside(np.array([2.0, 3.0, 1e6])).tolist() == [2.0, 3.0]


def test_a_constant_reference_has_no_fences_and_no_spread():
    fences = tukey_fences(np.full(7, 0.1))
    assert (fences.low, fences.high, fences.spread) == (-np.inf, np.inf, 0.0)
    assert tukey_fences(np.array([4.2])).spread == 0.0


def test_what_is_typical():
    fences = tukey_fences(np.arange(1.0, 10.0))
    assert robust_mean(fences, np.array([4.0, 5.0, 6.0])) == 5.0
    assert robust_mean(fences, np.array([5.0] * 19 + [1e6])) == 5.0  # one mishap
    assert robust_mean(fences, np.array([50.0, 51.0, 58.0])) == 51.0  # all of them: a ruler read in mm
