import numpy as np
import pytest
from scipy.spatial.distance import cdist

from flora_core.monitoring.drift.multivariate import energy_test, multivariate_drift

NAMES = ["length", "width"]


def pairs(n, correlation, seed):
    return np.random.default_rng(seed).multivariate_normal([5, 3], [[1, correlation], [correlation, 1]], n)


def test_the_energy_distance_by_its_definition():
    x, y = pairs(12, 0.5, 1), pairs(9, 0.0, 2)
    observed, null_distances = energy_test(np.concatenate([x, y]), 12, 19)
    assert observed == pytest.approx(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())
    assert len(null_distances) == 19


def test_a_correlation_that_broke_is_seen_and_named():
    found = multivariate_drift(NAMES, pairs(150, 0.9, 1), pairs(120, -0.4, 2))
    assert found.p_value == 0.001
    assert found.pair == ("length", "width")
    assert found.correlation_before > 0.8
    assert found.correlation_now < 0
    assert found.with_verdict(found.p_value, shifted=False).verdict == "red"


def test_a_window_like_the_reference_is_green():
    found = multivariate_drift(NAMES, pairs(150, 0.9, 1), pairs(75, 0.9, 2))
    assert found.p_value > 0.05
    assert not found.correlation_changed
    assert found.with_verdict(found.p_value, shifted=False).verdict == "green"


def test_missing_values_count_with_the_measurements_both_plants_have():
    rng = np.random.default_rng(3)
    reference, current = pairs(100, 0.9, 1), pairs(100, -0.9, 2)
    for values in (reference, current):
        values[rng.random(values.shape) < 0.3] = np.nan
    found = multivariate_drift(NAMES, reference, current)
    assert np.isfinite(found.distance)
    assert found.p_value <= 0.05


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.3), (0.3, 0.0), (0.1, 0.5)])
def test_other_gaps_alone_are_no_alarm(first, second):
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        reference, current = rng.multivariate_normal(np.zeros(4), np.eye(4) * 0.5 + 0.5, (2, 80))
        reference[rng.random(reference.shape) < first] = np.nan
        current[rng.random(current.shape) < second] = np.nan
        alarms += multivariate_drift(list("abcd"), reference, current).p_value < 0.05
    assert alarms <= 5


def test_a_broken_correlation_is_seen_beside_other_gaps():
    rng = np.random.default_rng(4)
    reference, current = pairs(150, 0.9, 1), pairs(150, -0.9, 2)
    current[rng.random(current.shape) < 0.3] = np.nan
    assert multivariate_drift(NAMES, reference, current).p_value < 0.01


def test_plants_that_share_no_measurement_are_no_error():
    reference, current = pairs(30, 0.0, 1), pairs(30, 0.0, 2)
    reference[:15, 0] = reference[15:, 1] = np.nan
    assert 0 < multivariate_drift(NAMES, reference, current).p_value <= 1
    assert multivariate_drift(NAMES, reference, current).pair is None


def test_nothing_to_compare_and_too_few():
    values = pairs(30, 0.0, 1)
    assert multivariate_drift(["length"], values[:, :1], values[:, :1]) is None
    empty = values.copy()
    empty[:, 0] = np.nan
    assert multivariate_drift(NAMES, values, empty) is None
    few = multivariate_drift(NAMES, values, values[:4])
    assert (few.plants_missing, few.p_value, few.with_verdict(None, False).verdict) == (16, None, "too few")


def test_many_plants_are_sampled():
    found = multivariate_drift(NAMES, pairs(5000, 0.5, 1), pairs(5000, 0.5, 2))
    assert (found.n, found.m) == (400, 400)


def test_constant_measurements_are_no_error():
    same = np.full((30, 2), 2.5)
    assert multivariate_drift(NAMES, same, same).p_value == 1.0
