import numpy as np
import pytest
from scipy.stats import chisquare, ks_2samp, norm, wasserstein_distance

from flora_core.monitoring.compat.evidently import ALL_COLUMNS, default_test, drift
from flora_core.monitoring.windows import Column


def figures(reference, current, labels=(), size=None):
    return {(f.column, f.method): f for f in drift((Column("x", reference, current, labels),), size)}


def numbers(n, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, n)


def test_by_value_and_zeros_filled_by_hand():
    # Shares 0.5, 0.5, 0 against 0.5, 0.25, 0.25; the zero becomes 0.0001.
    found = figures(np.repeat([1.0, 2.0], 10), np.repeat([1.0, 2.0, 3.0], [10, 5, 5]))
    expected = 0.25 * np.log(0.5 / 0.25) + (1e-4 - 0.25) * np.log(1e-4 / 0.25)
    assert found["x", "psi"].value == pytest.approx(expected)
    assert (found["x", "psi"].threshold_high, found["x", "psi"].alert) == (0.1, True)


def test_a_zero_beside_a_share_below_a_ten_thousandth_becomes_a_millionth_of_it():
    reference = np.repeat([0, 1], [20_000, 2])
    found = figures(reference, np.repeat([0, 1, 2], [10, 0, 10]), ("a", "b", "c"))
    p, q = np.array([20_000, 2, 0.0]) / 20_002, np.array([0.5, 0, 0.5])
    p[2], q[1] = p[1] / 1e6, 1e-4
    assert found["x", "psi"].value == pytest.approx(np.sum((p - q) * np.log(p / q)))


def test_numbers_against_scipy():
    reference, current = numbers(300), numbers(80, 0.4, 1)
    found = figures(reference, current)
    assert found["x", "ks"].value == found["x", "ks"].p_value == pytest.approx(ks_2samp(reference, current).pvalue)
    assert found["x", "wasserstein"].value == pytest.approx(wasserstein_distance(reference, current) / reference.std())
    assert found["x", "default"].value == found["x", "ks"].value


def test_the_spread_of_a_constant_column_counts_as_a_thousandth():
    found = figures(np.full(30, 2.0), np.full(30, 2.5))
    assert found["x", "wasserstein"].value == pytest.approx(500.0)


def test_groups_against_scipy():
    reference, current = np.repeat([0, 1, 2], [30, 20, 10]), np.repeat([0, 1, 2], [5, 10, 15])
    found = figures(reference, current, ("a", "b", "c"))
    assert found["x", "chisquare"].value == pytest.approx(chisquare([5, 10, 15], [15, 10, 5]).pvalue)
    assert found["x", "default"].value == found["x", "chisquare"].value


def test_an_unseen_group_has_a_p_of_zero_there():
    assert (
        figures(np.repeat([0, 1], 50), np.append(np.repeat([0, 1], 50), 2), ("a", "b", "c"))["x", "chisquare"].p_value
        == 0
    )


def test_two_groups_by_the_z_test_of_proportions():
    found = figures(np.repeat([0, 1], [60, 40]), np.repeat([0, 1], [20, 30]), ("a", "b"))
    z = (0.4 - 0.6) / np.sqrt(70 / 150 * 80 / 150 * (1 / 100 + 1 / 50))
    assert found["x", "default"].value == pytest.approx(2 * norm.sf(abs(z)))


@pytest.mark.parametrize(
    ("rows", "distinct", "categorical", "test"),
    [
        (1000, 50, False, "ks"),
        (1001, 50, False, "wasserstein"),
        (1000, 5, False, "chisquare"),
        (1001, 5, False, "jensenshannon"),
        (1000, 2, False, "z"),
        (1000, 3, True, "chisquare"),
        (1001, 3, True, "jensenshannon"),
        (1000, 2, True, "z"),
    ],
)
def test_the_default_changes_with_rows_and_distinct_values(rows, distinct, categorical, test):
    values = np.arange(rows) % distinct
    assert default_test(values, values[:20], categorical) == test


def test_the_data_set_drifts_with_half_of_its_columns():
    one, other = Column("a", numbers(200), numbers(200, 3, 1)), Column("b", numbers(200), numbers(200, 0, 2))
    for columns, share, alert in (((one, other), 0.5, True), ((one, other, other), 1 / 3, False)):
        last = drift(columns)[-1]
        assert (last.column, last.value, last.alert) == (ALL_COLUMNS, pytest.approx(share), alert)


def test_windows_and_an_empty_column():
    found = drift((Column("x", numbers(50), np.append(numbers(30), np.full(20, np.nan))),), 20)
    last = [f for f in found if f.window == 2]
    assert [f.n for f in last if f.column == "x"] == [0] * 6
    assert all(f.value is None and not f.alert for f in last if f.column == "x")


def test_one_far_value_hides_a_shift_of_one_sigma_there():
    reference, current = numbers(1000), numbers(1000, 1, 1)
    assert figures(reference, current)["x", "psi"].value > 0.9
    current[0] = 1e6
    assert figures(reference, current)["x", "psi"].value < 0.01
