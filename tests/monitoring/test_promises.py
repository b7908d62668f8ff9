"""What the tests of drift promise, counted over many windows; fixed seeds."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from threadpoolctl import threadpool_limits

from flora_core.monitoring.decision import holm, verdict_of
from flora_core.monitoring.drift.multivariate import multivariate_drift
from flora_core.monitoring.drift.samples import compare_columns
from flora_core.monitoring.drift.univariate import univariate_drift
from flora_core.monitoring.statistics.power import detectable_shift
from flora_core.monitoring.windows import Column

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_thread():
    """Thousands of small products: threads would wait for each other."""
    with threadpool_limits(1):
        yield


IRIS = load_iris().data
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def normal_irises(rng, n, decimals):
    return np.round(rng.multivariate_normal(IRIS.mean(axis=0), np.cov(IRIS.T), n), decimals)


def independent(rng, n, decimals):
    return np.round(rng.normal(IRIS.mean(axis=0), IRIS.std(axis=0), (n, 4)), decimals)


def alarms(kind, n, m, decimals, repeats):
    """The share of windows with nothing changed in which any of four measurements is not green."""
    rng = np.random.default_rng(20)
    count = 0
    for _ in range(repeats):
        reference, current = kind(rng, n, decimals), kind(rng, m, decimals)
        shifts = [univariate_drift(name, reference[:, j], current[:, j], tests=4) for j, name in enumerate(NAMES)]
        corrected = holm([shift.p_value for shift in shifts])
        count += any(verdict_of(p, s.is_material) != "green" for s, p in zip(shifts, corrected, strict=True))
    return count / repeats


@pytest.mark.parametrize(("kind", "decimals"), [(independent, 12), (independent, 1), (normal_irises, 1)])
@pytest.mark.parametrize(("n", "m"), [(75, 75), (120, 30), (150, 50), (1000, 100), (1000, 1000)])
def test_false_alarms_of_four_measurements_together(n, m, kind, decimals):
    assert 0.01 <= alarms(kind, n, m, decimals, 500 if n < 1000 else 300) <= 0.08


@pytest.mark.parametrize("decimals", [12, 1])
def test_false_alarms_of_large_windows_in_bins(decimals):
    assert 0.01 <= alarms(independent, 3000, 2000, decimals, 150) <= 0.08


def test_false_alarms_where_far_values_are_the_rule():
    rng = np.random.default_rng(21)
    p = [univariate_drift("x", rng.standard_t(2, 100), rng.standard_t(2, 75)).p_value for _ in range(500)]
    assert np.mean(np.array(p) < 0.05) <= 0.08


def test_false_alarms_of_a_whole_table_with_groups_and_all_together():
    rng = np.random.default_rng(22)
    count = 0
    for _ in range(300):
        before, now = independent(rng, 120, 1), independent(rng, 60, 1)
        columns = [Column(name, before[:, j], now[:, j]) for j, name in enumerate(NAMES)]
        columns.append(Column("site", rng.integers(0, 3, 120), rng.integers(0, 3, 60), ("a", "b", "c")))
        count += compare_columns(columns).verdict != "green"
    assert 0.01 <= count / 300 <= 0.08


@pytest.mark.parametrize("decimals", [12, 1])
@pytest.mark.parametrize(("shift", "power"), [(0.3, 0.5), (0.5, 0.9)])
def test_a_shift_is_seen_at_75_against_75(shift, power, decimals):
    rng = np.random.default_rng(23)
    seen = 0
    for _ in range(800):
        before, now = rng.normal(5.84, 0.83, 75), rng.normal(5.84 + shift, 0.83, 75)
        seen += univariate_drift("sepal_length", np.round(before, decimals), np.round(now, decimals)).p_value < 0.05
    assert seen / 800 >= power


@pytest.mark.parametrize(("n", "m", "tests"), [(75, 75, 1), (150, 42, 1), (150, 42, 4), (1000, 100, 4), (150, 20, 1)])
def test_what_would_be_seen_half_of_the_time_is(n, m, tests):
    rng = np.random.default_rng(24)
    shift = detectable_shift(1.0, n, m, tests)
    found = [
        univariate_drift("x", rng.normal(size=n), rng.normal(shift, 1, m), tests=tests).p_value < 0.05 / tests
        for _ in range(600)
    ]
    assert 0.4 <= np.mean(found) <= 0.6


def test_a_correlation_that_broke_is_seen_all_together_and_by_no_single_measurement():
    rng = np.random.default_rng(25)
    covariance = np.cov(IRIS.T)
    loose = np.diag(np.diag(covariance))
    seen = alone = quiet = 0
    for _ in range(150):
        before, now, same = (rng.multivariate_normal(np.zeros(4), c, 75) for c in (covariance, loose, covariance))
        seen += multivariate_drift(NAMES, before, now).p_value < 0.05
        quiet += multivariate_drift(NAMES, before, same).p_value < 0.05
        alone += univariate_drift("x", before[:, 0], now[:, 0]).p_value < 0.05
    assert seen / 150 >= 0.7
    assert max(quiet, alone) / 150 <= 0.1
