import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from flora_core.monitoring.statistics import permutation
from flora_core.monitoring.statistics.permutation import (
    in_common_bins,
    p_value,
    permutations_needed,
    permuted_labels,
    wasserstein_of_counts,
    wasserstein_of_values,
    wasserstein_test,
)

samples = st.lists(st.sampled_from([1.0, 1.1, 1.2, 2.0, 3.5, 9.9]), min_size=1, max_size=30).map(np.array)


def test_p_by_hand():
    assert p_value(2.0, np.array([1.0, 2.0, 3.0])) == 0.75
    assert p_value(4.0, np.array([1.0, 2.0, 3.0])) == 0.25
    assert p_value(0.0, np.zeros(9)) == 1.0


def test_a_distance_that_differs_by_rounding_counts_as_equal():
    assert p_value(0.3, np.array([0.1 + 0.2 - 1e-9, 0.1])) == pytest.approx(2 / 3)


def test_enough_deals_that_the_smallest_p_survives_the_correction():
    for tests in (1, 4, 9, 40):
        assert tests / (permutations_needed(999, tests) + 1) < 0.01


@given(samples, samples)
def test_the_distance_is_that_of_scipy_by_values_and_by_counts(reference, current):
    expected = wasserstein_distance(reference, current)
    assert wasserstein_of_values(reference, current, 9)[0] == pytest.approx(expected, abs=1e-12)
    counted = in_common_bins(np.sort(reference), np.sort(current))
    assert wasserstein_of_counts(*counted, 9)[0] == pytest.approx(expected, abs=1e-12)


def test_the_deals_against_every_deal_there_is():
    reference, current = np.array([1.0, 1.3, 2.0, 2.1]), np.array([1.9, 2.6, 3.0])
    pooled = np.concatenate([reference, current])
    every = []
    for second in itertools.combinations(range(7), 3):
        first = [i for i in range(7) if i not in second]
        every.append(wasserstein_distance(pooled[first], pooled[list(second)]))
    observed = wasserstein_distance(reference, current)
    exact = np.mean(np.array(every) >= observed - 1e-12)
    for found, null_distances in (
        wasserstein_of_values(reference, current, 20_000),
        wasserstein_of_counts(*in_common_bins(reference, current), 20_000),
    ):
        assert p_value(found, null_distances) == pytest.approx(exact, abs=0.01)


def test_deals_keep_the_sizes_and_are_the_same_at_every_call():
    null_distances = permuted_labels(5, 3, 50)
    assert (null_distances.sum(axis=1) == 3).all()
    assert (permuted_labels(5, 3, 50) == null_distances).all()


def test_many_plants_in_bins_come_to_the_same_answer():
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=1400), rng.normal(0.1, size=1300)
    one, other = (
        wasserstein_of_values(reference, current),
        wasserstein_of_counts(*in_common_bins(np.sort(reference), np.sort(current))),
    )
    assert one[0] == pytest.approx(other[0], rel=0.03)
    np.testing.assert_allclose(
        *(np.quantile(null_distances, [0.5, 0.9, 0.95]) for _, null_distances in (one, other)), rtol=0.1
    )


def test_the_normal_deals_spread_as_the_exact_ones(monkeypatch):
    counts = np.array([30, 1, 400, 250, 90, 300, 4, 180])
    now = counts // 20
    exact, normal = (
        (
            monkeypatch.setattr(permutation, "NORMAL", limit),
            wasserstein_of_counts(np.arange(8.0), counts - now, now, 20_000)[1],
        )[1]
        for limit in (1_000, 10)
    )
    np.testing.assert_allclose(
        *(np.quantile(null_distances, [0.5, 0.9, 0.95, 0.99]) for null_distances in (exact, normal)), rtol=0.04
    )


def test_bins_hold_every_plant_once_and_values_are_not_parted():
    rng = np.random.default_rng(2)
    for decimals in (1, 16):
        reference, current = (np.sort(np.round(rng.normal(size=n), decimals)) for n in (4000, 900))
        positions, before, now = in_common_bins(reference, current)
        assert (before.sum(), now.sum()) == (4000, 900)
        assert (np.diff(positions) > 0).all()
        assert len(positions) <= 128
    by_value = in_common_bins(np.array([1.0, 1, 2, 5]), np.array([2.0, 2, 9]))
    assert [part.tolist() for part in by_value] == [[1, 2, 5, 9], [2, 1, 1, 0], [0, 2, 0, 1]]


@pytest.mark.parametrize("n", [1, 1600])
def test_equal_plants_are_at_no_distance(n):
    observed, null_distances = wasserstein_test(np.full(n, 2.5), np.full(n, 2.5))
    assert (observed, p_value(observed, null_distances)) == (0.0, 1.0)
